// The random draws of a sequential run, in the order in which it needs them.
import { draw, type DrawTable, drawTable, noiseWeight } from './noise.ts';

export interface Draws {
  /** For an input value at the start: uniform in [0, 1). */
  initial(): number;
  /** For subsampling: uniform in [0, 1). */
  unit(): number;
  /** For the window: uniform over 0..bound-1. */
  below(bound: number): number;
  /** For negatives: a word with probability in proportion to counts^0.75. */
  noise(): number;
}

export class SeededDraws implements Draws {
  readonly #random: Random;
  readonly #noise: DrawTable;

  constructor(counts: ArrayLike<number>, seed: number) {
    this.#random = new Random(seed);
    this.#noise = drawTable(Float64Array.from(counts, noiseWeight));
  }

  initial(): number {
    return this.unit();
  }

  unit(): number {
    return this.#random.next() / 2 ** 32;
  }

  below(bound: number): number {
    return Math.floor(this.unit() * bound);
  }

  noise(): number {
    return draw(this.#noise, this.#random.next());
  }
}

/** xoshiro128**: 128 bits of state in place, so that drawing allocates nothing. */
class Random {
  readonly #state = new Int32Array(4);

  constructor(seed: number) {
    let mixed = seed | 0;
    for (let i = 0; i < 4; i++) {
      mixed = (mixed + 0x9e3779b9) | 0; // splitmix32, so that near seeds give unlike states
      let word = Math.imul(mixed ^ (mixed >>> 16), 0x21f0aaad);
      word = Math.imul(word ^ (word >>> 15), 0x735a2d97);
      this.#state[i] = word ^ (word >>> 15);
    }
  }

  /** Uniform over 0..2^32-1. */
  next(): number {
    const state = this.#state;
    const second = state[1]!;
    const scrambled = Math.imul(rotated(Math.imul(second, 5), 7), 9);
    state[2]! ^= state[0]!;
    state[3]! ^= second;
    state[1]! ^= state[2]!;
    state[0]! ^= state[3]!;
    state[2]! ^= second << 9;
    state[3] = rotated(state[3]!, 11);
    return scrambled >>> 0;
  }
}

function rotated(value: number, bits: number): number {
  return (value << bits) | (value >>> (32 - bits));
}
