// A small model with relations between its words, for comparison with gensim: made by arithmetic, so no file is needed.

import type { WordVectors } from '../../../word2vec/vector-file.ts';

const DIM = 6;
const STEMS = 30;

/** Roots w0, w1, … and their plurals w0s, …; some also in capitals, later and so rarer. */
export function smallModel(): WordVectors {
  let state = 7;
  const noise = (): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 31 - 1;
  };
  const vector = (): number[] => Array.from({ length: DIM }, noise);
  const plural = vector();
  const rows = new Map<string, number[]>();
  for (let stem = 0; stem < STEMS; stem++) {
    const root = vector();
    rows.set(`w${stem}`, root);
    rows.set(
      `w${stem}s`,
      root.map((value, d) => value + 1.2 * plural[d]! + 0.35 * noise()),
    );
  }
  for (let stem = 0; stem < STEMS; stem += 3) {
    rows.set(
      `W${stem}`,
      rows.get(`w${stem}`)!.map((value) => value + 0.1 * noise()),
    );
    rows.set(
      `W${stem}S`,
      rows.get(`w${stem}s`)!.map((value) => value + 0.1 * noise()),
    );
  }
  return { words: [...rows.keys()], dim: DIM, values: Float32Array.from([...rows.values()].flat()) };
}

/** Every pair of stems asks for a plural; the second section also asks about words that do not exist. */
export function smallQuestions(): string {
  const lines = [': plurals'];
  for (let a = 0; a < STEMS; a++) for (let b = 0; b < STEMS; b++) if (a !== b) lines.push(`w${a} w${a}s W${b} W${b}s`);
  lines.push(': singulars and strangers');
  for (let a = 0; a < STEMS + 4; a++) lines.push(`w${a}s w${a} w${(a + 5) % STEMS}s w${(a + 5) % STEMS}`);
  return `${lines.join('\n')}\n`;
}

/** Ratings with ties, and a few unknown words. */
export function smallPairs(): string {
  const lines = ['# word\tword\trating'];
  for (let i = 0; i < 60; i++) lines.push(`w${(i * 7) % STEMS}\tW${(i * 10 + 1) % (STEMS + 3)}s\t${(i * 13) % 10}`);
  return `${lines.join('\n')}\n`;
}
