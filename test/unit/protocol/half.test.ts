// Halves, all 65,536 of them, against arithmetic that knows no bits.
import { describe, expect, it } from 'vitest';
import { fromHalf, LARGEST_HALF, toHalf } from '../../../protocol/half.ts';
import { hashAt } from '../../../word2vec/random.ts';

/** The value of a half by its definition. */
function defined(half: number): number {
  const sign = half >= 0x8000 ? -1 : 1;
  const exponent = Math.floor(half / 1024) % 32;
  const fraction = half % 1024;
  if (exponent === 31) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return exponent === 0 ? sign * (fraction / 1024) * 2 ** -14 : sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

/** Nearest half by search over the finite ones, ties to the even one. */
const FINITE = Float64Array.from({ length: 0x7c00 }, (_, half) => defined(half));

function nearest(value: number): number {
  const sign = value < 0 || Object.is(value, -0) ? 0x8000 : 0;
  const magnitude = Math.abs(value);
  let low = 0;
  let high = FINITE.length;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (FINITE[middle]! <= magnitude) low = middle;
    else high = middle;
  }
  // Beyond the largest comes 65536, which is written as infinity.
  const above = low + 1 < FINITE.length ? FINITE[low + 1]! : 65536;
  const below = magnitude - FINITE[low]!;
  const rest = above - magnitude;
  return sign | (below < rest || (below === rest && low % 2 === 0) ? low : low + 1);
}

describe('halves', () => {
  it('are what the standard says, all of them, and come back as they were', () => {
    for (let half = 0; half < 65536; half++) {
      const value = fromHalf(half);
      expect(value, half.toString(16)).toBe(defined(half));
      expect(toHalf(value)).toBe(Number.isNaN(value) ? 0x7e00 : half);
    }
  });

  it('round to the nearest, ties to even, beside and between any two of them', () => {
    const float = new Float32Array(1);
    const bits = new Uint32Array(float.buffer);
    for (let half = 0; half < 0x7c00; half++) {
      const middle = (defined(half) + (half + 1 < 0x7c00 ? defined(half + 1) : 65536)) / 2;
      for (const step of [-1, 0, 1]) {
        float[0] = middle;
        if (float[0] !== 0) bits[0]! += step;
        for (const value of [float[0], -float[0]]) {
          if (toHalf(value) !== nearest(value)) expect(toHalf(value), String(value)).toBe(nearest(value));
        }
      }
    }
    expect(toHalf(-0)).toBe(0x8000);
    expect(toHalf(2 ** -149)).toBe(0);
    expect(toHalf(LARGEST_HALF + 15.99)).toBe(0x7bff);
    expect(toHalf(LARGEST_HALF + 16)).toBe(0x7c00);
    expect(toHalf(3e38)).toBe(0x7c00);
  });

  it('agree with search, and with Math.f16round where there is one, for floats of any bits', () => {
    const { f16round } = Math as unknown as { f16round?: (value: number) => number };
    const float = new Float32Array(1);
    const bits = new Uint32Array(float.buffer);
    let wrong = 0;
    for (let trial = 0; trial < 200_000; trial++) {
      bits[0] = hashAt(3, trial);
      // Every second one where halves are dense.
      if (trial % 2 === 0) bits[0] = (bits[0]! & 0x8fffffff) | 0x30000000;
      const value = float[0]!;
      const half = toHalf(value);
      if (half !== (Number.isNaN(value) ? 0x7e00 : nearest(value))) wrong++;
      if (f16round !== undefined && !Object.is(fromHalf(half), f16round(value))) wrong++;
    }
    expect(wrong).toBe(0);
  });
});
