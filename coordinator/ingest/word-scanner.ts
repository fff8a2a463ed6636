// From blocks of lines, as bytes, to the ids of their words: every distinct token is normalised once and remembered.
import { decodeUtf8, encodeUtf8 } from '../../word2vec/utf8.ts';
import { ByteTable, hashByte } from './byte-table.ts';
import type { Normalisation } from './normalisation.ts';
import { LONGEST_WORD, normalise, wordsOf } from './normalisation.ts';
import { PIECE_START, PIECE_WORDS, withWord, wordHash } from './piece-hash.ts';

/** Who is told what the scanner reads. */
export interface WordSink {
  /** Id of a word that the rules gave, bytes [from, to), at least 0; -1 when nobody wants it. Asked once for many. */
  resolve(bytes: Uint8Array, from: number, to: number): number;
  /**
   * The next 100 words of a line, or its last.
   * @param ids of the words, -1 where `resolve` said so; the first `count` belong to the piece, and all change after
   * @param hash of the words (piece-hash.ts)
   */
  piece(ids: Int32Array, count: number, hash: number): void;
  lineEnd(): void;
}

/** Tokens that are remembered at most, bytes of them all together, and of one; about 12 MB. */
export interface MemoryLimits {
  readonly tokens: number;
  readonly bytes: number;
  readonly longest: number;
}
const MEMORY: MemoryLimits = { tokens: 1 << 18, bytes: 1 << 22, longest: 256 };

/** What is remembered of a token: its one word's id, or one of these; or LIST − position where it has many words. */
const UNKNOWN = -1;
const NO_WORD = -2;
const LIST = -3;

const LINE_FEED = 0x0a;
const DELETE = 0x7f;
/** First byte of U+0080 to U+00BF; those up to U+00A0 are blanks. */
const LATIN = 0xc2;
const LAST_BLANK = 0xa0;

export class WordScanner {
  readonly #rules: Normalisation;
  readonly #sink: WordSink;
  readonly #limits: MemoryLimits;
  /** Whether a token is its word. */
  readonly #verbatim: boolean;
  readonly #tokens: ByteTable;
  /** Of each remembered token: an id or one of the above, and its one word's hash. Shape (limits.tokens). */
  readonly #values: Int32Array;
  readonly #hashes: Int32Array;
  /** Tokens of many words: their number, then id and hash of each. */
  #lists: number[] = [];
  // The piece that is being read.
  readonly #ids = new Int32Array(PIECE_WORDS);
  #count = 0;
  #hash = PIECE_START;
  #bytes: Uint8Array = new Uint8Array(0);
  /** Where its first token begins, how many words of that token belong to the piece before, and where its last ends. */
  #from = 0;
  #skipped = 0;
  #to = 0;

  /** @param seed of the hash of tokens (byte-table.ts) */
  constructor(rules: Normalisation, sink: WordSink, seed: number, limits = MEMORY) {
    this.#rules = rules;
    this.#sink = sink;
    this.#limits = limits;
    this.#verbatim = !rules.lowercase && rules.tokenizer === 'whitespace' && rules.digits === 'keep';
    this.#tokens = new ByteTable(seed);
    this.#values = new Int32Array(limits.tokens);
    this.#hashes = new Int32Array(limits.tokens);
  }

  /** Reads bytes [from, to): whole lines of UTF-8, each with its line feed. */
  scan(bytes: Uint8Array, from = 0, to = bytes.length): void {
    this.#bytes = bytes;
    const tokens = this.#tokens;
    for (let at = from; at < to;) {
      let byte = bytes[at]!;
      if (byte <= 0x20 || byte === DELETE) {
        if (byte === LINE_FEED) this.#endLine(at);
        at++;
        continue;
      }
      if (byte === LATIN && bytes[at + 1]! <= LAST_BLANK) {
        at += 2;
        continue;
      }
      const start = at;
      let hash = tokens.seed;
      do {
        hash = hashByte(hash, byte);
        byte = bytes[++at]!;
      } while (at < to && byte > 0x20 && byte !== DELETE && (byte !== LATIN || bytes[at + 1]! > LAST_BLANK));
      let index = tokens.find(bytes, start, at, hash);
      if (index < 0) index = this.#meet(start, at, hash);
      if (index < 0) continue;
      const value = this.#values[index]!;
      if (value >= UNKNOWN) this.#append(value, this.#hashes[index]!, start, at, 0);
      else if (value !== NO_WORD) this.#appendList(LIST - value, start, at);
    }
  }

