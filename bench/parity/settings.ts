// What every program of the parity benchmark is given alike.
import type { SequentialObjective } from '../../word2vec/sequential-walk.ts';

/** In the order in which they are trained and printed. */
export const PROGRAMS = ['word2vec.c', 'gensim', 'reference'] as const;
export type ProgramName = (typeof PROGRAMS)[number];

export interface ParitySettings {
  readonly dim: number;
  readonly window: number;
  /** Draws per pair or bag; none with hierarchical softmax. */
  readonly negative: number;
  readonly sample: number;
  readonly minCount: number;
  readonly epochs: number;
  /** At the start; it falls to its ten-thousandth. */
  readonly alpha: number;
}

/** One training. */
export interface ParityRun {
  readonly program: ProgramName;
  readonly objective: SequentialObjective;
  readonly seed: number;
}

/** A program that is there and ready. Training the same run twice gives the same vectors. */
export interface Program {
  /** As the results name it: version, and how it was built. */
  readonly about: string;
  /** Trains on the corpus and writes word2vec's binary format to `out`. @throws TributaryError PARITY_FAILED */
  train(run: ParityRun, settings: ParitySettings, out: string): Promise<void>;
}
