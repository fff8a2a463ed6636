// Rated word pairs looked up once, to be scored again and again while the vectors change.

import { foldedVocabulary } from './folded-vocabulary.ts';
import { RESTRICT_PAIR_VOCABULARY, spearman } from './pair-similarity.ts';
import type { RatedPair } from './question-files.ts';

export class PairProbe {
  readonly #ratings: number[] = [];
  /** Rows of the two words of each pair that is known. Shape (2 × found). */
  readonly #rows: number[] = [];

  /** @param words of the rows; case folded, as gensim's evaluate_word_pairs does */
  constructor(words: readonly string[], pairs: readonly RatedPair[]) {
    const vocabulary = foldedVocabulary(words, RESTRICT_PAIR_VOCABULARY);
    for (const { a, b, rating } of pairs) {
      const [rowA, rowB] = [vocabulary.get(a.toUpperCase()), vocabulary.get(b.toUpperCase())];
      if (rowA === undefined || rowB === undefined) continue;
      this.#ratings.push(rating);
      this.#rows.push(rowA, rowB);
    }
  }

  /** Pairs of which both words are known. */
  get found(): number {
    return this.#ratings.length;
  }

  /**
   * Spearman's ρ of ratings and cosines; null where it is undefined (fewer than two pairs, or all tied).
   * @param values (V, D) row-major
   */
  rho(values: Float32Array, dim: number): number | null {
    return spearman(
      this.#ratings,
      this.#ratings.map((_, k) => cosine(values, dim, this.#rows[2 * k]! * dim, this.#rows[2 * k + 1]! * dim)),
    );
  }
}

function cosine(values: Float32Array, dim: number, a: number, b: number): number {
  let [ab, aa, bb] = [0, 0, 0];
  for (let d = 0; d < dim; d++) {
    ab += values[a + d]! * values[b + d]!;
    aa += values[a + d]! ** 2;
    bb += values[b + d]! ** 2;
  }
  return aa === 0 || bb === 0 ? 0 : ab / Math.sqrt(aa * bb);
}
