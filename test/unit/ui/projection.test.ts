// The plane of words: against a plain eigen solution, on degenerate input, and that pictures follow each other.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { align, type Picture, project, unitRows } from '../../../client/ui/projection.ts';
import type { WordMap } from '../../../protocol/vectors.ts';

function wordMap(dim: number, rows: readonly (readonly number[])[]): WordMap {
  return {
    modelVersion: 1,
    dim,
    words: rows.map((_, at) => `w${at}`),
    scales: Float32Array.from(rows, (_, at) => 0.01 * (at + 1)),
    values: Int8Array.from(rows.flat()),
  };
}

/** Rows whose columns differ in spread, so that the strongest directions are well apart. */
function someMap(count: number, dim: number, seed: number): WordMap {
  let state = seed;
  const next = (): number => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    return state / 2 ** 32 - 0.5;
  };
  return wordMap(
    dim,
    Array.from({ length: count }, () => Array.from({ length: dim }, (_, d) => Math.round((next() * 200) / (1 + d)))),
  );
}

/** The largest two eigenvalues of the covariance by plain power iteration with deflation on the whole matrix. */
function plainVariances({ rows, dim }: { rows: Float32Array; dim: number }): number[] {
  const count = rows.length / dim;
  const mean = Array.from({ length: dim }, (_, d) => {
    let sum = 0;
    for (let r = 0; r < count; r++) sum += rows[r * dim + d]!;
    return sum / count;
  });
  const covariance = Array.from({ length: dim }, (_, a) =>
    Array.from({ length: dim }, (__, b) => {
      let sum = 0;
      for (let r = 0; r < count; r++) sum += (rows[r * dim + a]! - mean[a]!) * (rows[r * dim + b]! - mean[b]!);
      return sum / count;
    }),
  );
  return [0, 1].map(() => {
    let vector = Array.from({ length: dim }, (_, d) => 1 + d / 7);
    let value = 0;
    for (let round = 0; round < 5000; round++) {
      const next = covariance.map((row) => row.reduce((sum, c, d) => sum + c * vector[d]!, 0));
      value = Math.hypot(...next);
      if (value < 1e-15) return 0;
      vector = next.map((c) => c / value);
    }
    for (let a = 0; a < dim; a++) for (let b = 0; b < dim; b++) covariance[a]![b]! -= value * vector[a]! * vector[b]!;
    return value;
  });
}

const mean = (values: Float32Array): number => values.reduce((sum, v) => sum + v, 0) / values.length;
const product = (a: Float32Array, b: Float32Array): number => a.reduce((sum, v, at) => sum + v * b[at]!, 0) / a.length;

/** Turned by `angle`, mirrored if told, and moved. */
function turned({ words, x, y }: Picture, angle: number, mirror: boolean, dx: number, dy: number): Picture {
  const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
  const f = mirror ? -1 : 1;
  return {
    words,
    x: x.map((value, at) => cos * value - sin * f * y[at]! + dx),
    y: x.map((value, at) => sin * value + cos * f * y[at]! + dy),
  };
}

function farthest(a: Picture, b: Picture): number {
  return Math.max(...a.words.map((_, at) => Math.hypot(a.x[at]! - b.x[at]!, a.y[at]! - b.y[at]!)));
}

