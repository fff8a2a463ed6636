// What the operator's events tell of volunteers and leases, and how each event changes it. Bounded by the coordinator.
import type { LeaseEntry, OperatorStatus, VolunteerLine, VolunteersChange } from '../../protocol/operator.ts';

/** Leases on the timeline, at most. */
export const TIMELINE_LEASES = 2000;

export interface FleetState {
  /** By session; null while this page gets no operator's events. */
  readonly volunteers: ReadonlyMap<number, VolunteerLine> | null;
  /** Oldest grant first. */
  readonly leases: readonly LeaseEntry[];
  readonly operator: OperatorStatus | null;
}

export const NO_FLEET: FleetState = { volunteers: null, leases: [], operator: null };

/** Rows that did not change stay the same objects, so that the table need not look at them. */
export function withVolunteers(state: FleetState, { whole, rows, removed }: VolunteersChange): FleetState {
  const volunteers = new Map(whole ? [] : state.volunteers);
  for (const id of removed) volunteers.delete(id);
  for (const patch of rows) {
    // A row that comes first is whole, as the protocol says.
    const before = volunteers.get(patch.id);
    volunteers.set(patch.id, before === undefined ? (patch as VolunteerLine) : { ...before, ...patch });
  }
  return { ...state, volunteers };
}

export function withTimeline(state: FleetState, changed: readonly LeaseEntry[]): FleetState {
  const leases = new Map(state.leases.map((entry) => [entry.lease, entry]));
  for (const entry of changed) leases.set(entry.lease, entry);
  const sorted = [...leases.values()].sort((a, b) => a.granted - b.granted || a.lease - b.lease);
  return { ...state, leases: sorted.slice(-TIMELINE_LEASES) };
}

export function withOperatorStatus(state: FleetState, operator: OperatorStatus): FleetState {
  return { ...state, operator };
}
