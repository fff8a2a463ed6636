// Why volunteers wait, in words with counts.
import type { JSX } from 'preact';
import { count } from '../../ui/format.ts';
import type { WaitingReason } from './holders.ts';

const MOST = 8;

export function WaitingList({ reasons, here }: { reasons: readonly WaitingReason[]; here: number }): JSX.Element {
  if (here === 0) return <p class="muted">Nobody is here.</p>;
  if (reasons.length === 0) return <p class="muted">Nobody waits: all who are here train.</p>;
  const rest = reasons.slice(MOST).reduce((sum, each) => sum + each.count, 0);
  return (
    <ul class="waiting-list">
      {reasons.slice(0, MOST).map((each) => (
        <li key={each.reason}>
          <strong>{count(each.count)}</strong> <bdi>{each.reason === '' ? 'for no reason given' : each.reason}</bdi>
        </li>
      ))}
      {rest === 0 ? null : (
        <li>
          <strong>{count(rest)}</strong> for other reasons
        </li>
      )}
    </ul>
  );
}
