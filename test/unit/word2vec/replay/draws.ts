// word2vec.c's own chance: its generator, and its table of a hundred million noise words.
import type { Draws } from '../../../../word2vec/sequential-draws.ts';

const TABLE_SIZE = 1e8;

/** Draws of thread 0. Word 0 is the line end, which is never drawn as noise: a uniform draw takes its place. */
export class Word2vecCDraws implements Draws {
  readonly #words: number;
  readonly #initial = new Generator(1n);
  readonly #training = new Generator(0n);
  /** Where in the noise table each word's entries end. */
  readonly #ends: readonly number[];

  constructor(counts: readonly number[]) {
    this.#words = counts.length;
    this.#ends = tableEnds(counts);
  }

  initial(): number {
    return low16(this.#initial.next());
  }

  unit(): number {
    return low16(this.#training.next());
  }

  below(bound: number): number {
    return Number(this.#training.next() % BigInt(bound));
  }

  noise(): number {
    const drawn = this.#training.next();
    const at = Number((drawn >> 16n) % BigInt(TABLE_SIZE));
    const word = this.#ends.findIndex((end) => at < end);
    return word === 0 ? Number(drawn % BigInt(this.#words - 1)) + 1 : word;
  }
}

class Generator {
  #state: bigint;

  constructor(seed: bigint) {
    this.#state = seed;
  }

  next(): bigint {
    this.#state = BigInt.asUintN(64, this.#state * 25_214_903_917n + 11n);
    return this.#state;
  }
}

function low16(value: bigint): number {
  return Number(value & 0xffffn) / 65_536;
}

/** InitUnigramTable without the table: entry a belongs to the first word whose cumulative share a / size exceeds. */
function tableEnds(counts: readonly number[]): number[] {
  const f32 = Math.fround;
  // train_words_pow is a whole number to which each power is added.
  const sum = f32(counts.reduce((whole, count) => Math.trunc(whole + count ** 0.75), 0));
  const ends: number[] = [];
  let share = 0;
  let first = 0;
  for (const count of counts) {
    share = f32(share + count ** 0.75 / sum);
    let [low, high] = [first, TABLE_SIZE];
    while (low < high) {
      const middle = Math.floor((low + high) / 2);
      if (f32(middle / f32(TABLE_SIZE)) > share) high = middle;
      else low = middle + 1;
    }
    first = Math.min(low + 1, TABLE_SIZE); // the entry that finds the share exceeded still has the word before
    ends.push(first);
  }
  ends[ends.length - 1] = TABLE_SIZE;
  return ends;
}
