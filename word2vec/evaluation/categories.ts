// A small built-in probe for runs without evaluation files: do words of one kind lie together?
import type { WordVectors } from '../vector-file.ts';

/** Common words of plain kinds; no word stands in two. */
export const CATEGORIES: Readonly<Record<string, readonly string[]>> = {
  family: ['mother', 'father', 'brother', 'sister', 'wife', 'husband', 'son', 'daughter', 'uncle', 'aunt'],
  body: ['hand', 'head', 'eyes', 'face', 'arm', 'foot', 'fingers', 'mouth', 'shoulder', 'hair'],
  numbers: ['two', 'three', 'four', 'five', 'six', 'seven', 'eight', 'nine', 'ten', 'twenty'],
  time: ['day', 'week', 'month', 'year', 'hour', 'minute', 'morning', 'evening', 'night', 'afternoon'],
  colours: ['red', 'blue', 'green', 'yellow', 'white', 'black', 'brown', 'gray', 'pink', 'purple'],
  house: ['door', 'window', 'room', 'floor', 'wall', 'kitchen', 'table', 'chair', 'bed', 'roof'],
  government: ['president', 'congress', 'senate', 'law', 'court', 'government', 'policy', 'vote', 'state', 'federal'],
  motion: ['walked', 'ran', 'turned', 'moved', 'came', 'went', 'climbed', 'stepped', 'jumped', 'rode'],
};

export interface CategoryScore {
  /** Words found whose nearest word, among all words found, is of their own kind. */
  readonly correct: number;
  readonly found: number;
  readonly words: number;
  /** Expected share of correct ones if vectors were random. */
  readonly chance: number;
}

export function scoreCategories(vectors: WordVectors): CategoryScore {
  const { dim, values } = vectors;
  const ids = new Map(vectors.words.map((word, id) => [word, id]));
  const found: { readonly id: number; readonly kind: string; readonly length: number }[] = [];
  let words = 0;
  for (const [kind, members] of Object.entries(CATEGORIES)) {
    for (const member of members) {
      words++;
      const id = ids.get(member);
      if (id === undefined) continue;
      found.push({ id, kind, length: Math.sqrt(product(values, id, id, dim)) || 1 });
    }
  }
  let correct = 0;
  let chance = 0;
  for (const one of found) {
    let best = -Infinity;
    let bestKind = '';
    let own = 0;
    for (const other of found) {
      if (other.id === one.id) continue;
      if (other.kind === one.kind) own++;
      const cosine = product(values, one.id, other.id, dim) / (one.length * other.length);
      if (cosine > best) {
        best = cosine;
        bestKind = other.kind;
      }
    }
    if (bestKind === one.kind) correct++;
    if (found.length > 1) chance += own / (found.length - 1) / found.length;
  }
  return { correct, found: found.length, words, chance };
}

function product(values: Float32Array, a: number, b: number, dim: number): number {
  let sum = 0;
  for (let d = 0; d < dim; d++) sum += values[a * dim + d]! * values[b * dim + d]!;
  return sum;
}
