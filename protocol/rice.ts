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

/** Running means, one for each context. */
function firstMeans(contexts: number): Uint32Array {
  return new Uint32Array(contexts).fill(FIRST_MEAN);
}

/** ⌊log2(0.69 · mean)⌋: the best parameter for numbers that fall off evenly, (Kiely 2004, IPN report 42-159). */
function parameterOf(mean: number): number {
  const scaled = (mean * 11) >>> (MEAN_SHIFT + 4);
  return scaled < 2 ? 0 : 31 - Math.clz32(scaled);
}

function nextMean(mean: number, number: number): number {
  return mean - (mean >>> MEAN_SHIFT) + Math.min(number, MEAN_LIMIT);
}

/** Bits that go through the window at once. */
const WINDOW_BITS = 24;
/** Bytes of the longest number, and of what a byte may lack. */
const LONGEST = 16;

export class RiceWriter {
  readonly #means: Uint32Array;
  #bytes = new Uint8Array(1024);
  #at = 0;
  #window = 0;
  #have = 0;

  constructor(contexts: number) {
    this.#means = firstMeans(contexts);
  }

  /** @param number from 0 to 2^31 − 9 */
  number(context: number, number: number): void {
    const mean = this.#means[context]!;
    this.#means[context] = nextMean(mean, number);
    if (this.#at + LONGEST > this.#bytes.length) this.#grow();
    const k = parameterOf(mean);
    const ones = number >>> k;
    const low = number & ((1 << k) - 1);
    if (ones < MOST_ONES && ones + 1 + k <= WINDOW_BITS) {
      this.#short(((1 << ones) - 1) | (low << (ones + 1)), ones + 1 + k);
      return;
    }
    if (ones < MOST_ONES) {
      this.#bits((1 << ones) - 1, ones + 1);
    } else {
      this.#bits((1 << MOST_ONES) - 1, MOST_ONES);
      const rest = ones - MOST_ONES + 1;
      const length = 32 - Math.clz32(rest);
      this.#bits(0, length - 1);
      for (let bit = length - 1; bit >= 0; bit--) this.#bits((rest >>> bit) & 1, 1);
    }
    this.#bits(low, k);
  }

  /** In pieces of 16 bits, which with the 7 that a byte may lack fit a window. */
  #bits(value: number, length: number): void {
    if (length > 16) {
      this.#bits(value & 0xffff, 16);
      this.#bits(value >>> 16, length - 16);
      return;
    }
    this.#short(value, length);
  }

  /** At most WINDOW_BITS, for which there is room. */
  #short(value: number, length: number): void {
    let window = this.#window | (value << this.#have);
    let have = this.#have + length;
    for (; have >= 8; have -= 8) {
      this.#bytes[this.#at++] = window & 0xff;
      window >>>= 8;
    }
    this.#window = window;
    this.#have = have;
  }

  #grow(): void {
    const next = new Uint8Array(this.#bytes.length * 2);
    next.set(this.#bytes);
    this.#bytes = next;
  }

  /** All bytes: a one follows the last number, so that none can be left out or made up, then zeros. */
  finish(): Uint8Array<ArrayBuffer> {
    if (this.#at + LONGEST > this.#bytes.length) this.#grow();
    this.#bits(1, 1);
    if (this.#have > 0) this.#bits(0, 8 - this.#have);
    return this.#bytes.subarray(0, this.#at);
  }
}

export class RiceReader {
  readonly #means: Uint32Array;
  readonly #bytes: Uint8Array;
  #at = 0;
  /** Bits read ahead, next one lowest, and how many: fewer than none beyond the end, where zeros are read. */
  #window = 0;
  #have = 0;

  constructor(bytes: Uint8Array, contexts: number) {
    this.#bytes = bytes;
    this.#means = firstMeans(contexts);
  }

  /** The next number; made up once `isPastEnd`. */
  number(context: number): number {
    const mean = this.#means[context]!;
    const k = parameterOf(mean);
    this.#fill();
    const turned = ~this.#window;
    const ones = 31 - Math.clz32(turned & -turned);
    let number: number;
    if (ones < MOST_ONES && ones + 1 + k <= WINDOW_BITS) {
      number = (ones << k) + ((this.#window >>> (ones + 1)) & ((1 << k) - 1));
      this.#drop(ones + 1 + k);
    } else if (ones < MOST_ONES) {
      this.#drop(ones + 1);
      number = ones * (1 << k) + this.#low(k);
    } else {
      this.#drop(MOST_ONES);
      number = (MOST_ONES + this.#long()) * (1 << k) + this.#low(k);
    }
    this.#means[context] = nextMean(mean, number);
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

  /** At least WINDOW_BITS and at most 31, zeros beyond the end: the highest bit is never set. */
  #fill(): void {
    while (this.#have < WINDOW_BITS && this.#at < this.#bytes.length) {
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
