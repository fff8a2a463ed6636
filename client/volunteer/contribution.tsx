// What this tab has done: speed, pieces and their fate, words, bytes.
import type { JSX } from 'preact';
import { bytes, count, percent, share } from '../ui/format.ts';
import { Figure } from '../ui/figure.tsx';
import type { WorkerState, WorkerStatus } from '../worker/api.ts';

const WORKING: ReadonlySet<WorkerState> = new Set(['waiting', 'training', 'leaving']);

export function Contribution({ status }: { status: WorkerStatus }): JSX.Element {
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