describe('project', () => {
  for (const [count, dim] of [
    [200, 20],
    [12, 30],
    [50, 3],
    [40, 2],
  ] as const) {
    it(`has the variances of a plain eigen solution, in independent directions (${count} words, D = ${dim})`, () => {
      const map = someMap(count, dim, count);
      const picture = project(map);
      const [first, second] = plainVariances({ rows: unitRows(map), dim });
      expect(product(picture.x, picture.x)).toBeCloseTo(first!, 6);
      expect(product(picture.y, picture.y)).toBeCloseTo(second!, 6);
      expect(product(picture.x, picture.y)).toBeCloseTo(0, 6);
      expect(mean(picture.x)).toBeCloseTo(0, 6);
      expect(mean(picture.y)).toBeCloseTo(0, 6);
    });
  }

  it('depends on directions only, and on nothing else', () => {
    const map = someMap(60, 10, 3);
    expect(project({ ...map, scales: map.scales.map((scale) => scale * 7) })).toEqual(project(map));
  });

  it('gives finite points on degenerate input', () => {
    const zero = project(
      wordMap(4, [
        [0, 0, 0, 0],
        [0, 0, 0, 0],
        [0, 0, 0, 0],
      ]),
    );
    expect([...zero.x, ...zero.y]).toEqual([0, 0, 0, 0, 0, 0]);
    const alone = project(wordMap(3, [[1, 2, 3]]));
    expect([...alone.x, ...alone.y]).toEqual([0, 0]);
    expect(project(wordMap(5, [])).x).toHaveLength(0);
    const line = project(wordMap(1, [[5], [-3], [100]]));
    expect([...line.y]).toEqual([0, 0, 0]);
    // Unit rows of one component are 1, -1, 1 around their mean of 1/3.
    expect(line.x[0]! - line.x[1]!).toBeCloseTo(2, 6);
    const same = project(
      wordMap(3, [
        [9, 9, 9],
        [9, 9, 9],
      ]),
    );
    for (const value of [...same.x, ...same.y]) expect(value).toBeCloseTo(0, 6);
    // A scale of zero is a row of zeros, whatever its values.
    expect([...unitRows({ ...wordMap(2, [[3, 4]]), scales: new Float32Array(1) })]).toEqual([0, 0]);
  });

  it('is finite for any vectors, with no direction longer than the rows', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 6 }).chain((dim) =>
          fc.array(fc.array(fc.integer({ min: -127, max: 127 }), { minLength: dim, maxLength: dim }), {
            maxLength: 12,
          }),
        ),
        (rows) => {
          const picture = project(wordMap(rows[0]?.length ?? 1, rows));
          for (const [at, x] of picture.x.entries()) expect(Math.hypot(x, picture.y[at]!)).toBeLessThan(2.0001);
        },
      ),
    );
  });
});

describe('align', () => {
  const picture = project(someMap(80, 12, 9));

  it('undoes any rotation, reflection and move', () => {
    fc.assert(
      fc.property(fc.double({ min: -7, max: 7, noNaN: true }), fc.boolean(), (angle, mirror) => {
        expect(farthest(align(turned(picture, angle, mirror, 3, -2), picture), picture)).toBeLessThan(1e-4);
      }),
    );
  });

  it('goes by the words in common, wherever they stand in the lists', () => {
    const away = turned(picture, 2, true, 1, 1);
    const order = [...picture.words.keys()].reverse().slice(0, 50);
    const shuffled: Picture = {
      words: [...order.map((at) => picture.words[at]!), 'new'],
      x: Float32Array.from([...order.map((at) => away.x[at]!), 4]),
      y: Float32Array.from([...order.map((at) => away.y[at]!), 4]),
    };
    const back = align(shuffled, picture);
    for (const [place, at] of order.entries()) expect(back.x[place]).toBeCloseTo(picture.x[at]!, 4);
    expect(back.x).toHaveLength(51);
  });

  it('keeps distances, and comes no farther than leaving it as it is', () => {
    const other = project(someMap(80, 12, 10));
    const nearer = align(other, picture);
    const apart = (p: Picture): number => Math.hypot(p.x[0]! - p.x[1]!, p.y[0]! - p.y[1]!);
    expect(apart(nearer)).toBeCloseTo(apart(other), 5);
    const miss = (p: Picture): number =>
      p.x.reduce((sum, x, at) => sum + (x - picture.x[at]!) ** 2 + (p.y[at]! - picture.y[at]!) ** 2, 0);
    expect(miss(nearer)).toBeLessThan(miss(other));
  });

  it('leaves a picture alone that has nothing in common, and one that is a single spot', () => {
    const strangers = { ...picture, words: picture.words.map((word) => `x${word}`) };
    expect(align(strangers, picture)).toBe(strangers);
    const spot = { words: ['w0'], x: Float32Array.of(5), y: Float32Array.of(5) };
    expect([...align(spot, picture).x]).toEqual([picture.x[0]]);
  });
});
