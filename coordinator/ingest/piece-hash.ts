// The hash of a piece of a line, by which lines are held out: of its words alone, in their order.
import { mix32, STREAM, streamKey } from '../../word2vec/random.ts';
import { encodeUtf8 } from '../../word2vec/utf8.ts';

/**
 * The hash is of the words alone: no size of a split, order of files, blank or compression changes what is held out, a
 * line that stands in the corpus twice is never both trained and held out, and runs of one corpus with different
 * settings or seeds are measured on the same lines.
 */
export const PIECE_START = streamKey(0, STREAM.heldOut);

/** Words of a piece: longer lines are held out in pieces, since some corpora are a single line. */
export const PIECE_WORDS = 100;

/** Hash of one word, bytes [from, to) of UTF-8: FNV-1a with a finaliser. Any 32-bit integer. */
export function wordHash(bytes: Uint8Array, from: number, to: number): number {
  let hash = PIECE_START;
  for (let at = from; at < to; at++) hash = Math.imul(hash ^ bytes[at]!, 0x01000193);
  return mix32(hash) | 0;
}

/** The hash of a piece (PIECE_START when empty) with one more word: uniform on 0..2^32-1. */
export function withWord(piece: number, word: number): number {
  return mix32(piece ^ word);
}

/** Hash of a whole piece. */
export function pieceHash(words: readonly string[]): number {
  return words.reduce((piece, word) => {
    const bytes = encodeUtf8(word);
    return withWord(piece, wordHash(bytes, 0, bytes.length));
  }, PIECE_START);
}
