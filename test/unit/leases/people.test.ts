// What the desk tells and believes about people: names, places in the ranking, conditions with their reasons.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LIMITS } from '../../../protocol/limits.ts';
import { CONDITION_REASONS, decodeToCoordinator, encodeToCoordinator } from '../../../protocol/to-coordinator.ts';
import { decodeToVolunteer } from '../../../protocol/to-volunteer.ts';
import { placesOf } from '../../../coordinator/leases/ranking.ts';
import { plainName } from '../../../coordinator/leases/volunteer.ts';
import { SmallRun, Tab } from './harness.ts';

const news = { tokensDone: 8, tokensTotal: 64, wordsPerSecond: 2, etaSeconds: 28, loss: 1, allWords: 8 };

/** A volunteer that was greeted, with nothing on its way. */
function greeted(run: SmallRun): Tab {
  const tab = new Tab(run);
  while (tab.deliverUp() || tab.deliverDown());
  return tab;
}

describe('a name', () => {
  it('is one visible line of at most 40 characters', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 120 }), (text) => {
        const name = plainName(text);
        expect([...name].length).toBeLessThanOrEqual(40);
        expect(name).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
        expect(name).toBe(name.trim());
        expect(plainName(name)).toBe(name);
      }),
    );
  });

  it('cannot turn the text around it: marks of direction are taken away', () => {
    expect(plainName('  \u202Eevil\u2066 \u200Bname\n ')).toBe('evil name');
  });

  it('of 40 characters fits the wire, however wide they are', () => {
    const name = '𝕏'.repeat(40);
    const facts = { engine: 'cpu', cacheMiB: 1, reads: ['f32'], writes: ['f32'], device: '', browser: '' } as const;
    const frame = encodeToCoordinator({ tag: 'hello', version: 3, ...facts, name });
    expect(decodeToCoordinator(frame, { format: 'f32', dim: 1 })).toMatchObject({ name });
    expect(LIMITS.name).toBe(160);
  });
});

describe('the ranking', () => {
  it('counts for everybody who did more, and leaves out who did nothing', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(5), { maxLength: 30 }), (words) => {
        const volunteers = words.map((acceptedWords, k) => ({ id: k + 1, acceptedWords }));
        const places = placesOf(volunteers);
        for (const { id, acceptedWords } of volunteers) {
          const ahead = words.filter((other) => other > acceptedWords).length;
          expect(places.get(id)).toBe(acceptedWords === 0 ? undefined : ahead + 1);
        }
      }),
    );
  });

  it('reaches each volunteer with its own words', () => {
    const run = new SmallRun();
    const tabs = [greeted(run), greeted(run), greeted(run)];
    for (const [k, tab] of tabs.entries()) tab.volunteer.acceptedWords = [10, 0, 20][k]!;
    for (const tab of tabs) tab.down.length = 0;
    run.desk.broadcast({ ...news, volunteers: 3 });
    const told = tabs.map(({ down }) => decodeToVolunteer(down.at(-1)!, { format: 'f32', dim: 1 }));
    expect(told).toMatchObject([
      { tag: 'progress', ownWords: 10, rank: 2, ranked: 2, allWords: 8 },
      { tag: 'progress', ownWords: 0, rank: 0, ranked: 2, allWords: 8 },
      { tag: 'progress', ownWords: 20, rank: 1, ranked: 2, allWords: 8 },
    ]);
  });
});

describe('a condition', () => {
  it('comes back with any reason and share of the time', () => {
    fc.assert(
      fc.property(
        fc.record({
          tag: fc.constant('condition' as const),
          paused: fc.boolean(),
          hidden: fc.boolean(),
          leaving: fc.boolean(),
          reason: fc.constantFrom(...CONDITION_REASONS),
          duty: fc.integer({ min: 0, max: 100 }),
        }),
        (condition) => {
          expect(decodeToCoordinator(encodeToCoordinator(condition), { format: 'f32', dim: 1 })).toEqual(condition);
        },
      ),
    );
  });

  it.each([
    [8, 0, 0],
    [0, CONDITION_REASONS.length, 0],
    [0, 0, 101],
  ])('with flags %i, reason %i and %i %% is refused', (flags, reason, duty) => {
    expect(() => decodeToCoordinator(Uint8Array.of(5, flags, reason, duty), { format: 'f32', dim: 1 })).toThrow(
      expect.objectContaining({ code: 'BAD_CONDITION' }),
    );
  });

  it('is what the desk knows of the volunteer; a pause without a reason is its user', () => {
    const run = new SmallRun();
    const tab = greeted(run);
    tab.session.setEffort('battery', 40);
    while (tab.deliverUp());
    expect(tab.volunteer).toMatchObject({ paused: false, conditionReason: 'battery', duty: 40 });
    tab.session.setEffort('none', 100);
    tab.session.setPaused(true);
    while (tab.deliverUp());
    expect(tab.volunteer).toMatchObject({ paused: true, conditionReason: 'user', duty: 100 });
  });
});
