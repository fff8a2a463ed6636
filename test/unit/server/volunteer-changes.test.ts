// Changed rows: whoever lays them over what it knows ends with the rows there are, whatever happened in between.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { VolunteerLine, VolunteersChange } from '../../../protocol/operator.ts';
import { VolunteerChanges } from '../../../coordinator/server/volunteer-changes.ts';

function row(given: Partial<VolunteerLine>): VolunteerLine {
  return {
    id: 1,
    engine: 'cpu',
    device: '',
    name: '',
    browser: '',
    local: false,
    state: 'training',
    reason: '',
    conditionReason: 'none',
    duty: null,
    hidden: false,
    wordsPerSecond: 0,
    accepted: 0,
    acceptedWords: 0,
    rejected: 0,
    expired: 0,
    returned: 0,
    acceptedShare: null,
    bytesDown: 0,
    bytesUp: 0,
    roundTripMs: null,
    joined: 0,
    left: null,
    leaseSince: null,
    held: 0,
    checks: null,
    standing: 'free',
    ...given,
  };
}

/** As a page does. */
function lay(known: Map<number, VolunteerLine>, { whole, rows, removed }: VolunteersChange): void {
  if (whole) known.clear();
  for (const patch of rows) known.set(patch.id, { ...known.get(patch.id), ...patch } as VolunteerLine);
  for (const id of removed) known.delete(id);
}

describe('changes of volunteers', () => {
  it('lead to the rows there are, but for quiet counters that wait for the next change', () => {
    const rows = fc
      .uniqueArray(
        fc.record({
          id: fc.integer({ min: 1, max: 6 }),
          accepted: fc.nat(2),
          bytesDown: fc.nat(3),
          checks: fc.option(fc.record({ passed: fc.nat(1), failed: fc.constant(0), pending: fc.nat(1) })),
        }),
        { selector: ({ id }) => id },
      )
      .map((list) => list.map(row));
    fc.assert(
      fc.property(fc.array(rows, { minLength: 1, maxLength: 8 }), fc.nat(7), (steps, late) => {
        const changes = new VolunteerChanges();
        const [early, newcomer] = [new Map<number, VolunteerLine>(), new Map<number, VolunteerLine>()];
        for (const [at, lines] of steps.entries()) {
          const change = changes.update(lines);
          if (change !== null) {
            lay(early, change);
            if (at > late) lay(newcomer, change);
          }
          if (at === late) lay(newcomer, changes.whole());
          const loud = ({ bytesDown: _down, ...rest }: VolunteerLine): object => rest;
          const plain = (known: Iterable<VolunteerLine>): object[] => [...known].sort((a, b) => a.id - b.id).map(loud);
          expect(plain(early.values())).toEqual(plain(lines));
          if (at >= late) expect(plain(newcomer.values())).toEqual(plain(lines));
        }
      }),
    );
  });

  it('are as small as what changed, and none when only bytes moved', () => {
    const changes = new VolunteerChanges();
    changes.update([row({ id: 1 }), row({ id: 2 })]);
    expect(changes.update([row({ id: 1, bytesDown: 9 }), row({ id: 2 })])).toBeNull();
    expect(changes.update([row({ id: 1, bytesDown: 12, accepted: 1 }), row({ id: 2 })])).toEqual({
      whole: false,
      rows: [{ id: 1, bytesDown: 12, accepted: 1 }],
      removed: [],
    });
    expect(changes.update([row({ id: 2 })])).toEqual({ whole: false, rows: [], removed: [1] });
  });
});
