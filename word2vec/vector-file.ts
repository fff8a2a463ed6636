// word2vec's two file formats, binary and text, byte for byte as word2vec.c writes them.
//
//   binary:  "V D\n", then for each word:  word ' ' D float32 little-endian '\n'
//   text:    "V D\n", then for each word:  word ' ' D times (decimal ' ') '\n'
//
// gensim reads both. Words are UTF-8 without blanks. Reading also takes what others write: binary
// rows without their line feed, text rows without the last blank, CRLF.

import { ByteSource } from './byte-source.ts';
import { Word2vecError } from './errors.ts';
import { shortestFloat32 } from './float-text.ts';
import { decodeUtf8, encodeUtf8 } from './utf8.ts';

export interface WordVectors {
  readonly words: readonly string[]; // V words, the most frequent first where we wrote them
  readonly dim: number; // D
  readonly values: Float32Array; // (V, D) row-major: word v begins at v * D
}

export type VectorFormat = 'binary' | 'text';

/** Written blocks hold at least this much, but for the last. */
const BLOCK_BYTES = 1 << 18;
/** A longer "word" means that the file is something else. */
const WORD_BYTES_MAX = 4096;
const HEADER_BYTES_MAX = 64;
/** Longest decimal of one value that a text row may hold, with its blank. */
const DECIMAL_BYTES_MAX = 40;
/** Readers cut words at ASCII blanks; a lone surrogate has no UTF-8. */
const UNWRITABLE = /[\0-\x20\p{Surrogate}]/u;
const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;
const BLANK = 0x20;

/** The binary file, in blocks of about 256 KiB. Throws WORD_NOT_WRITABLE, VECTORS_NOT_FINITE, VECTORS_SHAPE. */
export function* binaryVectors(vectors: WordVectors): Generator<Uint8Array<ArrayBuffer>> {
  const { dim, values } = vectors;
  const prefixes = rowPrefixes(vectors);
  let block = new BlockWriter(BLOCK_BYTES + WORD_BYTES_MAX + 4 * dim + 2);
  block.bytes(header(vectors));
  let row = 0;
  for (const prefix of prefixes) {
    block.bytes(prefix);
    block.float32s(values, row * dim, dim);
    block.byte(LINE_FEED);
    row++;
    if (block.length >= BLOCK_BYTES) {
      yield block.view();
      block = block.next();
    }
  }
  if (block.length > 0) yield block.view();
}

/** The text file, in blocks of about 256 KiB. Throws as `binaryVectors` does. */
export function* textVectors(vectors: WordVectors): Generator<Uint8Array<ArrayBuffer>> {
  const { dim, values } = vectors;
  const prefixes = rowPrefixes(vectors);
  let block = new BlockWriter(BLOCK_BYTES + WORD_BYTES_MAX + DECIMAL_BYTES_MAX * dim + 2);
  block.bytes(header(vectors));
  let row = 0;
  for (const prefix of prefixes) {
    block.bytes(prefix);
    for (let d = row * dim; d < (row + 1) * dim; d++) {
      block.ascii(shortestFloat32(values[d]!));
      block.byte(BLANK);
    }
    block.byte(LINE_FEED);
    row++;
    if (block.length >= BLOCK_BYTES) {
      yield block.view();
      block = block.next();
    }
  }
  if (block.length > 0) yield block.view();
}

export interface ParseOptions {
  /** Told from the first row unless given (one or two dimensions can be ambiguous). */
  readonly format?: VectorFormat;
}

/**
 * Reads either format from memory or from a stream, without holding more than the result and one row.
 * Throws VECTORS_HEADER, VECTORS_ROW, VECTORS_TRUNCATED, VECTORS_TRAILING or VECTORS_NOT_FINITE, each with the byte offset.
 */
export async function parseVectors(
  input: Uint8Array | AsyncIterable<Uint8Array>,
  options: ParseOptions = {},
): Promise<WordVectors> {
  const source = new ByteSource(input);
  try {
    const { count, dim } = await readHeader(source);
    const format = options.format ?? (await detectFormat(source, dim));
    const readRow = format === 'text' ? readTextRow : readBinaryRow;
    const words: string[] = [];
    const rows = new GrowingRows(count, dim);
    for (let row = 0; row < count; row++) words.push(await readRow(source, rows.next(), row, count));
    await readEnd(source);
    return { words, dim, values: rows.values };
  } finally {
    await source.close();
  }
}

