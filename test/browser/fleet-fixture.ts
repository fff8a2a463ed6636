// Volunteers and leases as the operator's events tell them, for the tests of the dashboard's sections.
import type { LeaseEntry, VolunteerLine } from '../../protocol/operator.ts';
import type { VolunteerRow } from '../../protocol/status.ts';
import { volunteerRow } from './pages-fixture.ts';

/** A public row, as far as it tells; `now` in milliseconds since 1970. */
function publicLine(row: VolunteerRow, now: number): VolunteerLine {
  return {
    name: '',
    browser: '',
    conditionReason: 'none',
    duty: null,
    joined: now - row.connectedSeconds * 1000,
    left: null,
    leaseSince: null,
    held: 0,
    expired: 0,
    returned: 0,
    acceptedShare: row.accepted + row.rejected === 0 ? null : row.accepted / (row.accepted + row.rejected),
    checks: null,
    standing: 'free',
    ...row,
  };
}

export const NOW = 1e12;

export function volunteerLine(id: number, changes: Partial<VolunteerLine> = {}): VolunteerLine {
  return { ...publicLine(volunteerRow(id, 1000 * id), NOW), rejected: 0, ...changes };
}

export function leaseEntry(lease: number, changes: Partial<LeaseEntry> = {}): LeaseEntry {
  return {
    lease,
    session: 1,
    episode: 12,
    parts: 3,
    i: 0,
    j: 0,
    chunks: 2,
    pairs: 12_288,
    words: 4000,
    granted: NOW + lease * 1000,
    ended: NOW + lease * 1000 + 900,
    outcome: 'applied',
    reason: '',
    ...changes,
  };
}
