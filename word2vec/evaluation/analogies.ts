// Analogy questions scored as gensim's evaluate_word_analogies does: 3CosAdd, case folded.

import { inverseLengths } from '../similarity.ts';
import type { WordVectors } from '../vector-file.ts';
import { foldedVocabulary } from './folded-vocabulary.ts';
import type { Question, QuestionSection } from './question-files.ts';

export interface AnalogyScore {
  readonly correct: number;
  readonly asked: number; // all four words known
  readonly skipped: number; // at least one word unknown
  readonly accuracy: number | null; // correct / asked, 0 to 1; null where none was asked
}

export interface AnalogyScores {
  readonly total: AnalogyScore;
  readonly sections: readonly (AnalogyScore & { readonly name: string })[];
}

/** gensim's default: only the most frequent words are asked about and can be answers. */
export const RESTRICT_VOCABULARY = 30_000;

/** gensim looks at the five nearest words for one that is not in the question under another case. */
const CANDIDATES = 5;
/** Cosines held at a time: question words × a block of rows. */
const BLOCK_COSINES = 1 << 21;

/** A question whose words are rows of the restricted, folded vocabulary. */
interface Asked {
  readonly section: number;
  readonly question: Question; // upper case
  readonly rows: readonly [number, number, number]; // of a, b, c; never an answer
  readonly terms: readonly [number, number, number]; // of a, b, c: indices into the question words
}

/** Scores the sections; `restrict` most frequent words take part. */
export function scoreAnalogies(
  vectors: WordVectors,
  sections: readonly QuestionSection[],
  restrict: number = RESTRICT_VOCABULARY,
): AnalogyScores {
  const count = Math.min(restrict, vectors.words.length);
  const vocabulary = foldedVocabulary(vectors.words, count);
  const terms = new Map<number, number>(); // row of a question word → its index among the question words
  const termOf = (row: number): number => {
    const known = terms.get(row);
    if (known !== undefined) return known;
    terms.set(row, terms.size);
    return terms.size - 1;
  };
  const asked: Asked[] = [];
  const skipped = sections.map(() => 0);
  for (const [section, { questions }] of sections.entries()) {
    for (const each of questions) {
      const question = folded(each);
      const a = vocabulary.get(question.a);
      const b = vocabulary.get(question.b);
      const c = vocabulary.get(question.c);
      if (a === undefined || b === undefined || c === undefined || !vocabulary.has(question.expected))
        skipped[section]!++;
      else asked.push({ section, question, rows: [a, b, c], terms: [termOf(a), termOf(b), termOf(c)] });
    }
  }
  const nearest = nearestRows(vectors, count, asked, [...terms.keys()]);
  const correct = sections.map(() => 0);
  const answered = sections.map(() => 0);
  for (const [q, { section, question }] of asked.entries()) {
    answered[section]!++;
    if (answer(vectors.words, nearest, q, question) === question.expected) correct[section]!++;
  }
  return {
    total: score(sum(correct), sum(answered), sum(skipped)),
    sections: sections.map(({ name }, s) => ({ name, ...score(correct[s]!, answered[s]!, skipped[s]!) })),
  };
}

function folded({ a, b, c, expected }: Question): Question {
  return { a: a.toUpperCase(), b: b.toUpperCase(), c: c.toUpperCase(), expected: expected.toUpperCase() };
}

/** The first candidate that is not a word of the question; where all five are, gensim is left with the last. */
function answer(words: readonly string[], nearest: Int32Array, q: number, { a, b, c }: Question): string | undefined {
  let predicted: string | undefined;
  for (const row of nearest.subarray(q * CANDIDATES, (q + 1) * CANDIDATES)) {
    if (row < 0) break;
    predicted = words[row]!.toUpperCase();
    if (predicted !== a && predicted !== b && predicted !== c) break;
  }
  return predicted;
}

/**
 * (questions, CANDIDATES) rows with the greatest cos(b) - cos(a) + cos(c), best first, -1 where there are fewer.
 *
 * The cosine with b - a + c is linear in the three, so each question word is multiplied with the
 * matrix once, however many questions it appears in: 905 products instead of 19,544 for questions-words.
 */