function header({ words, dim, values }: WordVectors): Uint8Array {
  if (!Number.isInteger(dim) || dim < 1 || words.length < 1 || values.length !== words.length * dim)
    throw new Word2vecError(
      'VECTORS_SHAPE',
      `${words.length} words of ${dim} dimensions do not fit ${values.length} values`,
    );
  return encodeUtf8(`${words.length} ${dim}\n`);
}

/** "word " of each row, after making sure that the row can be read back. */
function* rowPrefixes({ words, dim, values }: WordVectors): Generator<Uint8Array> {
  for (const [row, word] of words.entries()) {
    const prefix = encodeUtf8(`${word} `);
    if (word === '' || UNWRITABLE.test(word) || prefix.length > WORD_BYTES_MAX)
      throw new Word2vecError(
        'WORD_NOT_WRITABLE',
        `word ${row} (${JSON.stringify(word.slice(0, 80))}) is empty, holds a blank, or is longer than ${WORD_BYTES_MAX} bytes`,
      );
    for (let d = row * dim; d < (row + 1) * dim; d++) if (!Number.isFinite(values[d])) throw notFinite(word, '');
    yield prefix;
  }
}

async function readHeader(source: ByteSource): Promise<{ count: number; dim: number }> {
  if ((await source.need(2)) && source.buffer[source.start] === 0x1f && source.buffer[source.start + 1] === 0x8b)
    throw new Word2vecError('VECTORS_HEADER', 'the file is gzip, not word vectors', 'Unpack it first: gunzip FILE.');
  const length = await source.find(LINE_FEED, HEADER_BYTES_MAX);
  const line = length < 0 ? undefined : decodeUtf8(source.take(length + 1));
  const match = line === undefined ? null : /^(\d+) +(\d+)\s*$/.exec(line);
  const count = Number(match?.[1] ?? 0);
  const dim = Number(match?.[2] ?? 0);
  if (count < 1 || dim < 1 || !Number.isSafeInteger(count * dim * 4))
    throw new Word2vecError(
      'VECTORS_HEADER',
      'the file does not begin with a line "WORDS DIMENSIONS" at byte 0: these are no word2vec vectors',
      'Pass a vectors.bin or vectors.txt as tributary train, word2vec or gensim write them.',
    );
  return { count, dim };
}

/** Text exactly when the first line reads as a word and D decimals. */
async function detectFormat(source: ByteSource, dim: number): Promise<VectorFormat> {
  const limit = WORD_BYTES_MAX + DECIMAL_BYTES_MAX * dim + 2;
  const found = await source.find(LINE_FEED, limit);
  const length = found < 0 ? Math.min(source.buffered, limit) : found; // one last row may lack its line feed
  const line = decodeUtf8(source.buffer.subarray(source.start, source.start + length));
  if (line === undefined) return 'binary';
  const fields = line.trimEnd().split(' ');
  return fields.length === dim + 1 && fields.slice(1).every(isDecimal) ? 'text' : 'binary';
}

type RowReader = (source: ByteSource, into: Float32Array, row: number, count: number) => Promise<string>;

const readBinaryRow: RowReader = async (source, into, row, count) => {
  if ((await source.need(1)) && source.buffer[source.start] === LINE_FEED) source.take(1);
  const at = source.offset;
  const length = await source.find(BLANK, WORD_BYTES_MAX);
  if (length < 0 && source.buffered < WORD_BYTES_MAX) throw truncated(source, row, count);
  const word = length < 1 ? undefined : decodeUtf8(source.take(length));
  if (word === undefined) throw badRow(row, at, 'does not begin with a word in UTF-8 and a blank');
  source.take(1);
  if (!(await source.need(4 * into.length))) throw truncated(source, row, count);
  const bytes = source.take(4 * into.length);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let d = 0; d < into.length; d++) {
    const value = view.getFloat32(4 * d, true);
    if (!Number.isFinite(value)) throw notFinite(word, ` at byte ${at + length + 1 + 4 * d}`);
    into[d] = value;
  }
  return word;
};

