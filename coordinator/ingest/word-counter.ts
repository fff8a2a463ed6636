// Counts the words of blocks of lines, in bounded memory, and finds the lines to hold out on the way.
import { encodeUtf8 } from '../../word2vec/utf8.ts';
import { ByteTable } from './byte-table.ts';
import { HeldOutSelection } from './held-out-lines.ts';
import type { Normalisation } from './normalisation.ts';
import { WordScanner } from './word-scanner.ts';

/** Bytes of lines that are counted before memory is looked at again, unless one line is longer. */
const STEP_BYTES = 64 * 1024;
/** Bytes of text for each new word, in the text that is to be counted next: more of them go beyond the limit a little. */
const BYTES_PER_NEW_WORD = 8;
/** Bytes of a count. */
const COUNT_BYTES = 8;
const LEAST_LIMIT = 1 << 20;
const LINE_FEED = 0x0a;

/** What memory did not suffice for, as word2vec.c's ReduceVocab: nothing when `times` is 0. */
export interface Pruned {
  readonly times: number;
  /** The highest that `prune` was called with; 1 when it was not. */
  readonly minimum: number;
  /** Occurrences that were forgotten, which no count has. */
  readonly tokens: number;
  /** By so much a single count may be too low, at most. */
  readonly most: number;
}

const NOTHING_PRUNED: Pruned = { times: 0, minimum: 1, tokens: 0, most: 0 };

export interface CounterOptions {
  /** Normalised words that are counted, and no others; null for all. */
  readonly only?: Iterable<string> | null;
  /** Any 32-bit integer, which nobody who writes a corpus should know: nothing but speed depends on it. */
  readonly hashSeed?: number;
}

/** Words and their counts, packed to cross a thread boundary: word k is bytes [ends[k − 1], ends[k]) of UTF-8. */
export interface PackedCounts {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly ends: Uint32Array<ArrayBuffer>;
  readonly counts: Float64Array<ArrayBuffer>;
}

/**
 * `add` every block of a stretch of the corpus; then `entries` or `packed` give the counts, and `heldOut` the candidates.
 * A counter may take in what others counted (`merge`, `heldOut.merge`): with nothing pruned, the sum is that of one
 * counter over all text, whatever the order. Beyond `limitBytes` the words that were seen least are forgotten, and
 * `pruned` tells it: counts of words that come again are then too low. With `only` nothing is ever pruned.
 */
export class WordCounter {
  readonly heldOut = new HeldOutSelection();
  readonly #limitBytes: number;
  readonly #closed: boolean;
  readonly #words: ByteTable;
  readonly #scanner: WordScanner;
  #counts = new Float64Array(1024);
  #tokens = 0;
  #pruned: Pruned = NOTHING_PRUNED;

  /**
   * @param limitBytes of the table of words, at least 1 MiB; beside it stand about 15 MB that are always the same
   * @throws RangeError
   */
  constructor(rules: Normalisation, limitBytes: number, { only = null, hashSeed = 0 }: CounterOptions = {}) {
    if (!(limitBytes >= LEAST_LIMIT)) throw new RangeError(`a limit of ${limitBytes} bytes`);
    this.#limitBytes = limitBytes;
    this.#closed = only !== null;
    this.#words = new ByteTable(hashSeed);
    for (const word of only ?? []) this.#wanted(encodeUtf8(word));
    const sink = {
      resolve: (bytes: Uint8Array, from: number, to: number) =>
        this.#closed
          ? this.#words.find(bytes, from, to, this.#words.hash(bytes, from, to))
          : this.#idOf(bytes, from, to),
      piece: (ids: Int32Array, count: number, hash: number) => this.#count(ids, count, hash),
      lineEnd: () => undefined,
    };
    this.#scanner = new WordScanner(rules, sink, hashSeed);
  }

