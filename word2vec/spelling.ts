// Known words that an unknown one may have been meant to be.

/**
 * Up to `limit` of `words` that differ from `word` by case alone, then those one edit away (a letter
 * inserted, left out, replaced, or swapped with its neighbour), in the order of `words`.
 */
export function nearSpellings(word: string, words: readonly string[], limit = 3): string[] {
  const folded = word.toLowerCase();
  const sameLetters: string[] = [];
  const oneEdit: string[] = [];
  for (const known of words) {
    if (Math.abs(known.length - word.length) > 1) continue;
    const candidate = known.toLowerCase();
    if (candidate === folded) sameLetters.push(known);
    else if (oneEdit.length < limit && isOneEdit(candidate, folded)) oneEdit.push(known);
    if (sameLetters.length >= limit) break;
  }
  return [...sameLetters, ...oneEdit].slice(0, limit);
}

function isOneEdit(a: string, b: string): boolean {
  let head = 0;
  while (head < a.length && a[head] === b[head]) head++;
  let tail = 0;
  const room = Math.min(a.length, b.length) - head;
  while (tail < room && a[a.length - 1 - tail] === b[b.length - 1 - tail]) tail++;
  const restA = a.length - head - tail;
  const restB = b.length - head - tail;
  if (restA <= 1 && restB <= 1) return true;
  return restA === 2 && restB === 2 && a[head] === b[head + 1] && a[head + 1] === b[head];
}
