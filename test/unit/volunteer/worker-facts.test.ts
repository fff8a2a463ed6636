// The compute worker's pure parts: a state is never without its reason, and no piece is fetched beyond the data limit.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DataBudget } from '../../../client/worker/data-budget.ts';
import { SpeedBook } from '../../../client/worker/speed-book.ts';
import { type Facts, stateOf } from '../../../client/worker/state.ts';
import type { Welcome } from '../../../protocol/to-volunteer.ts';
import { browserName } from '../../../client/volunteer/browser-name.ts';

const FACTS: Facts = {
  ended: null,
  leaving: false,
  hold: null,
  link: 'open',
  lostReason: '',
  training: null,
  idleReason: '',
  hidden: false,
  hiddenShare: null,
};
const BATTERY = { code: 'battery', reason: 'on battery (63 %)' } as const;

describe('stateOf', () => {
  it.each<[Partial<Facts>, string, string]>([
    [{}, 'waiting', 'connected; asking for work'],
    [{ idleReason: 'every free block is taken' }, 'waiting', 'every free block is taken'],
    [{ training: 12_288 }, 'training', 'training pairs of words'],
    [{ training: 9, hidden: true }, 'training', 'training pairs of words'],
    [{ training: 9, hidden: true, hiddenShare: 0.98 }, 'training', 'training pairs of words'],
    [
      { training: 9, hidden: true, hiddenShare: 0.414 },
      'training',
      'training pairs of words; slower: the tab is hidden (41 % of its speed in view)',
    ],
    [{ training: 9, hiddenShare: 0.4 }, 'training', 'training pairs of words'],
    [{ hold: BATTERY }, 'paused', 'on battery (63 %)'],
    [{ hold: BATTERY, training: 9 }, 'paused', 'on battery (63 %); the piece in training is finished first'],
    [
      { hold: BATTERY, link: 'lost', lostReason: 'it does not answer' },
      'paused',
      'on battery (63 %); meanwhile the connection was lost: it does not answer',
    ],
    [{ link: 'opening' }, 'connecting', 'connecting to the coordinator'],
    [{ link: 'lost', lostReason: 'it does not answer' }, 'connecting', 'it does not answer'],
    [{ leaving: true, training: 9, hold: BATTERY }, 'leaving', 'finishing the piece at hand, then leaving'],
    [{ ended: { state: 'error', reason: 'no GPU' }, leaving: true, hold: BATTERY }, 'error', 'no GPU'],
  ])('%j', (facts, state, reason) => {
    expect(stateOf({ ...FACTS, ...facts })).toEqual({ state, reason });
  });
});

describe('SpeedBook', () => {
  it('compares hidden with in view at equal power, leaves out pieces of both', () => {
    const speed = new SpeedBook();
    expect(speed.hiddenShare).toBeNull();
    for (let piece = 0; piece < 5; piece++) speed.note(1000, 1000, 'view', 1);
    speed.note(9, 1000, null, 1);
    expect(speed.hiddenShare).toBeNull();
    for (let piece = 0; piece < 5; piece++) {
      expect(speed.hiddenShare).toBeNull();
      speed.note(150, 1000, 'hidden', 0.3);
    }
    expect(speed.hiddenShare).toBeCloseTo(0.5);
  });

  it('is not misled by single pieces, however slow', () => {
    const speed = new SpeedBook();
    for (let piece = 0; piece < 9; piece++) {
      speed.note(1000, 1000, 'view', 1);
      speed.note(piece % 4 === 0 ? 5 : 980, 1000, 'hidden', 1);
    }
    expect(speed.hiddenShare).toBeCloseTo(0.98);
  });
});

describe('DataBudget', () => {
  const welcome = {
    dim: 100,
    counts: { length: 30_000 },
    rowsDown: 'int8',
    rowsUp: 'int8',
  } as Pick<Welcome, 'dim' | 'rowsDown' | 'rowsUp'> & { counts: { length: number } } as Welcome;

  it('affords everything without a limit, and nothing beyond one', () => {
    const budget = new DataBudget();
    budget.welcome(welcome);
    expect(budget.affords(7)).toBe(true);
    budget.limit = budget.nextPiece;
    expect(budget.affords(0)).toBe(true);
    expect(budget.affords(1)).toBe(false);
    budget.count(1);
    expect(budget.affords(0)).toBe(false);
  });

  it('never lets pieces such as a coordinator grants overstep the limit, at any speed', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 2_000_000, max: 400_000_000 }),
        fc.integer({ min: 1000, max: 2_000_000 }),
        fc.array(fc.double({ min: 0.3, max: 1, noNaN: true }), { minLength: 5, maxLength: 60 }),
        (limit, pairsPerSecond, fills) => {
          const budget = new DataBudget();
          budget.limit = limit;
          budget.welcome(welcome);
          for (const [at, fill] of fills.entries()) {
            if (!budget.affords(0)) break;
            const pairs = at === 0 ? 12_288 : Math.round(pairsPerSecond * 3 * fill);
            const rows = Math.min(15_000, Math.round(pairs * 2 * fill));
            const pairBytes = new Uint8Array(Math.round(pairs * 1.5));
            const bytes = pairBytes.length + 2 * rows * 104;
            budget.count(bytes);
            budget.note({ pairs, parts: 4, pairBytes }, bytes, (pairs / pairsPerSecond) * 1000);
          }
          expect(budget.used).toBeLessThanOrEqual(limit);
        },
      ),
    );
  });
});

describe('browserName', () => {
  const mozilla = 'Mozilla/5.0 (X11; Linux x86_64)';
  it.each([
    [`${mozilla.replace(')', '; rv:140.0)')} Gecko/20100101 Firefox/140.0`, 'Firefox 140'],
    [`${mozilla} AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36`, 'Chrome 142'],
    [`${mozilla} AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/142.0.0.0 Safari/537.36`, 'Chrome 142'],
    [`${mozilla} AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36 Edg/142.0.0.0`, 'Edge 142'],
    ['Mozilla/5.0 (Macintosh) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 Safari/605.1.15', 'Safari 18'],
    ['curl/8.1', ''],
  ])('%s', (agent, name) => {
    expect(browserName(agent)).toBe(name);
  });
});
