// The vocabulary: words by descending count, so that an id is a frequency rank.
import { Word2vecError } from './errors.ts';
import { mix32 } from './random.ts';

export interface Vocabulary {
  /** Word of each id, most frequent first; equal counts are ordered by code unit, so the order is total. */
  readonly words: readonly string[];
  /** Occurrences of each id in one epoch of the corpus. */
  readonly counts: Float64Array;
  /** Sum of `counts`: in-vocabulary tokens in one epoch. */
  readonly total: number;
}

export interface VocabularyRules {
  /** Words seen less often are left out. */
  readonly minCount: number;
  /** At most so many words are kept, the most frequent first. */
  readonly maxVocab: number;
}

/** Words with their counts, such as a Map; those below the rules' least count may be missing, but are in the size. */
export interface WordCounts extends Iterable<readonly [word: string, count: number]> {
  readonly size: number;
}

/**
 * Orders and cuts counted words as word2vec.c does (SortVocab).
 * @throws Word2vecError VOCABULARY_TOO_SMALL when fewer than two words remain: no negative could be drawn.
 */
export function buildVocabulary(counted: WordCounts, rules: VocabularyRules): Vocabulary {
  const kept: (readonly [string, number])[] = [];
  for (const entry of counted) if (entry[1] >= rules.minCount) kept.push(entry);
  kept.sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1));
  if (kept.length > rules.maxVocab) kept.length = rules.maxVocab;
  if (kept.length < 2) {
    throw new Word2vecError(
      'VOCABULARY_TOO_SMALL',
      `only ${kept.length} of ${counted.size} different words occur at least ${rules.minCount} times; training needs two or more`,
    );
  }
  const counts = Float64Array.from(kept, (entry) => entry[1]);
  return { words: kept.map((entry) => entry[0]), counts, total: counts.reduce((sum, count) => sum + count, 0) };
}

/**
 * Probability of keeping an occurrence of a word seen `count` times among `total` tokens:
 * (sqrt(c/(sT)) + 1) · sT/c, word2vec.c ReadWord; 1 when `sample` is 0.
 */
export function keepProbability(count: number, total: number, sample: number): number {
  if (sample <= 0) return 1;
  const ratio = count / (sample * total);
  return Math.min(1, (Math.sqrt(ratio) + 1) / ratio);
}

/** Per id, the bound below which a 32-bit hash keeps the token; 2^32 keeps always. Shape (V). */
export function keepBounds({ counts, total }: Pick<Vocabulary, 'counts' | 'total'>, sample: number): Float64Array {
  return counts.map((count) => Math.floor(keepProbability(count, total, sample) * 4294967296));
}

/** Expected occurrences of each id after subsampling, in one epoch. Shape (V). */
export function keptCounts(counts: Float64Array, sample: number): Float64Array {
  const total = counts.reduce((sum, count) => sum + count, 0);
  return counts.map((count) => count * keepProbability(count, total, sample));
}

/** A 64-bit fingerprint of words and counts, as 16 hex digits: equal vocabularies and only those resume one another. */
export function fingerprint(vocabulary: Vocabulary): string {
  let low = 0x811c9dc5;
  let high = 0xcbf29ce4;
  for (let id = 0; id < vocabulary.words.length; id++) {
    const word = vocabulary.words[id] ?? '';
    for (let at = 0; at < word.length; at++) low = Math.imul(low ^ word.charCodeAt(at), 0x01000193);
    const count = vocabulary.counts[id] ?? 0;
    low = Math.imul(low ^ (count % 4294967296), 0x01000193);
    high = mix32(high ^ low);
  }
  return high.toString(16).padStart(8, '0') + mix32(low).toString(16).padStart(8, '0');
}