  /** Asks for every id again: to be called when ids have changed, between two scans. */
  forget(): void {
    this.#tokens.clear();
    this.#lists = [];
  }

  /** The words of a piece, during the call that tells of it. */
  pieceWords(): string[] {
    const words = wordsOf(textOf(this.#bytes, this.#from, this.#to), this.#rules);
    return words.slice(this.#skipped, this.#skipped + this.#count);
  }

  #endLine(at: number): void {
    if (this.#count > 0) this.#endPiece(at);
    this.#sink.lineEnd();
  }

  #endPiece(to: number): void {
    this.#to = to;
    this.#sink.piece(this.#ids, this.#count, this.#hash);
    this.#count = 0;
    this.#hash = PIECE_START;
  }

  /** @param word which word of the token [from, to) this is */
  #append(id: number, hash: number, from: number, to: number, word: number): void {
    if (this.#count === 0) {
      this.#from = from;
      this.#skipped = word;
    }
    this.#ids[this.#count++] = id;
    this.#hash = withWord(this.#hash, hash);
    if (this.#count === PIECE_WORDS) this.#endPiece(to);
  }

  #appendList(list: number, from: number, to: number): void {
    const words = this.#lists[list]!;
    for (let word = 0; word < words; word++)
      this.#append(this.#lists[list + 1 + 2 * word]!, this.#lists[list + 2 + 2 * word]!, from, to, word);
  }

  /** A token that is not remembered: its index, now that it is; -1 when it was read at once, being too long to keep. */
  #meet(from: number, to: number, hash: number): number {
    if (this.#verbatim && to - from <= LONGEST_WORD) {
      const id = this.#sink.resolve(this.#bytes, from, to);
      const word = wordHash(this.#bytes, from, to);
      if (to - from <= this.#limits.longest) return this.#remember(from, to, hash, id, word);
      this.#append(id, word, from, to, 0);
      return -1;
    }
    const words = normalise(textOf(this.#bytes, from, to), this.#rules).map(encodeUtf8);
    const found = words.map((word) => ({
      id: this.#sink.resolve(word, 0, word.length),
      hash: wordHash(word, 0, word.length),
    }));
    if (to - from > this.#limits.longest) {
      for (const [k, word] of found.entries()) this.#append(word.id, word.hash, from, to, k);
      return -1;
    }
    const [first] = found;
    if (first === undefined) return this.#remember(from, to, hash, NO_WORD, 0);
    if (found.length === 1) return this.#remember(from, to, hash, first.id, first.hash);
    const index = this.#remember(from, to, hash, 0, 0);
    this.#values[index] = LIST - this.#lists.length;
    this.#lists.push(found.length, ...found.flatMap((word) => [word.id, word.hash]));
    return index;
  }

  /** Begins anew when full: the frequent tokens are back soon, and text that changes its language is not slow for ever. */
  #remember(from: number, to: number, hash: number, value: number, word: number): number {
    const { tokens, bytes } = this.#limits;
    if (this.#tokens.size >= tokens || this.#tokens.stringBytes + to - from > bytes) this.forget();
    const index = this.#tokens.add(this.#bytes, from, to, hash);
    this.#values[index] = value;
    this.#hashes[index] = word;
    return index;
  }
}

function textOf(bytes: Uint8Array, from: number, to: number): string {
  const text = decodeUtf8(bytes.subarray(from, to));
  if (text === undefined) throw new Error('a block of lines is no UTF-8');
  return text;
}
