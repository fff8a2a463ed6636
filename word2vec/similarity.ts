// Nearest neighbours by cosine, with gensim's meaning of positive and negative words.

import { Word2vecError } from './errors.ts';
import { nearSpellings } from './spelling.ts';
import type { WordVectors } from './vector-file.ts';

/** Unknown words of a query for which near spellings are looked up. */
const MOST_SPELLED = 2;

export interface Neighbour {
  readonly word: string;
  readonly similarity: number; // cosine, -1 to 1
}

/** One query; builds the index anew each time. Throws as `NearestNeighbours.nearest` does. */
export function mostSimilar(
  vectors: WordVectors,
  positive: readonly string[],
  negative: readonly string[] = [],
  top = 10,
): Neighbour[] {
  return new NearestNeighbours(vectors).nearest(positive, negative, top);
}

/** An index over word vectors: the lengths are computed once, the vectors are shared, not copied. */
export class NearestNeighbours {
  readonly #vectors: WordVectors;
  readonly #rows = new Map<string, number>(); // the first row of each word; gensim ignores duplicates too
  #inverseLengths: Float64Array | null = null; // (V); 0 for a zero vector; null until asked for

  constructor(vectors: WordVectors) {
    this.#vectors = vectors;
    for (const [row, word] of vectors.words.entries()) if (!this.#rows.has(word)) this.#rows.set(word, row);
  }

  /** Computes the lengths anew, after values have changed. */
  remeasure(): void {
    this.#inverseLengths = inverseLengths(this.#vectors);
  }

  /**
   * The `top` words whose vectors have the greatest cosine with the mean of the unit vectors of
   * `positive` and the negated ones of `negative`; the query's own words are left out.
   * Throws UNKNOWN_WORD (with near spellings), QUERY_EMPTY or QUERY_TOP.
   */
  nearest(positive: readonly string[], negative: readonly string[] = [], top = 10): Neighbour[] {
    const asked = this.#asked(positive, negative, top);
    const lengths = this.#lengths();
    const scales = asked.map((row) => lengths[row]!);
    const best = this.#best(this.#direction(asked, scales, positive.length), new Set(asked), top);
    return best.map(({ row, score }) => ({ word: this.#vectors.words[row]!, similarity: score }));
  }

  /**
   * As `nearest`, over values that may change meanwhile: each row's length is taken in the same step as its product,
   * so that no cosine mixes two states of a row. It yields after every `stepRows` rows, for other work.
   */
  *nearestNow(
    positive: readonly string[],
    negative: readonly string[],
    top: number,
    stepRows: number,
  ): Generator<undefined, Neighbour[]> {
    const { dim, values, words } = this.#vectors;
    const asked = this.#asked(positive, negative, top);
    const scales = asked.map((row) => inverseLength(values, row * dim, dim));
    const direction = this.#direction(asked, scales, positive.length);
    const excluded = new Set(asked);
    const best: Scored[] = [];
    for (let row = 0, at = 0; row < words.length; row++, at += dim) {
      if (row > 0 && row % stepRows === 0) yield;
      let dot = 0;
      for (let d = 0; d < dim; d++) dot += values[at + d]! * direction[d]!;
      if (!excluded.has(row)) offer(best, row, dot * inverseLength(values, at, dim), top);
    }
    return best.map(({ row, score }) => ({ word: words[row]!, similarity: score }));
  }

  #asked(positive: readonly string[], negative: readonly string[], top: number): number[] {
    if (positive.length + negative.length === 0)
      throw new Word2vecError('QUERY_EMPTY', 'the query names no word', 'Name at least one positive or negative word.');
    if (!Number.isInteger(top) || top < 1)
      throw new Word2vecError('QUERY_TOP', `${top} neighbours were asked for`, 'Ask for a whole number, 1 or more.');
    return this.#rowsOf([...positive, ...negative]);
  }

  /** Measured at the first use, which `nearestNow` is not. */
  #lengths(): Float64Array {
    return (this.#inverseLengths ??= inverseLengths(this.#vectors));
  }

  /** Cosine of two words. Throws UNKNOWN_WORD. */
  similarity(a: string, b: string): number {
    const [rowA, rowB] = this.#rowsOf([a, b]);
    const { dim, values } = this.#vectors;
    let dot = 0;
    for (let d = 0; d < dim; d++) dot += values[rowA! * dim + d]! * values[rowB! * dim + d]!;
    const lengths = this.#lengths();
    return dot * lengths[rowA!]! * lengths[rowB!]!;
  }

  #rowsOf(words: readonly string[]): number[] {
    const unknown = words.filter((word) => !this.#rows.has(word));
    if (unknown.length > 0) {
      const named = unknown.map((word, place) => {
        // Each walks through the whole vocabulary: enough for people, little for those who ask to keep us busy.
        const near = place < MOST_SPELLED ? nearSpellings(word, this.#vectors.words) : [];
        const suggestion = near.length === 0 ? '' : ` (near it: ${near.join(', ')})`;
        return `${JSON.stringify(word)}${suggestion}`;
      });
      throw new Word2vecError(
        'UNKNOWN_WORD',
        `not in the vocabulary: ${named.join(', ')}`,
        'Words are compared exactly, with their case; rare ones are cut by --min-count.',
      );
    }
    return words.map((word) => this.#rows.get(word)!);
  }

  /** Unit vector (D) of the query; all zero where the words cancel out. */
  #direction(rows: readonly number[], scales: readonly number[], positives: number): Float64Array {
    const { dim, values } = this.#vectors;
    const direction = new Float64Array(dim);
    for (const [i, row] of rows.entries()) {
      const weight = (i < positives ? 1 : -1) * scales[i]!;
      for (let d = 0; d < dim; d++) direction[d]! += weight * values[row * dim + d]!;
    }
    const length = Math.hypot(...direction);
    return length === 0 ? direction : direction.map((value) => value / length);
  }

  #best(direction: Float64Array, excluded: ReadonlySet<number>, top: number): Scored[] {
    const { dim, values, words } = this.#vectors;
    const lengths = this.#lengths();
    const best: Scored[] = [];
    for (let row = 0, at = 0; row < words.length; row++, at += dim) {
      let dot = 0;
      for (let d = 0; d < dim; d++) dot += values[at + d]! * direction[d]!;
      if (!excluded.has(row)) offer(best, row, dot * lengths[row]!, top);
    }
    return best;
  }
}

interface Scored {
  readonly row: number;
  readonly score: number; // cosine
}

/** Keeps the `top` best, descending; the earlier row first among equals. */
function offer(best: Scored[], row: number, score: number, top: number): void {
  if (best.length === top && score <= best[top - 1]!.score) return;
  let place = best.length;
  while (place > 0 && best[place - 1]!.score < score) place--;
  best.splice(place, 0, { row, score });
  if (best.length > top) best.pop();
}

/** 1/length of each of the first `count` rows; 0 for a zero vector, which is then like nothing. */
export function inverseLengths({ words, dim, values }: WordVectors, count = words.length): Float64Array {
  const lengths = new Float64Array(count);
  for (let row = 0, at = 0; row < count; row++, at += dim) {
    lengths[row] = inverseLength(values, at, dim);
  }
  return lengths;
}

/** Of the `dim` values from `at` on; 0 for a zero vector. */
function inverseLength(values: Float32Array, at: number, dim: number): number {
  let squares = 0;
  for (let k = at; k < at + dim; k++) squares += values[k]! * values[k]!;
  return squares === 0 ? 0 : 1 / Math.sqrt(squares);
}
