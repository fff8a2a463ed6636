// Weighted draws and hashes: the right law, and the same draw everywhere.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { draw, drawTable, noiseShares, noiseWeight, partNoise } from '../../../word2vec/noise.ts';
import { below, hashAt, mix32, STREAM, streamKey } from '../../../word2vec/random.ts';

/** Pearson's statistic of draws against weights. */
function chiSquare(hits: ArrayLike<number>, weights: ArrayLike<number>): number {
  const draws = Array.from(hits).reduce((sum, n) => sum + n, 0);
  const mass = Array.from(weights).reduce((sum, n) => sum + n, 0);
  return Array.from(hits).reduce((sum, n, at) => {
    const expected = (draws * weights[at]!) / mass;
    return sum + (n - expected) ** 2 / expected;
  }, 0);
}

/** Passed once in some thousand seeds (Wilson and Hilferty's approximation at 3.5 sigma). */
function critical(freedom: number): number {
  const spread = 2 / (9 * freedom);
  return freedom * (1 - spread + 3.5 * Math.sqrt(spread)) ** 3;
}

describe('draws', () => {
  it.each([1, 2, 3])('follow count^0.75 (seed %d)', (seed) => {
    const counts = Float64Array.from({ length: 50 }, (_, id) => Math.ceil(10_000 / (id + 1)));
    const table = drawTable(counts.map(noiseWeight));
    const hits = new Uint32Array(50);
    const key = streamKey(seed, STREAM.negatives, 1, 2, 3);
    for (let counter = 0; counter < 400_000; counter++) hits[draw(table, hashAt(key, counter))]!++;
    const law = Array.from(counts, (count) => count ** 0.75);
    expect(chiSquare(hits, law)).toBeLessThan(critical(49));
    // The test can tell count^0.75 from its neighbours.
    expect(
      chiSquare(
        hits,
        Array.from(counts, (count) => count ** 0.72),
      ),
    ).toBeGreaterThan(critical(49));
  });

  it('have the weights as exact probabilities, up to 2^-32 a slot', () => {
    fc.assert(
      fc.property(
        fc.array(fc.nat(1000), { minLength: 1, maxLength: 40 }).filter((list) => list.some((weight) => weight > 0)),
        (list) => {
          const { keep, alias } = drawTable(Float64Array.from(list));
          const chance = new Float64Array(list.length);
          for (let slot = 0; slot < list.length; slot++) {
            expect(keep[slot]).toBeLessThanOrEqual(2 ** 32);
            chance[slot]! += keep[slot]! / 2 ** 32 / list.length;
            chance[alias[slot]!]! += (1 - keep[slot]! / 2 ** 32) / list.length;
          }
          const sum = list.reduce((total, weight) => total + weight, 0);
          for (const [slot, weight] of list.entries()) expect(chance[slot]).toBeCloseTo(weight / sum, 8);
        },
      ),
    );
  });

  it('never yield a row of weight 0, nor one outside the table', () => {
    const table = drawTable(Float64Array.of(0, 3, 0, 1, 0));
    for (let counter = 0; counter < 10_000; counter++) expect([1, 3]).toContain(draw(table, hashAt(11, counter)));
    for (const hash of [0, 1, 2 ** 31, 2 ** 32 - 1]) expect([1, 3]).toContain(draw(table, hash));
  });

  it('are the same from equal weights, and the tables are these', () => {
    const weights = Float64Array.of(16, 4, 1, 1).map(noiseWeight);
    expect(Array.from(weights)).toEqual([8, Math.sqrt(4) * Math.sqrt(2), 1, 1]);
    expect(drawTable(weights)).toEqual(drawTable(weights.slice()));
    const { keep, alias } = drawTable(weights);
    expect([...alias]).toEqual([0, 0, 0, 0]);
    expect([...keep]).toEqual([4294967296, 3787838331, 1339203085, 1339203085]);
  });

  it('use no function that engines round differently', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 2 ** 40 }), (count) => {
        expect(Math.abs(noiseWeight(count) / count ** 0.75 - 1)).toBeLessThan(1e-14);
      }),
    );
  });

  it('of parts add up to draws of the whole', () => {
    const counts = Float64Array.of(50, 40, 30, 20, 10);
    const members = [Uint32Array.of(0, 3), Uint32Array.of(1, 2, 4)];
    const shares = noiseShares(counts, members);
    const mass = Array.from(counts, noiseWeight).reduce((sum, weight) => sum + weight, 0);
    for (const [part, rows] of members.entries()) {
      const noise = partNoise(counts, rows);
      const sum = noise.reduce((total, weight) => total + weight, 0);
      for (const [rank, row] of rows.entries())
        expect((shares[part]! * noise[rank]!) / sum).toBeCloseTo(noiseWeight(counts[row]!) / mass, 12);
    }
  });
});

describe('hashes', () => {
  it('are these: another implementation must draw the same', () => {
    expect([0, 1, 2 ** 31, 2 ** 32 - 1].map(mix32)).toEqual([0, 114555507, 3233617010, 3652544131]);
    expect(streamKey(1, STREAM.negatives, 2, 3, 4)).toBe(1022137512);
    expect([0, 1, 2].map((counter) => hashAt(123, counter))).toEqual([4033206373, 4068425594, 4220297588]);
  });

  it('are one to one in 32 bits', () => {
    const seen = new Set<number>();
    for (let value = 0; value < 100_000; value++) seen.add(mix32(Math.imul(value, 0x9e3779b1)));
    expect(seen.size).toBe(100_000);
  });

  it('differ by purpose and by each position', () => {
    const keys = new Set<number>();
    for (const purpose of Object.values(STREAM)) {
      for (let a = 0; a < 6; a++)
        for (let b = 0; b < 6; b++) for (let c = 0; c < 6; c++) keys.add(streamKey(1, purpose, a, b, c));
    }
    expect(keys.size).toBe(Object.keys(STREAM).length * 216);
    expect(new Set(Object.values(STREAM)).size).toBe(Object.keys(STREAM).length);
  });

  it('fall evenly', () => {
    const hits = new Uint32Array(97);
    for (let counter = 0; counter < 200_000; counter++)
      hits[below(hashAt(streamKey(8, STREAM.window), counter), 97)]!++;
    expect(chiSquare(hits, new Uint32Array(97).fill(1))).toBeLessThan(critical(96));
    expect(below(0, 97)).toBe(0);
    expect(below(2 ** 32 - 1, 97)).toBe(96);
  });
});
