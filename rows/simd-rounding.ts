// SimdRows' code that rounds: values to levels of a byte, by draws or to the nearest, bit for bit as protocol/rows.ts.
import {
  f32x4,
  f64x2,
  get,
  i16x8,
  i32,
  i32x4,
  i8x16,
  sequence,
  set,
  v128,
  type Code,
  type Local,
  type Locals,
} from '../word2vec/cpu-assembler.ts';
import { DRAW_STEP, MIX } from '../word2vec/random.ts';
import { high } from './simd-columns.ts';

const MOST = 127;

/** The local that holds the largest of its lanes, none below 0, in all of them; NaN if one is: bits order as floats do. */
export function spreadMost(value: Local): Code {
  const swapped = (lanes: readonly [number, number, number, number]): Code =>
    v128.shuffle32(get(value), get(value), lanes);
  return sequence(
    set(value, i32x4.max(get(value), swapped([2, 3, 0, 1]))),
    set(value, i32x4.max(get(value), swapped([1, 0, 3, 2]))),
  );
}

/** What rounding needs beside the values: constants and what belongs to the row at hand, all in locals. */
export class Rounding {
  readonly scale: Local;
  readonly #scales: Local;
  readonly #live: Local;
  readonly #level: Local;
  readonly #bias: Local;
  readonly #least: Local;
  readonly #most: Local;
  readonly #whole: Local;

  constructor(locals: Locals) {
    const made = locals.several(8, 'v128') as [Local, Local, Local, Local, Local, Local, Local, Local];
    [this.scale, this.#scales, this.#live, this.#level, this.#bias, this.#least, this.#most, this.#whole] = made;
  }

  /** Once, before all rows. */
  begin(): Code {
    return sequence(
      set(this.#bias, i32x4.splat(i32.const(128))),
      set(this.#least, i32x4.splat(i32.const(-MOST))),
      set(this.#most, i32x4.splat(i32.const(MOST))),
      set(this.#whole, f64x2.const(1.5 * 2 ** 52)),
    );
  }

  /** peak / MOST, rounded to float32 first. A scale of 0 makes every level 0. */
  row(peak: Local, scaleAt: Code): Code {
    const { scale } = this;
    return sequence(
      set(scale, f32x4.demote(f64x2.div(f64x2.promoteLow(get(peak)), f64x2.const(MOST)))),
      v128.storeLane32(scaleAt, get(scale)),
      set(this.#scales, f64x2.promoteLow(get(scale))),
      set(scale, v128.shuffle32(get(scale), get(scale), [0, 0, 0, 0])),
      set(this.#live, f32x4.notEqual(get(scale), f32x4.const(0))),
    );
  }

  /**
   * After `row`: for `nearest`. A quotient v/s of two floats is k + ½ exactly or at least 2^-26 away from it (v and s are
   * 24 bits times powers of two, and |v/s| ≥ ¼ where ½ is near). The product with 1/s is within 2^-43 of v/s, so with
   * 2^-30 added it is rounded as the quotient is, halves up.
   */
  inverse(): Code {
    return set(this.#scales, f64x2.div(f64x2.const(1), get(this.#scales)));
  }

  /** Levels of four values, to the nearest: what `levels` gives for ups of 128.5, without a division each. */
  nearest(value: Local, half: Local): Code {
    const rounded = (part: Code): Code => f64x2.add(f64x2.mul(f64x2.promoteLow(part), get(this.#scales)), get(half));
    return this.#levels(rounded(get(value)), rounded(high(get(value))));
  }

  /** Levels of four values, `ups` being what is added before they are cut: two doubles, and two. */
  levels(value: Local, ups: readonly [Code, Code]): Code {
    const cut = (part: Code, up: Code): Code =>
      f64x2.floor(f64x2.add(f64x2.div(f64x2.promoteLow(part), get(this.#scales)), up));
    return this.#levels(cut(get(value), ups[0]), cut(high(get(value)), ups[1]));
  }

  /** Of doubles with 128 added. Beyond 2^52 they are whole: the sum's lower word is theirs, and 0 of what is no number. */
  #levels(low: Code, upper: Code): Code {
    const word = (part: Code): Code => f64x2.add(part, get(this.#whole));
    const whole = i32x4.sub(v128.shuffle32(word(low), word(upper), [0, 2, 4, 6]), get(this.#bias));
    const within = i32x4.max(i32x4.min(whole, get(this.#most)), get(this.#least));
    return set(this.#level, v128.and(within, get(this.#live)));
  }

  get level(): Code {
    return get(this.#level);
  }

  /** Stores four bytes. */
  store(at: Local, offset: number): Code {
    const halves = i16x8.narrow(this.level, this.level);
    return v128.storeLane32(get(at), i8x16.narrow(halves, halves), offset);
  }
}

/** Draws of four columns, and of the next four with every call. */
export class Draws {
  readonly #key: Local;
  readonly #places: Local;
  readonly #hash: Local;
  readonly #step: Local;
  readonly #factors: readonly [Local, Local];
  readonly #unit: Local;
  readonly #bias: Local;

  constructor(locals: Locals) {
    const made = locals.several(8, 'v128') as [Local, Local, Local, Local, Local, Local, Local, Local];
    const [key, places, hash, step, first, second, unit, bias] = made;
    [this.#key, this.#places, this.#hash, this.#step, this.#unit, this.#bias] = [key, places, hash, step, unit, bias];
    this.#factors = [first, second];
  }

  /** Once, before all rows. */
  begin(key: Local): Code {
    return sequence(
      set(this.#key, i32x4.splat(get(key))),
      set(this.#step, i32x4.splat(i32.const(Math.imul(4, DRAW_STEP)))),
      ...this.#factors.map((factor, f) => set(factor, i32x4.splat(i32.const(MIX.factors[f]! | 0)))),
      set(this.#unit, f64x2.const(1 / 4294967296)),
      set(this.#bias, f64x2.const(128)),
    );
  }

  /** `counter`: of the row's first column. */
  row(counter: Local): Code {
    const lane = (column: number): number => Math.imul(column, DRAW_STEP);
    const first = i32x4.splat(i32.mul(get(counter), i32.const(DRAW_STEP | 0)));
    return set(this.#places, i32x4.add(first, i32x4.const(lane(0), lane(1), lane(2), lane(3))));
  }

  /** `hashAt` of four counters; the next four are up. */
  next(): Code {
    const [first, second] = this.#factors;
    const hash = this.#hash;
    const fold = (by: number): Code => set(hash, v128.xor(get(hash), i32x4.shiftRight(get(hash), i32.const(by))));
    return sequence(
      set(hash, v128.xor(get(this.#places), get(this.#key))),
      set(this.#places, i32x4.add(get(this.#places), get(this.#step))),
      fold(MIX.shifts[0]),
      set(hash, i32x4.mul(get(hash), get(first))),
      fold(MIX.shifts[1]),
      set(hash, i32x4.mul(get(hash), get(second))),
      fold(MIX.shifts[2]),
    );
  }

  /** 128 + draw, of columns 0 and 1, and of 2 and 3. */
  get ups(): readonly [Code, Code] {
    const up = (half: Code): Code => f64x2.add(f64x2.mul(f64x2.convertLow(half), get(this.#unit)), get(this.#bias));
    return [up(get(this.#hash)), up(high(get(this.#hash)))];
  }
}
