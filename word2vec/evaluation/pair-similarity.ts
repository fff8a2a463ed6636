// Rated word pairs scored as gensim's evaluate_word_pairs does: Spearman's ρ, case folded.

import { NearestNeighbours } from '../similarity.ts';
import type { WordVectors } from '../vector-file.ts';
import { foldedVocabulary } from './folded-vocabulary.ts';
import type { RatedPair } from './question-files.ts';

export interface PairScore {
  readonly rho: number | null; // Spearman's ρ, -1 to 1; null where it is undefined (fewer than two pairs, or all tied)
  readonly found: number; // pairs with both words known
  readonly pairs: number; // pairs in the file
}

/** gensim's default for word pairs: rarer words count as unknown. */
export const RESTRICT_PAIR_VOCABULARY = 300_000;

export function scorePairs(
  vectors: WordVectors,
  pairs: readonly RatedPair[],
  neighbours: NearestNeighbours = new NearestNeighbours(vectors),
): PairScore {
  const vocabulary = foldedVocabulary(vectors.words, RESTRICT_PAIR_VOCABULARY);
  const ratings: number[] = [];
  const cosines: number[] = [];
  for (const { a, b, rating } of pairs) {
    const rowA = vocabulary.get(a.toUpperCase());
    const rowB = vocabulary.get(b.toUpperCase());
    if (rowA === undefined || rowB === undefined) continue;
    ratings.push(rating);
    cosines.push(neighbours.similarity(vectors.words[rowA]!, vectors.words[rowB]!));
  }
  return { rho: spearman(ratings, cosines), found: ratings.length, pairs: pairs.length };
}

/** Spearman's ρ of two lists of one length: Pearson's r of their ranks, tied values sharing the mean rank. */
export function spearman(xs: readonly number[], ys: readonly number[]): number | null {
  const ranksX = averageRanks(xs);
  const ranksY = averageRanks(ys);
  const mean = (xs.length + 1) / 2;
  let xy = 0;
  let xx = 0;
  let yy = 0;
  for (let i = 0; i < ranksX.length; i++) {
    const dx = ranksX[i]! - mean;
    const dy = ranksY[i]! - mean;
    xy += dx * dy;
    xx += dx * dx;
    yy += dy * dy;
  }
  return xx === 0 || yy === 0 ? null : xy / Math.sqrt(xx * yy);
}

/** Rank of each value from 1, the mean of their ranks for values that are equal. */
function averageRanks(values: readonly number[]): Float64Array {
  const order = Array.from(values.keys()).sort((i, j) => values[i]! - values[j]!);
  const ranks = new Float64Array(values.length);
  for (let from = 0; from < order.length;) {
    let to = from + 1;
    while (to < order.length && values[order[to]!] === values[order[from]!]) to++;
    for (let i = from; i < to; i++) ranks[order[i]!] = (from + 1 + to) / 2;
    from = to;
  }
  return ranks;
}
