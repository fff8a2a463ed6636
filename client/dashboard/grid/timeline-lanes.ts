// The last leases as lanes: one for each of the busiest volunteers, one for all others. Plain geometry, no canvas.
import type { LeaseEntry, LeaseOutcome } from '../../../protocol/operator.ts';

/** Lanes of single volunteers, at most. */
export const MOST_LANES = 30;
/** Milliseconds that the timeline shows at most. */
export const TIMELINE_MS = 60_000;
/** What it shows while a run is young, in milliseconds: in steps, so that the scale does not slide. */
const SHORTER_MS = [15_000, 30_000];

export const OUTCOMES: readonly LeaseOutcome[] = ['held', 'applied', 'expired', 'returned', 'rejected'];

export interface Lane {
  /** null for all others together. */
  readonly session: number | null;
  /** Oldest grant first; each overlaps the time shown. */
  readonly leases: readonly LeaseEntry[];
}

/** Milliseconds before `to` that hold all of the leases, up to TIMELINE_MS. */
export function spanOf(leases: readonly LeaseEntry[], to: number): number {
  const oldest = leases.reduce((least, { granted }) => Math.min(least, granted), to);
  return SHORTER_MS.find((span) => to - oldest <= span) ?? TIMELINE_MS;
}

/** Time that the leases took within the stretch, which is what busy means. */
function busyMs(leases: readonly LeaseEntry[], from: number, to: number): number {
  return leases.reduce((sum, { granted, ended }) => sum + Math.min(ended ?? to, to) - Math.max(granted, from), 0);
}

/** `to`: the right end, in milliseconds since 1970. Lanes in the order of sessions, so that they stay where they are. */
export function lanesOf(leases: readonly LeaseEntry[], to: number): readonly Lane[] {
  const from = to - TIMELINE_MS;
  const bySession = new Map<number, LeaseEntry[]>();
  for (const lease of leases) {
    if ((lease.ended ?? to) < from || lease.granted > to) continue;
    const own = bySession.get(lease.session);
    if (own === undefined) bySession.set(lease.session, [lease]);
    else own.push(lease);
  }
  const busiest = [...bySession]
    .map(([session, own]) => ({ session, leases: own, busy: busyMs(own, from, to) }))
    .sort((a, b) => b.busy - a.busy || a.session - b.session);
  const lanes: Lane[] = busiest.slice(0, MOST_LANES).sort((a, b) => a.session - b.session);
  const rest = busiest.slice(MOST_LANES).flatMap((lane) => lane.leases);
  return rest.length === 0 ? lanes : [...lanes, { session: null, leases: rest }];
}

export interface Bar {
  readonly x: number;
  readonly width: number;
}

/** Where a lease lies in `width` pixels; at least 2 wide. */
export function barOf({ granted, ended }: LeaseEntry, to: number, width: number, span = TIMELINE_MS): Bar {
  const place = (time: number): number => Math.max(0, Math.min(1, (time - to) / span + 1)) * width;
  const x = place(granted);
  return { x: Math.min(x, width - 2), width: Math.max(2, place(ended ?? to) - x) };
}

/** The newest lease of a lane under x, or null. */
export function leaseAt(
  lane: Lane | undefined,
  x: number,
  to: number,
  width: number,
  span = TIMELINE_MS,
): LeaseEntry | null {
  const hit = lane?.leases.findLast((lease) => {
    const bar = barOf(lease, to, width, span);
    return x >= bar.x && x <= bar.x + bar.width;
  });
  return hit ?? null;
}
