// The figures that an operator looks at after the header's, and the configuration.
import type { JSX } from 'preact';
import type { FeedStatus } from '../../../protocol/operator.ts';
import { Figure } from '../../ui/figure.tsx';
import { bytes, count, duration } from '../../ui/format.ts';

export function RunFigures({ status }: { status: FeedStatus }): JSX.Element {
  const { leases, config } = status;
  const schedule = config.descent === null ? config.schedule : `${config.schedule} (${config.descent})`;
  const targets = config.hs ? 'hierarchical softmax' : `${config.negative} negatives`;
  const objective = `${config.model === 'cbow' ? 'CBOW' : 'skip-gram'} with ${targets}`;
  const troubles = leases.expired + leases.returned + leases.rejected;
  return (
    <section class="panel" aria-label="Figures">
      <dl class="figures figures-dense">
        <Figure
          name="Loss"
          value={status.loss === null ? '–' : status.loss.toFixed(4)}
          note={`${heldOutText(status)}alpha ${status.alpha.toPrecision(3)}`}
        />
        <Figure
          name="Volunteers"
          value={count(status.people.here)}
          note={`${count(status.people.training)} training`}
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

function heldOutText({ heldOut }: FeedStatus): string {
  return heldOut === null || heldOut.loss === null ? '' : `held out ${heldOut.loss.toFixed(3)}, `;
}

function heldOutLines({ heldOut }: FeedStatus): string {
  return heldOut === null
    ? 'nothing: the corpus is too small'
    : `${heldOut.lines.toLocaleString('en')} lines, ${heldOut.tokens.toLocaleString('en')} words`;
}

function wordRules({ tokenizer, lowercase, digits, sentence }: FeedStatus['config']): string {
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