const readTextRow: RowReader = async (source, into, row, count) => {
  const at = source.offset;
  const limit = WORD_BYTES_MAX + DECIMAL_BYTES_MAX * into.length + 2;
  const found = await source.find(LINE_FEED, limit);
  if (found < 0 && (source.buffered === 0 || source.buffered >= limit))
    throw source.buffered === 0 ? truncated(source, row, count) : badRow(row, at, 'is too long');
  const line = decodeUtf8(source.take(found < 0 ? source.buffered : found + 1));
  if (line === undefined) throw badRow(row, at, 'is not UTF-8');
  const fields = line.trimEnd().split(' ');
  const word = fields[0] ?? '';
  if (word === '' || fields.length !== into.length + 1)
    throw badRow(row, at, `has ${fields.length - 1} values instead of ${into.length}`);
  for (let d = 0; d < into.length; d++) {
    const field = fields[d + 1]!;
    if (/^[-+]?(nan|inf)/i.test(field)) throw notFinite(word, ` at byte ${at}`);
    if (!isDecimal(field)) throw badRow(row, at, `has ${JSON.stringify(field.slice(0, 40))} where a number belongs`);
    into[d] = Number(field);
    if (!Number.isFinite(into[d])) throw notFinite(word, ` at byte ${at}`);
  }
  return word;
};

async function readEnd(source: ByteSource): Promise<void> {
  while (await source.need(1)) {
    const byte = source.buffer[source.start];
    if (byte !== LINE_FEED && byte !== CARRIAGE_RETURN)
      throw new Word2vecError('VECTORS_TRAILING', `data goes on after the last word, at byte ${source.offset}`);
    source.take(1);
  }
}

function isDecimal(text: string): boolean {
  return /^[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?$/i.test(text);
}

function truncated(source: ByteSource, row: number, count: number): Word2vecError {
  return new Word2vecError(
    'VECTORS_TRUNCATED',
    `the file ends at byte ${source.offset + source.buffered}, in row ${row + 1} of ${count}`,
    'Copy or write the file again: its end is missing.',
  );
}

function badRow(row: number, offset: number, what: string): Word2vecError {
  return new Word2vecError('VECTORS_ROW', `row ${row + 1}, at byte ${offset}, ${what}`);
}

function notFinite(word: string, where: string): Word2vecError {
  return new Word2vecError('VECTORS_NOT_FINITE', `the vector of ${JSON.stringify(word)} holds NaN or infinity${where}`);
}

/** Rows that arrive one by one; memory follows what has been read, not what the header claims. */
class GrowingRows {
  #values: Float32Array;
  #used = 0;
  readonly #total: number;
  readonly #dim: number;

  constructor(count: number, dim: number) {
    this.#total = count * dim;
    this.#dim = dim;
    this.#values = new Float32Array(Math.min(this.#total, Math.max(dim, 1 << 20)));
  }

  next(): Float32Array {
    const end = this.#used + this.#dim;
    if (end > this.#values.length) {
      const grown = new Float32Array(Math.min(this.#total, Math.max(end, 2 * this.#values.length)));
      grown.set(this.#values);
      this.#values = grown;
    }
    const row = this.#values.subarray(this.#used, end);
    this.#used = end;
    return row;
  }

  get values(): Float32Array {
    return this.#values;
  }
}

/** One block under way; its buffer is never used again once handed out, so a consumer may keep it. */
class BlockWriter {
  readonly #buffer: Uint8Array<ArrayBuffer>;
  readonly #data: DataView;
  length = 0;

  constructor(size: number) {
    this.#buffer = new Uint8Array(size);
    this.#data = new DataView(this.#buffer.buffer);
  }

  next(): BlockWriter {
    return new BlockWriter(this.#buffer.length);
  }

  view(): Uint8Array<ArrayBuffer> {
    return this.#buffer.subarray(0, this.length);
  }

  byte(value: number): void {
    this.#buffer[this.length++] = value;
  }

  bytes(values: Uint8Array): void {
    this.#buffer.set(values, this.length);
    this.length += values.length;
  }

  ascii(text: string): void {
    for (let i = 0; i < text.length; i++) this.#buffer[this.length++] = text.charCodeAt(i);
  }

  float32s(values: Float32Array, from: number, count: number): void {
    for (let i = 0; i < count; i++, this.length += 4) this.#data.setFloat32(this.length, values[from + i]!, true);
  }
}
