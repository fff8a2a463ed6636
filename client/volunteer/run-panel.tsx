// The run as a whole: how far it is, and how many help.
import type { JSX } from 'preact';
import { count, estimate, percent, share } from '../ui/format.ts';
import { Figure } from '../ui/figure.tsx';
import { ProgressBar } from '../ui/progress-bar.tsx';
import type { WorkerStatus } from '../worker/api.ts';
import type { RunGlance } from './run-glance.ts';

export function RunPanel({ status, glance }: { status: WorkerStatus; glance: RunGlance }): JSX.Element {
  const run = status.run ?? (glance.kind === 'known' ? glance.run : null);
  const sentence =
    glance.kind === 'unreachable' || glance.kind === 'capped'
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
                  : `${estimate(run.etaSeconds)} left`}
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
