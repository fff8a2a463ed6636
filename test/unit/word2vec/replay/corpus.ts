// Two small corpora on which word2vec.c's own draws can be replayed.

/** A line of words a, b, c…, by a generator of their numbers. */
function line(words: number, next: () => number): string {
  return Array.from({ length: words }, () => String.fromCharCode(97 + next())).join(' ');
}

/** Numbers 0..kinds-1, low ones more often. */
function skewed(seed: number, kinds: number): () => number {
  let state = seed;
  const uniform = (): number => (state = (state * 48_271) % 2_147_483_647) / 2_147_483_647;
  return () => Math.floor(uniform() ** 1.2 * kinds);
}

/**
 * Short lines, the more frequent words subsampled. Line ends are the most frequent word, as word2vec.c's tree wants
 * its first word to be; each line ends in a word rare enough to be always kept, so that none is empty.
 */
export function shortLines(): string[] {
  const next = skewed(7, 12);
  return Array.from({ length: 320 }, (_, at) => `${line(4 + (at % 5), next)} ${String.fromCharCode(109 + (at % 7))}`);
}

/** One line that is cut into sentences of 1,000 words, and long enough for steps of the learning rate. */
export function longLine(): string[] {
  return [line(12_000, skewed(11, 9))];
}
