// Analogy questions looked up once, to be asked again and again while the vectors change, a few rows at a time.

import { RESTRICT_VOCABULARY } from './analogies.ts';
import { foldedVocabulary } from './folded-vocabulary.ts';
import type { Question, QuestionSection } from './question-files.ts';

/** Questions that are asked at most. */
export const MOST_PROBE_QUESTIONS = 200;

/** A question all of whose words are known. */
interface Known {
  /** Of a, b, c. */
  readonly rows: readonly [number, number, number];
  /** Upper case. */
  readonly expected: string;
  /** Words that are no answer: those of the question, in upper case. */
  readonly asked: ReadonlySet<string>;
}

export class AnalogyProbe {
  readonly #words: readonly string[];
  readonly #restrict: number;
  readonly #known: readonly Known[];
  /** Questions of which all words are known, asked or not. */
  readonly found: number;

  /**
   * Where more are known than are asked, they are taken evenly from all over the file, always the same ones.
   * @param words of the rows; case folded, as gensim's evaluate_word_analogies does
   */
  constructor(
    words: readonly string[],
    sections: readonly QuestionSection[],
    most: number = MOST_PROBE_QUESTIONS,
    restrict: number = RESTRICT_VOCABULARY,
  ) {
    this.#words = words;
    this.#restrict = Math.min(restrict, words.length);
    const vocabulary = foldedVocabulary(words, this.#restrict);
    const known = sections.flatMap(({ questions }) =>
      questions.flatMap((question) => look(question, vocabulary) ?? []),
    );
    this.found = known.length;
    const asked = Math.min(most, known.length);
    this.#known = Array.from({ length: asked }, (_, k) => known[Math.floor((k * known.length) / asked)]!);
  }

  /** Questions that are asked each time. */
  get asked(): number {
    return this.#known.length;
  }

  /**
   * Share of questions whose answer is the word nearest to b - a + c (3CosAdd); null where none is asked. The values
   * may change meanwhile: a row's length is taken with its products. It yields after every `stepValues` values read.
   * @param values (V, D) row-major
   */
  *share(values: Float32Array, dim: number, stepValues: number): Generator<undefined, number | null> {
    const questions = this.#known;
    if (questions.length === 0) return null;
    const directions = new Float64Array(questions.length * dim);
    for (const [q, { rows }] of questions.entries()) {
      for (const [k, row] of rows.entries()) {
        const weight = (k === 0 ? -1 : 1) * inverseLength(values, row * dim, dim);
        for (let d = 0; d < dim; d++) directions[q * dim + d]! += weight * values[row * dim + d]!;
      }
    }
    const best = new Int32Array(questions.length).fill(-1);
    const scores = new Float64Array(questions.length).fill(-Infinity);
    let read = 0;
    for (let row = 0; row < this.#restrict; row++) {
      const scale = inverseLength(values, row * dim, dim);
      for (let q = 0; q < questions.length; q++) {
        let dot = 0;
        for (let d = 0; d < dim; d++) dot += values[row * dim + d]! * directions[q * dim + d]!;
        const score = dot * scale;
        // Nearly never true, so the words are compared last.
        if (score > scores[q]! && !questions[q]!.asked.has(this.#words[row]!.toUpperCase())) {
          scores[q] = score;
          best[q] = row;
        }
      }
      read += questions.length * dim;
      if (read < stepValues) continue;
      read = 0;
      yield;
    }
    const right = questions.filter(({ expected }, q) => this.#words[best[q]!]?.toUpperCase() === expected);
    return right.length / questions.length;
  }
}

function look({ a, b, c, expected }: Question, vocabulary: ReadonlyMap<string, number>): Known | null {
  const [A, B, C, answer] = [a, b, c, expected].map((word) => word.toUpperCase()) as [string, string, string, string];
  const rows = [vocabulary.get(A), vocabulary.get(B), vocabulary.get(C)] as const;
  const [rowA, rowB, rowC] = rows;
  if (rowA === undefined || rowB === undefined || rowC === undefined || !vocabulary.has(answer)) return null;
  return { rows: [rowA, rowB, rowC], expected: answer, asked: new Set([A, B, C]) };
}

/** 0 for a row of zeros. */
function inverseLength(values: Float32Array, at: number, dim: number): number {
  let sum = 0;
  for (let d = 0; d < dim; d++) sum += values[at + d]! ** 2;
  return sum === 0 ? 0 : 1 / Math.sqrt(sum);
}
