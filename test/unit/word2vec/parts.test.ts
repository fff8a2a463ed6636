// Parts of the grid: they tile the vocabulary, weigh about the same, and depend on nothing but counts and seed.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { GridTablesCache } from '../../../word2vec/grid-tables.ts';
import { buildHuffman } from '../../../word2vec/huffman.ts';
import { dealParts } from '../../../word2vec/parts.ts';
import { keptCounts } from '../../../word2vec/vocabulary.ts';

const zipf = (rows: number): Float64Array => Float64Array.from({ length: rows }, (_, id) => Math.ceil(1e6 / (id + 1)));
const weights = fc
  .array(fc.integer({ min: 1, max: 1_000_000 }), { minLength: 1, maxLength: 400 })
  .map((counts) => Float64Array.from(counts.sort((a, b) => b - a)));
const matrix = fc.constantFrom('input' as const, 'output' as const);

describe('dealParts', () => {
  it('puts every row in exactly one part, most frequent first', () => {
    fc.assert(
      fc.property(weights, fc.integer({ min: 1, max: 70 }), fc.nat(), matrix, (counts, count, seed, which) => {
        const parts = dealParts(counts, count, seed, which);
        expect(parts.members.length).toBe(count);
        const rows = parts.members.flatMap((members) => [...members]);
        expect(rows.sort((a, b) => a - b)).toEqual(Array.from(counts, (_, row) => row));
        for (const [part, members] of parts.members.entries()) {
          for (const [rank, row] of members.entries()) {
            expect([parts.partOf[row], parts.localOf[row]]).toEqual([part, rank]);
            if (rank > 0) expect(row).toBeGreaterThan(members[rank - 1]!);
          }
        }
      }),
    );
  });

  it('gives parts whose sizes differ by one at most', () => {
    fc.assert(
      fc.property(weights, fc.integer({ min: 1, max: 70 }), fc.nat(), (counts, count, seed) => {
        const sizes = dealParts(counts, count, seed, 'input').members.map((members) => members.length);
        expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1);
      }),
    );
  });

  it('is a function of weights, number, seed and matrix', () => {
    const counts = keptCounts(zipf(5000), 1e-3);
    const deal = (count: number, seed: number, which: 'input' | 'output'): Uint16Array =>
      dealParts(counts, count, seed, which).partOf;
    expect(deal(8, 1, 'input')).toEqual(deal(8, 1, 'input'));
    expect(deal(8, 2, 'input')).not.toEqual(deal(8, 1, 'input'));
    expect(deal(8, 1, 'output')).not.toEqual(deal(8, 1, 'input'));
  });

  it.each([2, 4, 8, 16, 32, 64])(
    'balances %d parts of a Zipf vocabulary within a quarter, or its heaviest word',
    (count) => {
      const kept = keptCounts(zipf(38_000), 1e-3);
      const total = kept.reduce((sum, weight) => sum + weight, 0);
      for (let seed = 0; seed < 5; seed++) {
        for (const which of ['input', 'output'] as const) {
          const { members } = dealParts(kept, count, seed, which);
          const loads = members.map((rows) => rows.reduce((sum, row) => sum + kept[row]!, 0) / (total / count));
          expect(Math.max(...loads)).toBeLessThan(1.25 + (kept[0]! * count) / total);
          expect(Math.min(...loads)).toBeGreaterThan(0.75);
        }
      }
    },
  );
});

const SKIP_GRAM = { model: 'skipgram', hs: false } as const;

describe('GridTables', () => {
  it('shares the noise out in full', () => {
    const counts = zipf(500);
    const tables = new GridTablesCache(counts, 1e-3, 3, SKIP_GRAM).of(7);
    expect(tables.shares.reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 12);
    expect(tables.noise(2)).toBe(tables.noise(2));
    expect(tables.noise(2).keep.length).toBe(tables.output.members[2]!.length);
  });

  it('is the same from every cache with equal counts and seed, whatever was asked before', () => {
    const counts = zipf(300);
    const here = new GridTablesCache(counts, 1e-3, 5, SKIP_GRAM);
    const there = new GridTablesCache(counts.slice(), 1e-3, 5, SKIP_GRAM);
    const first = here.of(3);
    for (const parts of [5, 6, 7, 8, 9]) here.of(parts);
    expect(here.of(3)).not.toBe(first);
    expect(here.of(3).input).toEqual(there.of(3).input);
    expect(here.of(3).output).toEqual(there.of(3).output);
    expect(here.of(3).noise(1)).toEqual(there.of(3).noise(1));
  });

  it('deals the nodes of the Huffman tree by how often subsampled words pass them', () => {
    const counts = Float64Array.from(zipf(300), (count) => Math.ceil(count));
    const kept = keptCounts(counts, 1e-4);
    const { start, path, codes } = buildHuffman(counts);
    const passes = new Float64Array(300);
    kept.forEach((weight, word) =>
      path.subarray(start[word]!, start[word + 1]!).forEach((n) => (passes[n]! += weight)),
    );
    const cache = new GridTablesCache(counts, 1e-4, 5, { model: 'skipgram', hs: true });
    const sum = (values: Float64Array): number => values.reduce((total, value) => total + value, 0);
    expect(cache.targetsPerPair).toBeCloseTo(sum(passes) / sum(kept), 10);
    expect(passes[299]).toBe(0);
    const { input, output, targets } = cache.of(4);
    expect(input).toEqual(dealParts(kept, 4, 5, 'input'));
    expect(output).toEqual(dealParts(passes, 4, 5, 'output'));
    expect(targets.start).toEqual(start);
    path.forEach((node, at) => {
      expect(output.members[targets.part[at]!]![targets.value[at]! >>> 1]).toBe(node);
      expect(targets.value[at]! & 1).toBe(1 - codes[at]!);
    });
  });
});
