// Vectors to figures, and figures of several seeds to mean and spread.
import { basename } from 'node:path';
import { evaluateModel } from '../../coordinator/library/evaluation.ts';
import { readVectors } from '../../coordinator/settings/input-files.ts';
import type { SequentialObjective } from '../../word2vec/sequential-walk.ts';
import type { ParityRun, ProgramName } from './settings.ts';

/** One measure of one model. */
interface Score {
  readonly measure: string; // 'analogies', or a similarity file's name
  /** Accuracy in percent, or Spearman's ρ. */
  readonly value: number;
  /** Questions or pairs that it is of. */
  readonly found: number;
}

export interface ScoredRun extends ParityRun {
  /** Wall clock of the whole process; null where the vectors were there already. */
  readonly seconds: number | null;
  readonly words: number;
  readonly scores: readonly Score[];
}

/** Mean and sample standard deviation over seeds. */
export interface Spread {
  readonly objective: SequentialObjective;
  readonly program: ProgramName;
  readonly measure: string;
  readonly runs: number;
  readonly mean: number;
  /** null for one run. */
  readonly sd: number | null;
}

/** The reference's mean beside that of the other programs' means. */
export interface Difference {
  readonly objective: SequentialObjective;
  readonly measure: string;
  /** Mean of the means of the others. */
  readonly others: number;
  readonly difference: number;
  /** How far apart they may be: 1 point of analogies, 0.01 of ρ. */
  readonly bar: number;
}

export const ANALOGIES = 'analogies';
const BAR = { analogies: 1, similarity: 0.01 } as const;

export interface EvaluationSets {
  readonly questions?: string;
  readonly similarity?: readonly string[];
}

export async function scoresOf(vectors: string, sets: EvaluationSets): Promise<Pick<ScoredRun, 'words' | 'scores'>> {
  const { words, analogies, similarity } = await evaluateModel(await readVectors(vectors), sets);
  const scores: Score[] = similarity.map(({ file, rho, found }) => ({
    measure: basename(file),
    value: rho ?? 0,
    found,
  }));
  if (analogies !== null) {
    const { accuracy, asked } = analogies.total;
    scores.unshift({ measure: ANALOGIES, value: 100 * (accuracy ?? 0), found: asked });
  }
  return { words, scores };
}

/** In the order of objectives and measures, so that programs stand below one another. */
export function spreads(runs: readonly ScoredRun[]): Spread[] {
  const groups = new Map<string, { readonly run: ScoredRun; readonly measure: string; readonly values: number[] }>();
  for (const run of runs) {
    for (const { measure, value } of run.scores) {
      const key = JSON.stringify([run.objective, measure, run.program]);
      const group = groups.get(key) ?? { run, measure, values: [] };
      groups.set(key, group);
      group.values.push(value);
    }
  }
  const order = [...new Set([...groups.values()].map(({ run, measure }) => JSON.stringify([run.objective, measure])))];
  const place = ({ objective, measure }: Spread): number => order.indexOf(JSON.stringify([objective, measure]));
  const all = [...groups.values()].map(({ run: { objective, program }, measure, values }): Spread => {
    const mean = meanOf(values);
    const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
    const sd = values.length < 2 ? null : Math.sqrt(squares / (values.length - 1));
    return { objective, program, measure, runs: values.length, mean, sd };
  });
  return all.sort((a, b) => place(a) - place(b));
}

/** Where the reference and at least one other program were trained. */
export function differences(all: readonly Spread[]): Difference[] {
  return all
    .filter(({ program }) => program === 'reference')
    .flatMap(({ objective, measure, mean }) => {
      const beside = all.filter(
        (one) => one.program !== 'reference' && one.objective === objective && one.measure === measure,
      );
      if (beside.length === 0) return [];
      const others = meanOf(beside.map((one) => one.mean));
      const bar = measure === ANALOGIES ? BAR.analogies : BAR.similarity;
      return [{ objective, measure, others, difference: mean - others, bar }];
    });
}

function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
