// The wall screen: state, progress and a few figures so large that a room reads them; nothing to press.
import type { JSX } from 'preact';
import { useEffect } from 'preact/hooks';
import { Badge } from '../../ui/badge.tsx';
import { count, duration, percent, share } from '../../ui/format.ts';
import { HEALTH_TONES } from '../../ui/health-tone.ts';
import { ProgressBar } from '../../ui/progress-bar.tsx';
import { Sparkline } from '../../ui/sparkline.tsx';
import { Wordmark } from '../../ui/wordmark.tsx';
import type { DashboardState } from '../dashboard-state.ts';
import { ConnectionLine } from '../header/connection-line.tsx';

/** The whole screen where the browser gives it; the page is complete without. */
export function enterWall(): void {
  location.hash = 'wall';
  document.documentElement.requestFullscreen?.().catch(() => undefined);
}

function leave(): void {
  if (document.fullscreenElement !== null) void document.exitFullscreen();
  location.hash = 'overview';
}

function Large({ name, value }: { name: string; value: string }): JSX.Element {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </div>
  );
}

export function WallScreen({ state }: { state: DashboardState }): JSX.Element {
  const { status, history, connection, updated } = state;
  useEffect(() => {
    const pressed = ({ key }: KeyboardEvent): void => void (key === 'Escape' && leave());
    addEventListener('keydown', pressed);
    return () => removeEventListener('keydown', pressed);
  }, []);
  return (
    <div class={`wall${connection.kind === 'lost' ? ' stale' : ''}`}>
      <header class="masthead">
        <Wordmark />
        <ConnectionLine connection={connection} updated={updated} />
      </header>
      {status === null ? (
        <main>
          <h1>{connection.kind === 'lost' ? 'The coordinator does not answer.' : 'Waiting for the coordinator…'}</h1>
        </main>
      ) : (
        <>
          <div class="state" role="status">
            <Badge
              tone={HEALTH_TONES[status.health.word]}
              word={status.health.word}
              live={status.state === 'training'}
            />
            <p class="state-reason">{status.health.reason}</p>
          </div>
          <ProgressBar label="Progress of the run" value={share(status.progress.done, status.progress.total)} />
          <main>
            <h1 class="visually-hidden">The run</h1>
            <dl class="wall-figures">
              <Large name="Progress" value={percent(share(status.progress.done, status.progress.total))} />
              <Large name="Left" value={status.etaSeconds === null ? '–' : duration(status.etaSeconds)} />
              <Large name="Epoch" value={status.epoch === 0 ? '–' : `${status.epoch} of ${status.config.epochs}`} />
              <Large name="Volunteers" value={count(status.people.here)} />
              <Large name="Words/s" value={count(status.wordsPerSecond)} />
              <Large name="Loss" value={status.loss === null ? '–' : status.loss.toFixed(3)} />
            </dl>
          </main>
          <Sparkline label="Words per second over time" values={history.map((point) => point.wordsPerSecond)} />
        </>
      )}
      <button type="button" class="button wall-leave" onClick={leave}>
        Leave the wall screen (Escape)
      </button>
    </div>
  );
}
