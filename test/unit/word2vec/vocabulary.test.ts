// The vocabulary: order, cuts, subsampling, and a fingerprint that nothing escapes.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Vocabulary } from '../../../word2vec/vocabulary.ts';
import { buildVocabulary, fingerprint, keepBounds, keepProbability, keptCounts } from '../../../word2vec/vocabulary.ts';

const ALL = { minCount: 1, maxVocab: 1e6 };
const counted = fc.uniqueArray(
  fc.tuple(fc.string({ minLength: 1, unit: 'grapheme' }), fc.integer({ min: 1, max: 40 })),
  {
    selector: ([word]) => word,
    minLength: 2,
    maxLength: 40,
  },
);

describe('buildVocabulary', () => {
  it('orders by descending count, then by code unit, whatever order the words came in', () => {
    fc.assert(
      fc.property(counted, fc.nat(), (entries, turn) => {
        const vocabulary = buildVocabulary(new Map(entries), ALL);
        const rotated = [...entries.slice(turn % entries.length), ...entries.slice(0, turn % entries.length)];
        expect(buildVocabulary(new Map(rotated), ALL)).toEqual(vocabulary);
        expect(vocabulary.total).toBe(entries.reduce((sum, [, count]) => sum + count, 0));
        expect([...vocabulary.words].sort()).toEqual(entries.map(([word]) => word).sort());
        for (let id = 1; id < vocabulary.words.length; id++) {
          const [before, here] = [vocabulary.counts[id - 1]!, vocabulary.counts[id]!];
          expect(before > here || (before === here && vocabulary.words[id - 1]! < vocabulary.words[id]!)).toBe(true);
        }
      }),
    );
  });

  it('leaves out the rare, then the least frequent', () => {
    const words = new Map([
      ['a', 9],
      ['b', 7],
      ['c', 5],
      ['d', 5],
      ['e', 4],
    ]);
    expect(buildVocabulary(words, { minCount: 5, maxVocab: 100 }).words).toEqual(['a', 'b', 'c', 'd']);
    expect(buildVocabulary(words, { minCount: 5, maxVocab: 3 })).toEqual({
      words: ['a', 'b', 'c'],
      counts: Float64Array.of(9, 7, 5),
      total: 21,
    });
  });

  it('refuses fewer than two words, and says how many there were', () => {
    const refused = expect.objectContaining({ code: 'VOCABULARY_TOO_SMALL' });
    expect(() =>
      buildVocabulary(
        new Map([
          ['a', 9],
          ['b', 4],
        ]),
        { minCount: 5, maxVocab: 9 },
      ),
    ).toThrow(refused);
    expect(() => buildVocabulary(new Map(), ALL)).toThrow(refused);
    expect(() =>
      buildVocabulary(
        new Map([
          ['a', 9],
          ['b', 9],
        ]),
        { minCount: 5, maxVocab: 1 },
      ),
    ).toThrow('only 1 of 2');
  });
});

describe('subsampling', () => {
  it('keeps rare words always and frequent ones as word2vec.c does', () => {
    expect(keepProbability(10, 1e6, 1e-3)).toBe(1);
    // (sqrt(50000 / 1000) + 1) · 1000 / 50000
    expect(keepProbability(50_000, 1e6, 1e-3)).toBeCloseTo((Math.sqrt(50) + 1) / 50, 12);
    expect(keepProbability(50_000, 1e6, 0)).toBe(1);
  });

  it('never keeps a more frequent word more often, in bounds and expected counts alike', () => {
    fc.assert(
      fc.property(counted, fc.constantFrom(0, 1e-3, 1e-2, 0.1), (entries, sample) => {
        const vocabulary = buildVocabulary(new Map(entries), ALL);
        const bounds = keepBounds(vocabulary, sample);
        const kept = keptCounts(vocabulary.counts, sample);
        for (const [id, bound] of bounds.entries()) {
          expect(Number.isInteger(bound) && bound >= 0 && bound <= 2 ** 32).toBe(true);
          expect(kept[id]).toBeCloseTo((vocabulary.counts[id]! * bound) / 2 ** 32, 6);
          if (id > 0) expect(bound).toBeGreaterThanOrEqual(bounds[id - 1]!);
        }
      }),
    );
  });
});

describe('fingerprint', () => {
  it('is 16 hex digits, the same for equal vocabularies', () => {
    fc.assert(
      fc.property(counted, (entries) => {
        const mark = fingerprint(buildVocabulary(new Map(entries), ALL));
        expect(mark).toMatch(/^[0-9a-f]{16}$/);
        expect(fingerprint(buildVocabulary(new Map(entries), ALL))).toBe(mark);
      }),
    );
  });

  it('changes with any word, any count, any order, any word more or less', () => {
    fc.assert(
      fc.property(counted, fc.nat(), fc.nat(), fc.integer({ min: 1, max: 2 ** 31 }), (entries, a, b, more) => {
        const { words, counts, total } = buildVocabulary(new Map(entries), ALL);
        const mark = fingerprint({ words, counts, total });
        const [at, other] = [a % words.length, b % words.length];
        const changed = (edit: (words: string[], counts: number[]) => void): Vocabulary => {
          const lists: [string[], number[]] = [[...words], [...counts]];
          edit(...lists);
          return { words: lists[0], counts: Float64Array.from(lists[1]), total };
        };
        const others = [
          changed((list) => void (list[at] += 'x')),
          changed((list) => void (list[at] = `${list[at]!.slice(0, -1)}\u0001`)),
          changed((_, list) => void (list[at]! += more)),
          changed((list, numbers) => void (list.splice(at, 1), numbers.splice(at, 1))),
          changed((list, numbers) => void (list.push('new'), numbers.push(1))),
          ...(at === other ? [] : [changed((list) => void ([list[at], list[other]] = [list[other]!, list[at]!]))]),
        ];
        for (const vocabulary of others) expect(fingerprint(vocabulary)).not.toBe(mark);
      }),
    );
  });

  it('tells words apart that only joining makes equal', () => {
    const of = (words: string[]): string =>
      fingerprint({ words, counts: Float64Array.from(words, () => 1), total: words.length });
    expect(of(['ab', 'c'])).not.toBe(of(['a', 'bc']));
  });
});
