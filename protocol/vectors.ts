// GET /api/vectors: the most frequent words with their vectors in few bytes, for maps. docs/api.md has it byte by byte.
import { ProtocolError, Reader, Writer } from './bytes.ts';
import { LIMITS } from './limits.ts';

/** "TRV1" in little-endian. */
const MAGIC = 0x31565254;
/** Words of one answer, at most. */
export const MOST_VECTORS = 5000;
/** Bytes of a word, at most: longer ones are cut, never inside a character. */
const WORD_BYTES = 200;

export interface WordMap {
  /** Deltas applied when it was taken. */
  readonly modelVersion: number;
  readonly dim: number;
  /** Most frequent first. */
  readonly words: readonly string[];
  /** Column d of word w is scales[w] × values[w·dim + d]. */
  readonly scales: Float32Array;
  /** Shape (words, dim), row-major; −127 to 127. */
  readonly values: Int8Array;
}

export function encodeWordMap({ modelVersion, dim, words, scales, values }: WordMap): Uint8Array<ArrayBuffer> {
  const write = new Writer(64 + words.length * (24 + dim)).u32(MAGIC).f64(modelVersion).u32(words.length).u32(dim);
  for (const word of words) write.string(word, WORD_BYTES);
  write.align();
  for (const scale of scales) write.f32(scale);
  write.int8(values.length).set(values);
  return write.finish();
}

/** @throws ProtocolError BAD_MAP, TRUNCATED, BAD_TEXT, BAD_PADDING, TRAILING_BYTES */
export function decodeWordMap(bytes: Uint8Array): WordMap {
  const read = new Reader(bytes, 'map of words');
  const magic = read.u32();
  const modelVersion = read.f64();
  const count = read.u32();
  const dim = read.u32();
  if (magic !== MAGIC || count > MOST_VECTORS || dim < 1 || dim > LIMITS.dim)
    throw new ProtocolError('BAD_MAP', `map of words: magic ${magic}, ${count} words of ${dim} columns`);
  const words = Array.from({ length: count }, () => read.string(WORD_BYTES));
  read.align();
  const scales = read.float32(count);
  const values = read.int8(count * dim);
  read.end();
  return { modelVersion, dim, words, scales, values };
}
