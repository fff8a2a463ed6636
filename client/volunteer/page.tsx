// The volunteer page as a function of what is known: no wiring here.
import type { JSX } from 'preact';
import { bytes, count, duration, percent, share } from '../ui/format.ts';
import { Figure } from '../ui/figure.tsx';
import { NeighbourBox } from '../ui/neighbours.tsx';
import { ProgressBar } from '../ui/progress-bar.tsx';
import { Wordmark } from '../ui/wordmark.tsx';
import type { WorkerState, WorkerStatus } from '../worker/api.ts';
import type { Capability } from './capability.ts';
import type { RunGlance } from './run-glance.ts';
import { StatePanel, type VolunteerActions } from './state-panel.tsx';

export interface VolunteerPageProps {
  readonly status: WorkerStatus;
  readonly capability: Capability;
  readonly glance: RunGlance;
  readonly actions: VolunteerActions;
}

const WORKING: ReadonlySet<WorkerState> = new Set(['waiting', 'training', 'leaving']);

function Contribution({ status }: { status: WorkerStatus }): JSX.Element {
  const total = status.run?.tokensTotal ?? 0;
  return (
    <section class="panel" aria-labelledby="contribution">
      <h2 id="contribution">Your contribution</h2>
      <dl class="figures">
        {/* The worker remembers its last speed; who does not work has none. */}
        <Figure name="Words/s" value={count(WORKING.has(status.state) ? status.wordsPerSecond : 0)} />
        <Figure
          name="Pieces accepted"
          value={count(status.accepted)}
          {...(status.rejected > 0 ? { note: `${count(status.rejected)} refused` } : {})}
        />
        <Figure name="Words trained" value={count(status.acceptedWords)} />
        <Figure name="Share of the run" value={total > 0 ? percent(share(status.acceptedWords, total)) : '–'} />
        <Figure name="Received" value={bytes(status.bytesDown)} />
        <Figure name="Sent" value={bytes(status.bytesUp)} />
      </dl>
    </section>
  );
}

function Run({ status, glance }: { status: WorkerStatus; glance: RunGlance }): JSX.Element {
  const run = status.run ?? (glance.kind === 'known' ? glance.run : null);
  const sentence =
    glance.kind === 'unreachable'
      ? glance.message
      : glance.kind === 'asking'
        ? 'Asking the coordinator…'
        : glance.sentence;
  return (
    <section class="panel" aria-labelledby="run">
      <h2 id="run">The run as a whole</h2>
      {run === null ? (
        <p class={glance.kind === 'unreachable' ? 'failure' : 'muted'}>{sentence}</p>
      ) : (
        <>
          <ProgressBar label="Progress of the run" value={share(run.tokensDone, run.tokensTotal)} />
          <p class="progress-text">
            <strong>{percent(share(run.tokensDone, run.tokensTotal))}</strong>
            <span>
              {count(run.tokensDone)} of {count(run.tokensTotal)} words
            </span>
            <span>
              {run.etaSeconds === 0 || run.tokensDone >= run.tokensTotal
                ? 'finished'
                : run.etaSeconds === null
                  ? 'no estimate yet'
                  : `about ${duration(run.etaSeconds)} left`}
            </span>
          </p>
          <dl class="figures">
            <Figure name="Volunteers now" value={count(run.volunteers)} />
            <Figure name="Words/s, all" value={count(run.wordsPerSecond)} />
            <Figure name="Loss" value={run.loss === null ? '–' : run.loss.toFixed(3)} />
          </dl>
        </>
      )}
    </section>
  );
}

/** Before the start they come first; afterwards the figures do. */
function Terms(): JSX.Element {
  return (
    <dl class="terms">
      <div>
        <dt>What it does</dt>
        <dd>
          Fetches a small piece of work, trains it for a few seconds, sends the result back, and takes the next. A
          hidden tab carries on.
        </dd>
      </div>
      <div>
        <dt>What it costs</dt>
        <dd>
          The power and warmth of a busy computer, and data traffic, both only while it runs. On a battery or a metered
          line, mind the counters.
        </dd>
      </div>
      <div>
        <dt>What it leaves alone</dt>
        <dd>
          Nothing is installed, nothing is read from this computer, and nothing stays behind when you close the tab.
        </dd>
      </div>
    </dl>
  );
}

export function VolunteerPage({ status, capability, glance, actions }: VolunteerPageProps): JSX.Element {
  return (
    <div class="volunteer">
      <header class="masthead">
        <Wordmark />
        <a href="dashboard">Dashboard</a>
      </header>
      <main>
        <div class="intro">
          <h1>Help train word vectors</h1>
          <p class="lead">
            This tab can lend its GPU, or its CPU, to a shared job: learning from text which words are used alike.
            Nothing runs until you press Start, and you can leave whenever you like.
          </p>
        </div>
        <StatePanel status={status} capability={capability} actions={actions} />
        {status.state === 'idle' ? <Terms /> : null}
        <div class="pair">
          <Contribution status={status} />
          <Run status={status} glance={glance} />
        </div>
        {status.state === 'idle' ? null : <Terms />}
        <section class="panel" aria-labelledby="learned">
          <h2 id="learned">See what it has learned so far</h2>
          <p class="muted">Words that the vectors, as they are at this moment, put next to yours.</p>
          <NeighbourBox />
        </section>
      </main>
    </div>
  );
}
