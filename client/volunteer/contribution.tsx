// What this tab does and has done: speed, the piece at hand, pieces and their fate, words, bytes, its place.
import type { JSX } from 'preact';
import { bytes, count, percent, share } from '../ui/format.ts';
import { Figure } from '../ui/figure.tsx';
import { ProgressBar } from '../ui/progress-bar.tsx';
import type { WorkerState, WorkerStatus } from '../worker/api.ts';
import { hasEnded } from './session.ts';
import { SpeedPlot } from './speed-plot.tsx';

const WORKING: ReadonlySet<WorkerState> = new Set(['waiting', 'training', 'leaving']);

function Piece({ piece }: { piece: WorkerStatus['piece'] }): JSX.Element {
  return (
    <div class="piece">
      <ProgressBar label="Progress of the piece at hand" value={piece === null ? 0 : share(piece.done, piece.pairs)} />
      <p class="progress-text">
        {piece === null ? (
          <span>No piece at hand</span>
        ) : (
          <span>
            This piece: {count(piece.done)} of {count(piece.pairs)} pairs of words
          </span>
        )}
      </p>
    </div>
  );
}

function fate({ checking, rejected, late }: WorkerStatus): string {
  const parts = [`${count(checking)} being checked`];
  if (rejected > 0) parts.push(`${count(rejected)} refused`);
  if (late > 0) parts.push(`${count(late)} too late`);
  return parts.join(', ');
}

/** Seconds that the run's figures may lag behind this tab's own, at the speed of all. */
const LAG_SECONDS = 10;

/** A coordinator that was killed goes on from its last checkpoint: what came after it is trained anew. */
function shareOfRun({ acceptedWords, run }: WorkerStatus): string {
  if (run === null || run.tokensTotal === 0) return 'share not known yet';
  if (acceptedWords > run.tokensDone + LAG_SECONDS * run.wordsPerSecond)
    return 'some of it lost when the coordinator restarted';
  return `${percent(share(acceptedWords, run.tokensTotal))} of the run`;
}

/** @param pageBytes what the page itself fetched */
export function Contribution({ status, pageBytes }: { status: WorkerStatus; pageBytes: number }): JSX.Element {
  const run = status.run;
  // The worker remembers its last speed; who does not work has none.
  const speed = WORKING.has(status.state) ? status.wordsPerSecond : 0;
  return (
    <section class="panel" aria-labelledby="contribution">
      <h2 id="contribution">Your contribution</h2>
      <div class="speed">
        <dl class="figures">
          <Figure name="Words/s while training" value={count(speed)} />
        </dl>
        <SpeedPlot speed={speed} />
      </div>
      {hasEnded(status.state) ? null : <Piece piece={status.piece} />}
      <dl class="figures">
        <Figure name="Pieces accepted" value={count(status.accepted)} note={fate(status)} />
        <Figure name="Words trained" value={count(status.acceptedWords)} note={shareOfRun(status)} />
        <Figure
          name="Your rank"
          value={run === null || run.rank === 0 ? '–' : `${count(run.rank)} of ${count(run.ranked)}`}
          note={
            run === null || run.allWords === 0
              ? 'by words accepted'
              : `${percent(share(run.ownWords, run.allWords))} of all volunteers’ words`
          }
        />
        <Figure name="Received" value={bytes(status.bytesDown + pageBytes)} />
        <Figure name="Sent" value={bytes(status.bytesUp)} />
      </dl>
      {status.refusal === '' ? null : (
        <p class="notice">
          A piece was refused: <bdi>{status.refusal}</bdi>. It does not count; the coordinator gives it to somebody
          else.
        </p>
      )}
    </section>
  );
}
