// From blocks of lines to codes: ids of the vocabulary, ends of lines, and gaps where lines are held out.
import { encodeUtf8 } from '../../word2vec/utf8.ts';
import { ByteTable } from './byte-table.ts';
import type { Normalisation } from './normalisation.ts';
import { WordScanner } from './word-scanner.ts';

/** A code of at least 0 is the id of a word. This one ends a line, */
export const LINE_END = -1;
/** and GAP − n stands for a held-out piece with n words of the vocabulary: none of them is trained. */
export const GAP = -2;

export interface EncoderRules {
  readonly words: readonly string[];
  readonly normalisation: Normalisation;
  /** Pieces of lines whose hash is below are held out; 0: none. */
  readonly heldOutLimit: number;
  /** Any 32-bit integer, which nobody who writes a corpus should know: nothing but speed depends on it. */
  readonly hashSeed: number;
}

export class Encoder {
  readonly #scanner: WordScanner;
  readonly #limit: number;
  #codes = new Int32Array(0);
  #length = 0;

  constructor({ words, normalisation, heldOutLimit, hashSeed }: EncoderRules) {
    this.#limit = heldOutLimit;
    const vocabulary = new ByteTable(hashSeed);
    for (const word of words) {
      const bytes = encodeUtf8(word);
      vocabulary.add(bytes, 0, bytes.length);
    }
    const sink = {
      resolve: (bytes: Uint8Array, from: number, to: number) =>
        vocabulary.find(bytes, from, to, vocabulary.hash(bytes, from, to)),
      piece: (ids: Int32Array, count: number, hash: number) => this.#piece(ids, count, hash),
      lineEnd: () => {
        this.#codes[this.#length++] = LINE_END;
      },
    };
    this.#scanner = new WordScanner(normalisation, sink, hashSeed);
  }

  /** The codes of whole lines, bytes [from, end) of UTF-8, each with its line feed. Good until the next call. */
  encode(bytes: Uint8Array, from = 0): Int32Array {
    // A word, like a line, takes a byte at least.
    if (this.#codes.length < bytes.length) this.#codes = new Int32Array(bytes.length);
    this.#length = 0;
    this.#scanner.scan(bytes, from);
    return this.#codes.subarray(0, this.#length);
  }

  #piece(ids: Int32Array, count: number, hash: number): void {
    const codes = this.#codes;
    let length = this.#length;
    if (hash < this.#limit) {
      let words = 0;
      for (let k = 0; k < count; k++) if (ids[k]! >= 0) words++;
      codes[length++] = GAP - words;
    } else {
      for (let k = 0; k < count; k++) if (ids[k]! >= 0) codes[length++] = ids[k]!;
    }
    this.#length = length;
  }
}
