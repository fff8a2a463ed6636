// Whole numbers in few bits: Rice codes (R. F. Rice 1979) whose parameter follows the mean of the numbers before.
//
// A number n with parameter k: n >> k ones (8 at most), a zero, then the k low bits of n. From 8 ones on no zero, but
// the rest r = (n >> k) − 8 as zeros, one fewer than r + 1 has bits, r + 1 from its first bit down, and then the k low
// bits of n. After the last number comes a one, and zeros up to a whole byte. Bits fill bytes from the least
// significant; the k low bits stand least significant first.

const MOST_ONES = 8;
/** Means are kept 16-fold, and move by a sixteenth of the difference. */
const MEAN_SHIFT = 4;
const FIRST_MEAN = 4 << MEAN_SHIFT;
/** Greater numbers count as this in means. */
const MEAN_LIMIT = 1 << 22;

/** Running means by context. */
class Means {
  readonly #means: Uint32Array;

  constructor(contexts: number) {
    this.#means = new Uint32Array(contexts).fill(FIRST_MEAN);
  }

  /** ⌊log2(0.69 · mean)⌋: the best parameter for numbers that fall off evenly, (Kiely 2004, IPN report 42-159). */
  parameter(context: number): number {
    const scaled = (this.#means[context]! * 11) >>> (MEAN_SHIFT + 4);
    return scaled < 2 ? 0 : 31 - Math.clz32(scaled);
  }

  add(context: number, number: number): void {
    const mean = this.#means[context]!;
    this.#means[context] = mean - (mean >>> MEAN_SHIFT) + Math.min(number, MEAN_LIMIT);
  }
}

export class RiceWriter {
  readonly #means: Means;
  #bytes = new Uint8Array(1024);
  #at = 0;
  #window = 0;
  #have = 0;

  constructor(contexts: number) {
    this.#means = new Means(contexts);
  }

  /** @param number from 0 to 2^31 − 9 */
  number(context: number, number: number): void {
    const k = this.#means.parameter(context);
    const ones = number >>> k;
    if (ones < MOST_ONES) {
      this.#bits((1 << ones) - 1, ones + 1);
    } else {
      this.#bits((1 << MOST_ONES) - 1, MOST_ONES);
      const rest = ones - MOST_ONES + 1;
      const length = 32 - Math.clz32(rest);
      this.#bits(0, length - 1);
      for (let bit = length - 1; bit >= 0; bit--) this.#bits((rest >>> bit) & 1, 1);
    }
    this.#bits(number & ((1 << k) - 1), k);
    this.#means.add(context, number);
  }

  /** In pieces of 16 bits, which with the 7 that a byte may lack fit a window. */
  #bits(value: number, length: number): void {
    if (length > 16) {
      this.#bits(value & 0xffff, 16);
      this.#bits(value >>> 16, length - 16);
      return;
    }
    this.#window |= value << this.#have;
    this.#have += length;
    for (; this.#have >= 8; this.#have -= 8) {
      if (this.#at === this.#bytes.length) {
        const next = new Uint8Array(this.#bytes.length * 2);
        next.set(this.#bytes);
        this.#bytes = next;
      }
      this.#bytes[this.#at++] = this.#window & 0xff;
      this.#window >>>= 8;
    }
  }

  /** All bytes: a one follows the last number, so that none can be left out or made up, then zeros. */
  finish(): Uint8Array<ArrayBuffer> {
    this.#bits(1, 1);
    if (this.#have > 0) this.#bits(0, 8 - this.#have);
    return this.#bytes.subarray(0, this.#at);
  }
}

export class RiceReader {
  readonly #means: Means;
  readonly #bytes: Uint8Array;
  #at = 0;
  /** Bits read ahead, next one lowest, and how many: fewer than none beyond the end, where zeros are read. */
  #window = 0;
  #have = 0;

  constructor(bytes: Uint8Array, contexts: number) {
    this.#bytes = bytes;
    this.#means = new Means(contexts);
  }

  /** The next number; made up once `isPastEnd`. */
  number(context: number): number {
    const k = this.#means.parameter(context);
    this.#fill();
    const turned = ~this.#window;
    let ones = 31 - Math.clz32(turned & -turned);
    if (ones < MOST_ONES) {
      this.#drop(ones + 1);
    } else {
      this.#drop(MOST_ONES);
      ones = MOST_ONES + this.#long();
    }
    const number = ones * (1 << k) + this.#low(k);
    this.#means.add(context, number);
    return number;
  }

  #long(): number {
    let more = 0;
    while (more < 31 && this.#low(1) === 0) more++;
    let rest = 1;
    for (; more > 0; more--) rest = rest * 2 + this.#low(1);
    return rest - 1;
  }

  #low(length: number): number {
    if (length > 16) {
      const low = this.#low(16);
      return low + this.#low(length - 16) * 65536;
    }
    this.#fill();
    const value = this.#window & ((1 << length) - 1);
    this.#drop(length);
    return value;
  }

  /** At least 17 bits, zeros beyond the end. */
  #fill(): void {
    while (this.#have < 17 && this.#at < this.#bytes.length) {
      this.#window |= this.#bytes[this.#at++]! << this.#have;
      this.#have += 8;
    }
  }

  #drop(length: number): void {
    this.#window >>>= length;
    this.#have -= length;
  }

  get isPastEnd(): boolean {
    return this.#have < 0;
  }

  /** All is read but the closing one. */
  isWhole(): boolean {
    this.#fill();
    return this.#at === this.#bytes.length && this.#have >= 1 && this.#have <= 8 && this.#window === 1;
  }
}