function nearestRows(
  vectors: WordVectors,
  count: number,
  asked: readonly Asked[],
  terms: readonly number[],
): Int32Array {
  const { dim } = vectors;
  const units = unitRows(vectors, count);
  const best = new Int32Array(asked.length * CANDIDATES).fill(-1);
  const scores = new Float32Array(asked.length * CANDIDATES).fill(-Infinity);
  const blockRows = Math.max(4, Math.min(count, Math.floor(BLOCK_COSINES / Math.max(1, terms.length))));
  const cosines = new Float32Array(terms.length * blockRows);
  for (let first = 0; first < count; first += blockRows) {
    const rows = Math.min(blockRows, count - first);
    for (const [term, row] of terms.entries()) cosinesOfBlock(units, dim, row, first, rows, cosines, term * blockRows);
    for (const [q, question] of asked.entries()) {
      const [a, b, c] = question.rows;
      const atA = question.terms[0] * blockRows;
      const atB = question.terms[1] * blockRows;
      const atC = question.terms[2] * blockRows;
      const last = q * CANDIDATES + CANDIDATES - 1;
      for (let r = 0; r < rows; r++) {
        const value = cosines[atB + r]! - cosines[atA + r]! + cosines[atC + r]!;
        const row = first + r;
        if (value > scores[last]! && row !== a && row !== b && row !== c)
          insert(scores, best, q * CANDIDATES, value, row);
      }
    }
  }
  return best;
}

/** Puts (value, row) into the CANDIDATES places from `at`, which are in descending order; the last falls out. */
function insert(scores: Float32Array, rows: Int32Array, at: number, value: number, row: number): void {
  let place = at + CANDIDATES - 1;
  for (; place > at && scores[place - 1]! < value; place--) {
    scores[place] = scores[place - 1]!;
    rows[place] = rows[place - 1]!;
  }
  scores[place] = value;
  rows[place] = row;
}

/** into[at + r] = units[row] · units[first + r] for r < rows, four rows at a time so that they share the loads. */
function cosinesOfBlock(
  units: Float32Array,
  dim: number,
  row: number,
  first: number,
  rows: number,
  into: Float32Array,
  at: number,
): void {
  const base = row * dim;
  let r = 0;
  for (; r + 4 <= rows; r += 4) {
    const row0 = (first + r) * dim;
    const row1 = row0 + dim;
    const row2 = row1 + dim;
    const row3 = row2 + dim;
    let dot0 = 0;
    let dot1 = 0;
    let dot2 = 0;
    let dot3 = 0;
    for (let d = 0; d < dim; d++) {
      const value = units[base + d]!;
      dot0 += value * units[row0 + d]!;
      dot1 += value * units[row1 + d]!;
      dot2 += value * units[row2 + d]!;
      dot3 += value * units[row3 + d]!;
    }
    into[at + r] = dot0;
    into[at + r + 1] = dot1;
    into[at + r + 2] = dot2;
    into[at + r + 3] = dot3;
  }
  for (; r < rows; r++) {
    let dot = 0;
    for (let d = 0; d < dim; d++) dot += units[base + d]! * units[(first + r) * dim + d]!;
    into[at + r] = dot;
  }
}

/** (count, D) copies of the first rows, each of length 1. */
function unitRows(vectors: WordVectors, count: number): Float32Array {
  const { dim, values } = vectors;
  const lengths = inverseLengths(vectors, count);
  const units = new Float32Array(count * dim);
  for (let row = 0, at = 0; row < count; row++)
    for (let d = 0; d < dim; d++, at++) units[at] = values[at]! * lengths[row]!;
  return units;
}

function score(correct: number, asked: number, skipped: number): AnalogyScore {
  return { correct, asked, skipped, accuracy: asked === 0 ? null : correct / asked };
}

function sum(counts: readonly number[]): number {
  return counts.reduce((total, count) => total + count, 0);
}
