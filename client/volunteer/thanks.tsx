// Thanks and totals at the end, and what to do with the tab now.
import type { JSX } from 'preact';
import type { About } from '../../protocol/status.ts';
import { bytes, count, percent, share } from '../ui/format.ts';
import type { WorkerState, WorkerStatus } from '../worker/api.ts';

const NEXT: Partial<Record<WorkerState, string>> = {
  done: 'The run is complete, so nothing runs here any more: you can close this tab, or stay and ask the finished vectors for words below.',
  left: 'Nothing runs here any more: close this tab, or start again whenever you like.',
  banned:
    'Nothing runs here any more, and this tab cannot come back by itself. What was accepted before stays in the model.',
  error: 'Nothing runs here any more. What was accepted before stays in the model.',
};

/** Whom to ask, for a tab that was sent away. */
function whomToAsk(about: About | null): string {
  const who = about === null || about.operator === '' ? 'who gave you this address' : `the operator, ${about.operator}`;
  return `If you think that this is a mistake, ask ${who}: only the operator can let this tab in again.`;
}

export function Thanks({ status, about }: { status: WorkerStatus; about: About | null }): JSX.Element | null {
  const next = NEXT[status.state];
  if (next === undefined) return null;
  const { accepted, acceptedWords, run, bytesDown, bytesUp } = status;
  const part =
    run === null || run.tokensTotal === 0 ? '' : `, ${percent(share(acceptedWords, run.tokensTotal))} of this run`;
  return (
    <section class="panel thanks" aria-labelledby="thanks">
      <h2 id="thanks">{accepted > 0 ? 'Thank you' : 'Nothing was counted this time'}</h2>
      {accepted > 0 ? (
        <p class="thanks-total">
          Your tab trained <strong>{count(acceptedWords)} words</strong> in {count(accepted)}{' '}
          {accepted === 1 ? 'piece' : 'pieces'}
          {part}, for {bytes(bytesDown + bytesUp)} of traffic.
        </p>
      ) : null}
      <p>{next}</p>
      {status.state === 'banned' ? <p>{whomToAsk(about)}</p> : null}
    </section>
  );
}
