// Words looked up without regard to case, as gensim's evaluations do it.

/** Upper-case word → its first, so most frequent, row among the first `limit`. */
export function foldedVocabulary(words: readonly string[], limit: number): Map<string, number> {
  const rows = new Map<string, number>();
  const count = Math.min(limit, words.length);
  for (let row = 0; row < count; row++) {
    const folded = words[row]!.toUpperCase();
    if (!rows.has(folded)) rows.set(folded, row);
  }
  return rows;
}
