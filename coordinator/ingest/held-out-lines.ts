// Which lines of the corpus are held out of training: those whose words have the smallest hashes.
import { mix32, STREAM, streamKey } from '../../word2vec/random.ts';

/**
 * The hash is of the words alone: no size of a split, order of files, blank or compression changes what is held out, a
 * line that stands in the corpus twice is never both trained and held out, and runs of one corpus with different
 * settings or seeds are measured on the same lines.
 */
const KEY = streamKey(0, STREAM.heldOut);

/** Words of a piece: longer lines are held out in pieces, since some corpora are a single line. */
export const PIECE_WORDS = 100;

/** Held-out tokens, at most. */
const MOST_TOKENS = 20_000;
/** … and at most this share of the corpus, */
const SHARE = 0.005;
/** but so many tokens of a small one (about 50 sentences), as long as they are at most this share. */
const SMALL_TOKENS = 1000;
const SMALL_SHARE = 0.02;
/** Fewer say nothing: a smaller corpus is trained whole. */
const LEAST_TOKENS = 500;

export interface HeldOutLines {
  /** Pieces with a hash below are held out; 0 when none are. */
  readonly limit: number;
  /** The words of each piece, divided by single blanks; every piece once, however often the corpus has it. */
  readonly lines: readonly string[];
}

/** Tokens that may be held out of a corpus of `tokens`, repetitions included; 0 for one that is too small. */
export function heldOutBudget(tokens: number): number {
  const budget = Math.min(MOST_TOKENS, Math.max(tokens * SHARE, Math.min(SMALL_TOKENS, tokens * SMALL_SHARE)));
  return budget < LEAST_TOKENS ? 0 : Math.floor(budget);
}

/** Hash of words [from, to), as FNV-1a with a finaliser: uniform on 0..2^32-1. Empty words do not count. */
export function pieceHash(words: readonly string[], from: number, to: number): number {
  let hash = KEY;
  for (let k = from; k < to; k++) {
    const word = words[k]!;
    if (word === '') continue;
    for (let at = 0; at < word.length; at++) hash = Math.imul(hash ^ word.charCodeAt(at), 0x01000193);
    hash = Math.imul(hash ^ 0x20, 0x01000193);
  }
  return mix32(hash);
}

interface Candidate {
  readonly words: string;
  /** Tokens of all its occurrences. */
  tokens: number;
}

/** Finds the held-out pieces while the corpus is counted, in memory that its size does not touch. */
export class HeldOutSelection {
  readonly #candidates = new Map<number, Candidate>();
  /** Tokens of the candidates. */
  #tokens = 0;
  #limit = 2 ** 32;

  /** A piece of the corpus: words [from, to) of a line, and how many of them count. */
  offer(words: readonly string[], from: number, to: number, tokens: number): void {
    if (tokens === 0) return;
    const hash = pieceHash(words, from, to);
    if (hash >= this.#limit) return;
    const known = this.#candidates.get(hash);
    if (known !== undefined) known.tokens += tokens;
    else {
      const text = words.slice(from, to).filter((word) => word !== '');
      this.#candidates.set(hash, { words: text.join(' '), tokens });
    }
    this.#tokens += tokens;
    // Twice the most, so that sorting is rare.
    if (this.#tokens > 2 * MOST_TOKENS) this.#prune(MOST_TOKENS);
  }

  /**
   * Keeps the smallest hashes for as long as their tokens fit. What is dropped would be dropped later all the same,
   * since tokens only grow: the end does not depend on the order of the offers.
   */
  #prune(budget: number): void {
    const hashes = [...this.#candidates.keys()].toSorted((a, b) => a - b);
    let tokens = 0;
    let kept = 0;
    for (const hash of hashes) {
      tokens += this.#candidates.get(hash)!.tokens;
      if (tokens > budget) break;
      kept++;
      this.#tokens = tokens;
    }
    if (kept === 0) this.#tokens = 0;
    if (kept < hashes.length) this.#limit = hashes[kept]!;
    for (const hash of hashes.slice(kept)) this.#candidates.delete(hash);
  }

  /** @param tokens of the whole corpus */
  finish(tokens: number): HeldOutLines {
    this.#prune(heldOutBudget(tokens));
    const hashes = [...this.#candidates.keys()].toSorted((a, b) => a - b);
    return {
      limit: hashes.length === 0 ? 0 : hashes.at(-1)! + 1,
      lines: hashes.map((hash) => this.#candidates.get(hash)!.words),
    };
  }
}
