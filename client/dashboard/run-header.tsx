// Where the run stands: state with reason, progress, and the figures that an operator looks at first.
import type { JSX } from 'preact';
import type { RunState, RunStatus } from '../../protocol/status.ts';
import { Badge, type Tone } from '../ui/badge.tsx';
import { Figure } from '../ui/figure.tsx';
import { bytes, count, duration, percent, share, timeOfDay } from '../ui/format.ts';
import { ProgressBar } from '../ui/progress-bar.tsx';
import type { DashboardState } from './dashboard-state.ts';

const TONES: Readonly<Record<RunState, Tone>> = {
  counting: 'busy',
  preparing: 'busy',
  training: 'good',
  starved: 'warning',
  paused: 'warning',
  stopping: 'warning',
  done: 'good',
  failed: 'bad',
};

/** Whether what the page shows is live, said in words. */
export function ConnectionLine({ connection, updated }: Pick<DashboardState, 'connection' | 'updated'>): JSX.Element {
  switch (connection.kind) {
    case 'connecting':
      return <p class="connection">Connecting to the coordinator…</p>;
    case 'live':
      return (
        <p class="connection">
          <span class="connection-dot" aria-hidden="true" />
          Live{updated === null ? '' : `, updated ${timeOfDay(updated)}`}
        </p>
      );
    case 'lost':
      return (
        <p class="connection connection-lost" role="alert">
          Connection lost at {timeOfDay(connection.since)}, retrying.
          {updated === null ? '' : ` What is shown dates from ${timeOfDay(updated)}.`}
        </p>
      );
  }
}

function ProgressLine({ status }: { status: RunStatus }): JSX.Element {
  const { done, total, unit } = status.progress;
  const ended = status.state === 'done' || status.state === 'failed';
  const amount =
    unit === 'bytes' ? `${bytes(done)} of ${bytes(total)} counted` : `${count(done)} of ${count(total)} words`;
  return (
    <>
      <ProgressBar label="Progress of the run" value={share(done, total)} />
      <p class="progress-text">
        <strong>{percent(share(done, total))}</strong>
        <span>{amount}</span>
        <span>
          {status.epoch === 0 ? 'training has not begun' : `epoch ${status.epoch} of ${status.config.epochs}`}
        </span>
        {ended ? null : (
          <span>{status.etaSeconds === null ? 'no estimate yet' : `${duration(status.etaSeconds)} left`}</span>
        )}
      </p>
    </>
  );
}

export function RunHeader({ status }: { status: RunStatus }): JSX.Element {
  const { leases, config } = status;
  const schedule = config.descent === null ? config.schedule : `${config.schedule} (${config.descent})`;
  const targets = config.hs ? 'hierarchical softmax' : `${config.negative} negatives`;
  const objective = `${config.model === 'cbow' ? 'CBOW' : 'skip-gram'} with ${targets}`;
  const troubles = leases.expired + leases.returned + leases.rejected;
  return (
    <section class="panel run-header" aria-label="The run">
      <div class="state" role="status">
        <Badge tone={TONES[status.state]} word={status.state} live={status.state === 'training'} />
        <p class="state-reason">{status.reason}</p>
      </div>
      {status.warning === null ? null : (
        <p class="run-warning" role="alert">
          <Badge tone="bad" word="diverging" />
          <span>{status.warning.charAt(0).toUpperCase() + status.warning.slice(1)}.</span>
        </p>
      )}
      <ProgressLine status={status} />
      <dl class="figures figures-dense">
        <Figure
          name="Words/s now"
          value={count(status.wordsPerSecond)}
          note={`${count(status.averageWordsPerSecond)} on average`}
        />
        <Figure
          name="Loss"
          value={status.loss === null ? '–' : status.loss.toFixed(4)}
          note={`${heldOutText(status)}alpha ${status.alpha.toPrecision(3)}`}
        />
        <Figure
          name="Volunteers"
          value={count(status.volunteers.length)}
          note={`${count(status.volunteers.filter((one) => one.state === 'training').length)} training`}
        />
        <Figure
          name="Elapsed"
          value={duration(status.elapsedSeconds)}
          note={
            status.checkpointSeconds === null
              ? 'no checkpoint yet'
              : `checkpoint ${duration(status.checkpointSeconds)} ago`
          }
        />
        <Figure name="Leases applied" value={count(leases.applied)} note={`${count(leases.granted)} granted`} />
        <Figure
          name="Leases lost"
          value={count(troubles)}
          note={`${count(leases.expired)} expired, ${count(leases.returned)} returned, ${count(leases.rejected)} refused`}
        />
        <Figure
          name="Chunks"
          value={`${count(status.chunks.done)} done`}
          note={`${count(status.chunks.leased)} leased, ${count(status.chunks.waiting)} waiting`}
        />
        <Figure
          name="Traffic"
          value={`${bytes(status.bytes.down)} down, ${bytes(status.bytes.up)} up`}
          note={`${bytes(status.bytes.rows)} rows, ${bytes(status.bytes.pairs)} pairs; ${bytes(status.bytes.deltas)} changes`}
        />
      </dl>
      <details class="details">
        <summary>Configuration</summary>
        <dl class="facts">
          <Fact name="Corpus" value={status.corpus} />
          <Fact name="Results in" value={status.out} />
          <Fact
            name="Vocabulary"
            value={status.vocabulary === 0 ? 'being counted' : `${status.vocabulary.toLocaleString('en')} words`}
          />
          {status.vocabulary === 0 ? null : <Fact name="Held out" value={heldOutLines(status)} />}
          <Fact name="Schedule" value={`${schedule}, ${config.epochs} epochs, seed ${config.seed}`} />
          <Fact name="Model" value={`${objective}, ${config.dim} dimensions, window ${config.window}`} />
          <Fact name="Words" value={wordRules(config)} />
          <Fact name="Sampling" value={`${config.sample}, minimum count ${config.minCount}, alpha ${config.alpha}`} />
          <Fact
            name="Model version"
            value={`${status.modelVersion.toLocaleString('en')} deltas applied, ${count(leases.late)} late ones set aside`}
          />
        </dl>
      </details>
    </section>
  );
}

function heldOutText({ heldOut }: RunStatus): string {
  return heldOut === null || heldOut.loss === null ? '' : `held out ${heldOut.loss.toFixed(3)}, `;
}

function heldOutLines({ heldOut }: RunStatus): string {
  return heldOut === null
    ? 'nothing: the corpus is too small'
    : `${heldOut.lines.toLocaleString('en')} lines, ${heldOut.tokens.toLocaleString('en')} words`;
}

function wordRules({ tokenizer, lowercase, digits, sentence }: RunStatus['config']): string {
  const rules = [
    tokenizer === 'unicode' ? 'within blanks and punctuation' : 'between blanks',
    ...(lowercase ? ['lower-cased'] : []),
    ...(digits === 'zero' ? ['digits as 0'] : digits === 'drop' ? ['no words of digits'] : []),
    sentence === 'line' ? 'a sentence a line' : `sentences of ${sentence} words`,
  ];
  return rules.join(', ');
}

function Fact({ name, value }: { name: string; value: string }): JSX.Element {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </div>
  );
}
