// Who holds which blocks of the episode, and why others wait.
import type { LeaseEntry, VolunteerLine } from '../../../protocol/operator.ts';
import type { EpisodeStatus, VolunteerRow } from '../../../protocol/status.ts';
import { duration } from '../../ui/format.ts';

/** The lease of each block in work, by input part × P + output part; the oldest where a volunteer fetched ahead. */
export function holdersOf(
  leases: readonly LeaseEntry[],
  { number, parts }: Pick<EpisodeStatus, 'number' | 'parts'>,
): ReadonlyMap<number, LeaseEntry> {
  const holders = new Map<number, LeaseEntry>();
  for (const lease of leases) {
    if (lease.outcome !== 'held' || lease.episode !== number || lease.parts !== parts) continue;
    const at = lease.i * parts + lease.j;
    const known = holders.get(at);
    if (known === undefined || lease.granted < known.granted) holders.set(at, lease);
  }
  return holders;
}

/** `now` in milliseconds since 1970. */
export function holderText(
  lease: LeaseEntry,
  volunteers: ReadonlyMap<number, VolunteerLine> | null,
  now: number,
): string {
  const name = volunteers?.get(lease.session)?.name ?? '';
  const whom = name === '' ? `volunteer ${lease.session}` : `volunteer ${lease.session} (${name})`;
  return `${whom} for ${duration((now - lease.granted) / 1000)}`;
}

export interface WaitingReason {
  readonly reason: string;
  readonly count: number;
}

/** Reasons of those who do nothing, most frequent first. */
export function waitingReasons(rows: Iterable<Pick<VolunteerRow, 'reason'> & { state: string }>): WaitingReason[] {
  const counts = new Map<string, number>();
  for (const { state, reason } of rows) {
    if (state === 'waiting' || state === 'paused') counts.set(reason, (counts.get(reason) ?? 0) + 1);
  }
  return [...counts].map(([reason, count]) => ({ reason, count })).sort((a, b) => b.count - a.count);
}
