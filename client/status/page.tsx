// The public status page as a function of what is known: no controls, nothing about single volunteers.
import type { JSX } from 'preact';
import type { About } from '../../protocol/status.ts';
import type { DashboardState } from '../dashboard/dashboard-state.ts';
import { ConnectionLine } from '../dashboard/header/connection-line.tsx';
import { Badge } from '../ui/badge.tsx';
import { Figure } from '../ui/figure.tsx';
import { count, estimate, percent, share } from '../ui/format.ts';
import { HEALTH_TONES } from '../ui/health-tone.ts';
import { NeighbourBox } from '../ui/neighbours.tsx';
import { ForWhom } from '../ui/for-whom.tsx';
import { ProgressBar } from '../ui/progress-bar.tsx';
import { Sparkline } from '../ui/sparkline.tsx';
import { Wordmark } from '../ui/wordmark.tsx';

export const DEFAULT_TITLE = 'Word vectors in training';

export interface StatusPageProps {
  readonly state: DashboardState;
  /** null while it is not known. */
  readonly about: About | null;
}

/** What a tab and a shared link show: `62 % healthy: Novels`. */
export function titleOf({ state: { status }, about }: StatusPageProps): string {
  const name = about === null || about.title === '' ? DEFAULT_TITLE : about.title;
  if (status === null) return name;
  return `${percent(share(status.progress.done, status.progress.total))} ${status.health.word}: ${name}`;
}

export function StatusPage({ state, about }: StatusPageProps): JSX.Element {
  const { status, history, connection, updated } = state;
  return (
    <div class={`status-page${connection.kind === 'lost' ? ' stale' : ''}`}>
      <header class="masthead">
        <Wordmark />
        <ConnectionLine connection={connection} updated={updated} />
      </header>
      <main>
        <h1>
          <bdi>{about === null || about.title === '' ? DEFAULT_TITLE : about.title}</bdi>
        </h1>
        {about === null ? null : <ForWhom about={about} />}
        {about === null || about.purpose === '' ? null : (
          <p>
            <bdi>{about.purpose}</bdi>
          </p>
        )}
        {status === null ? (
          <p class="muted">
            {connection.kind === 'lost' ? 'The coordinator does not answer.' : 'Asking the coordinator…'}
          </p>
        ) : (
          <section class="panel" aria-label="The run">
            <div class="state" role="status">
              <Badge
                tone={HEALTH_TONES[status.health.word]}
                word={status.health.word}
                live={status.state === 'training'}
              />
              <p class="state-reason">{status.health.reason}</p>
            </div>
            <ProgressBar label="Progress of the run" value={share(status.progress.done, status.progress.total)} />
            <dl class="figures">
              <Figure
                name={status.progress.unit === 'tokens' ? 'Trained' : 'Counted'}
                value={percent(share(status.progress.done, status.progress.total))}
                {...(status.epoch === 0 ? {} : { note: `epoch ${status.epoch} of ${status.config.epochs}` })}
              />
              <Figure
                name="Time left"
                value={status.state === 'done' || status.etaSeconds === null ? '–' : estimate(status.etaSeconds)}
              />
              <Figure
                name="Volunteers"
                value={count(status.people.here)}
                note={`${count(status.people.training)} training`}
              />
              <Figure name="Words/s" value={count(status.wordsPerSecond)} />
              <Figure name="Loss" value={status.loss === null ? '–' : status.loss.toFixed(3)} />
              <Figure name="Vocabulary" value={status.vocabulary === 0 ? '–' : `${count(status.vocabulary)} words`} />
            </dl>
            <div class="status-lines">
              <figure>
                <figcaption class="muted">Words per second</figcaption>
                <Sparkline label="Words per second over time" values={history.map((one) => one.wordsPerSecond)} />
              </figure>
              <figure>
                <figcaption class="muted">Loss, lower is better</figcaption>
                <Sparkline label="Loss over time" values={history.map((one) => one.loss)} />
              </figure>
            </div>
          </section>
        )}
        <section class="panel" aria-labelledby="learned">
          <h2 id="learned">See what it has learned so far</h2>
          <NeighbourBox />
        </section>
        <p>
          <a href="./">Lend a browser tab to this run</a>
        </p>
      </main>
      <footer class="muted">Read-only, and open to everybody who has this address.</footer>
    </div>
  );
}