  /** Different words that were counted and are not forgotten. */
  get distinct(): number {
    if (!this.#closed) return this.#words.size;
    return this.#counts.subarray(0, this.#words.size).reduce((seen, count) => seen + (count > 0 ? 1 : 0), 0);
  }

  /** Occurrences that were counted, also those that are forgotten. */
  get tokens(): number {
    return this.#tokens;
  }

  get pruned(): Pruned {
    return this.#pruned;
  }

  /** Bytes of the table of words. */
  get memory(): number {
    return this.#words.memory + this.#counts.byteLength;
  }

  /** Counts a block of whole lines (corpus/lines.ts): UTF-8, every line with its line feed. */
  add({ bytes }: { readonly bytes: Uint8Array }): void {
    for (let from = 0; from < bytes.length;) {
      const feed = bytes.indexOf(LINE_FEED, Math.min(from + STEP_BYTES, bytes.length - 1));
      const to = feed < 0 ? bytes.length : feed + 1;
      this.#makeRoom((to - from) / BYTES_PER_NEW_WORD, to - from);
      this.#scanner.scan(bytes, from, to);
      from = to;
    }
  }

  /** Adds what another counter counted; a counter with `only` takes just its own words. */
  merge({ bytes, ends, counts }: PackedCounts): void {
    for (let k = 0, from = 0; k < ends.length; from = ends[k++]!) {
      const to = ends[k]!;
      this.#makeRoom(1, to - from);
      const hash = this.#words.hash(bytes, from, to);
      const id = this.#closed ? this.#words.find(bytes, from, to, hash) : this.#idOf(bytes, from, to);
      if (id < 0) continue;
      this.#counts[id]! += counts[k]!;
      this.#tokens += counts[k]!;
    }
  }

  /** Goes on where a counter stood that had these counts and had forgotten so much; this one must be new. */
  restore(counts: PackedCounts, pruned: Pruned): void {
    this.#tokens = pruned.tokens;
    this.#pruned = pruned;
    this.merge(counts);
  }

  /** Forgets words seen less than `minimum` times, as ReduceVocab does. */
  prune(minimum: number): void {
    let tokens = 0;
    let kept = 0;
    this.#words.retain((id) => {
      const count = this.#counts[id]!;
      if (count < minimum) {
        tokens += count;
        return false;
      }
      this.#counts[kept++] = count;
      return true;
    });
    this.#scanner.forget();
    const { times, minimum: before, tokens: forgotten, most } = this.#pruned;
    this.#pruned = {
      times: times + 1,
      minimum: Math.max(before, minimum),
      tokens: forgotten + tokens,
      // Each time a word may have been one short of the minimum, and come again.
      most: most + minimum - 1,
    };
  }

  /** Every word that was counted at least so often, with its count, in the order in which they came. */
  *entries(least = 1): Generator<[word: string, count: number]> {
    const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
    for (let id = 0; id < this.#words.size; id++)
      if (this.#counts[id]! >= least) yield [decoder.decode(this.#words.at(id)), this.#counts[id]!];
  }

  /** The same as `entries`, for `merge`. */
  packed(): PackedCounts {
    const { distinct } = this;
    const bytes = new Uint8Array(this.#words.stringBytes);
    const ends = new Uint32Array(distinct);
    const counts = new Float64Array(distinct);
    let end = 0;
    let k = 0;
    for (let id = 0; id < this.#words.size; id++) {
      if (this.#counts[id] === 0) continue;
      const word = this.#words.at(id);
      bytes.set(word, end);
      end += word.length;
      ends[k] = end;
      counts[k++] = this.#counts[id]!;
    }
    return { bytes: end === bytes.length ? bytes : bytes.slice(0, end), ends, counts };
  }

  #wanted(word: Uint8Array): void {
    this.#idOf(word, 0, word.length);
  }

  #idOf(bytes: Uint8Array, from: number, to: number): number {
    const before = this.#words.size;
    const id = this.#words.add(bytes, from, to);
    if (id < before) return id;
    if (id >= this.#counts.length) {
      const counts = new Float64Array(this.#counts.length * 2);
      counts.set(this.#counts);
      this.#counts = counts;
    }
    this.#counts[id] = 0;
    return id;
  }

  #count(ids: Int32Array, count: number, hash: number): void {
    let tokens = 0;
    for (let k = 0; k < count; k++) {
      const id = ids[k]!;
      if (id < 0) continue;
      this.#counts[id]! += 1;
      tokens++;
    }
    this.#tokens += tokens;
    this.heldOut.offer(hash, tokens, () => this.#scanner.pieceWords().join(' '));
  }

  /** Prunes until so many more words, of so many bytes together, fit: by half each time, so that it is done seldom. */
  #makeRoom(words: number, bytes: number): void {
    if (this.#closed) return;
    while (this.#words.size > 0 && this.#memoryWith(words, bytes) > this.#limitBytes) {
      const sorted = this.#counts.slice(0, this.#words.size).sort();
      this.prune(sorted[sorted.length >> 1]! + 1);
    }
  }

  /** Bytes of the table of words while and after so much is added. */
  #memoryWith(words: number, bytes: number): number {
    const room = this.#counts.length;
    const counts = this.#words.size + words <= room ? room : 3 * room;
    return this.#words.memoryWith(words, bytes) + counts * COUNT_BYTES;
  }
}
