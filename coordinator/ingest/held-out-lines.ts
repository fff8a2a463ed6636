// Which lines of the corpus are held out of training: those whose words have the smallest hashes (piece-hash.ts).

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

/** A piece that may be held out. */
interface Candidate {
  readonly hash: number;
  /** Divided by single blanks. */
  readonly words: string;
  /** Tokens that count, of all its occurrences. */
  readonly tokens: number;
}

/** What a selection has found. Structured-cloneable: those of several threads meet in one. */
export interface Selected {
  /** Pieces with this hash or a higher one are out of the question. */
  readonly limit: number;
  readonly candidates: readonly Candidate[];
}

/** Finds the held-out pieces while the corpus is counted, in memory that its size does not touch. */
export class HeldOutSelection {
  readonly #candidates = new Map<number, Candidate>();
  /** Tokens of the candidates. */
  #tokens = 0;
  #limit = 2 ** 32;

  /** Occurrences of a piece: its hash, how many of its tokens count, and its words, which are hardly ever asked for. */
  offer(hash: number, tokens: number, words: () => string): void {
    if (tokens === 0 || hash >= this.#limit) return;
    const known = this.#candidates.get(hash);
    this.#candidates.set(hash, { hash, words: known?.words ?? words(), tokens: (known?.tokens ?? 0) + tokens });
    this.#tokens += tokens;
    // Twice the most, so that sorting is rare.
    if (this.#tokens > 2 * MOST_TOKENS) this.#prune(MOST_TOKENS);
  }

  /** For `merge` of another selection. */
  get selected(): Selected {
    return { limit: this.#limit, candidates: [...this.#candidates.values()] };
  }

  /** Goes on as if it had been offered the text of the other as well. */
  merge({ limit, candidates }: Selected): void {
    // What the other dropped would be dropped here, were all of its occurrences known.
    this.#limit = Math.min(this.#limit, limit);
    for (const { hash, tokens } of this.#candidates.values()) {
      if (hash < this.#limit) continue;
      this.#candidates.delete(hash);
      this.#tokens -= tokens;
    }
    for (const { hash, tokens, words } of candidates) this.offer(hash, tokens, () => words);
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
