// Everything that defines a run. Fixed when it starts; a resumed run takes it from its checkpoint.
import type { RowFormat } from '../../protocol/rows.ts';
import type { ObjectiveName } from '../../protocol/to-volunteer.ts';
import type { QuestionSection, RatedPair } from '../../word2vec/evaluation/question-files.ts';
import type { Objective } from '../../word2vec/objective.ts';
import type { CorpusOptions } from '../corpus/source.ts';
import type { DescentRule } from '../descent/descent.ts';
import type { Normalisation, Sentence } from '../ingest/normalisation.ts';

/** Rated word pairs, and the file that has them. */
export interface ProbeFile {
  readonly file: string;
  readonly pairs: readonly RatedPair[];
}

/** Analogy questions, and the file that has them. */
export interface QuestionFile {
  readonly file: string;
  readonly sections: readonly QuestionSection[];
}

/** What the vectors depend on. */
export interface TrainingConfig extends Normalisation {
  readonly corpus: readonly string[];
  /** Words that restrict the vocabulary, or words with their counts; '' for none. */
  readonly vocab: string;
  readonly sentence: Sentence;
  readonly dim: number;
  readonly window: number;
  readonly negative: number;
  readonly sample: number;
  readonly minCount: number;
  readonly maxVocab: number;
  readonly epochs: number;
  readonly alpha: number;
  readonly seed: number;
  readonly model: 'skipgram' | 'cbow';
  /** Hierarchical softmax, instead of negatives. */
  readonly hs: boolean;
  readonly schedule: 'grid' | 'downpour';
  /** Merge rule of downpour; null on the grid, where every delta is added as it is. */
  readonly descent: DescentRule | null;
  /** Pairs per minibatch; 0: by the rows of a part (word2vec/curriculum.ts, minibatchPairs). */
  readonly batch: number;
  readonly rowsDown: RowFormat;
  readonly rowsUp: RowFormat;
}

/** How words are counted: the counts are the same whatever this is, unless memory does not suffice. */
export interface CountingConfig {
  /** Threads, at most. */
  readonly threads: number;
  /** MiB for tables of words. */
  readonly memoryMiB: number;
}

/** Each thread reads a stream of its own; a cluster is asked for no more of them at once. */
export const MOST_COUNTING_THREADS = 8;

/** Holds about 4 million different words. */
export const COUNT_MEMORY_MIB = 384;

/** About 45 million different words: tables address 4 GiB, and what is kept of them is read back in files below 2 GiB. */
export const MOST_COUNT_MEMORY_MIB = 4096;

/** What only the running of it depends on; may differ when resumed. */
export interface RunConfig {
  readonly training: TrainingConfig;
  readonly corpusOptions: CorpusOptions;
  readonly counting: CountingConfig;
  readonly out: string;
  /** Directory in HDFS, `webhdfs://…`, that takes the results when the run ends; undefined for none. */
  readonly target?: string | undefined;
  /** Rated word pairs to follow while training. */
  readonly probes: readonly ProbeFile[];
  /** Analogy questions to follow while training; null for none. */
  readonly questions: QuestionFile | null;
  /** Share of volunteers' results that are checked by replay; 0: none. */
  readonly auditRate: number;
  readonly version: string;
}

/**
 * Settings of the schedule, chosen by the measurements in docs/architecture.md. Not options: nobody has needed to
 * change them, and each would have to be explained. `bench -- quality` tries others.
 */
export const SCHEDULE = {
  /** φ: share of what is trained that the next episode may hold. */
  growth: 0.25,
  /** E₀: the first episode's share of an epoch. */
  first: 0.01,
  /** Most kept tokens of an episode: about 12 M pairs of 8 bytes, 100 MB for each episode in memory. */
  maxKept: 2_000_000,
  /** u: kept tokens that a block should hold at least. */
  blockTokens: 2000,
  maxParts: 64,
  /** Least parts, where an episode is large enough: a newcomer then finds a free block. */
  leastParts: 4,
  /** Parts for each volunteer: slack lets fast ones pass slow ones and prefetch. */
  partsPerVolunteer: 2,
  /** Most parts for which negatives are corrected by their number alone (EpisodeCensus.negatives). */
  coupledParts: 4,
  /** Rows that a part has at least: with a dozen, minibatches hit each so often that training diverges (measured). */
  partRows: 32,
  /** Episodes in memory: one in training, one prepared ahead. */
  episodesAhead: 2,
  chunkPairs: 6144,
  /** h: damping of rows hit often in a minibatch; of skip-gram with negatives, see DAMPING for the others. */
  damping: 0.25,
  /** Downpour: share of the run's tokens that may be in training at once; 1 % costs a point of nine, 15 % breaks. */
  flightOfRun: 0.01,
  /** Downpour: share of the tokens trained so far that may be; rows move fastest at the start. */
  flightOfDone: 0.1,
  /** Milliseconds of training that a lease should be. */
  leaseMs: 3000,
  /** Milliseconds after which a lease may expire at the earliest. */
  graceMs: 20_000,
  maxVolunteers: 256,
  /** Bytes of corpus read as one split. */
  splitBytes: 64 * 1024 * 1024,
  /** Milliseconds between checkpoints. */
  checkpointMs: 60_000,
} as const;

/** Values for SCHEDULE. */
export type Schedule = { readonly [Name in keyof typeof SCHEDULE]: number };

/**
 * h by objective. A context of CBOW has but its share of a bag's mean: a step of its row feeds back by 1/m, m the bag's
 * contexts, while every dot product of the bag counts as a hit.
 * Measured (one volunteer, one seed): held-out loss 2.4807 with 0.25, 2.4592 with 0.05, sequentially 2.4562.
 * Hierarchical softmax does with skip-gram's: loss of a path 8.412 on the grid at α = 0.06, sequentially 8.417 at 0.025
 * and 8.425 at 0.05 (3 M words, D = 50, one seed).
 */
const DAMPING: Readonly<Record<ObjectiveName, number>> = { skipgram: SCHEDULE.damping, hs: 0.25, cbow: 0.05 };

/** SCHEDULE, with what depends on the objective. */
export function scheduleOf({ model, hs }: Objective): Schedule {
  return { ...SCHEDULE, damping: DAMPING[hs ? 'hs' : model] };
}

/** Default learning rate: the grid does best near 0.06 (measured); damping holds where word2vec.c's 0.025 is needed. */
export const DEFAULT_ALPHA = 0.06;

/**
 * Default learning rates of downpour: rules that average take a higher one (measured: 0.1 beat 0.05 beat 0.025); the
 * sum bears none that is worth having. CBOW too does best with 0.1: held-out loss 2.668, with 0.05 2.761 (one volunteer,
 * 3 M words, D = 50, one seed).
 */
export const DOWNPOUR_ALPHA: Readonly<Record<DescentRule, number>> = {
  saturation: 0.1,
  sum: 0.025,
  average: 0.1,
  project: 0.1,
  adagrad: 0.1,
};

/** The learning rate of a run that is given none: for every objective the same. */
export function defaultAlpha(descent: DescentRule | null): number {
  return descent === null ? DEFAULT_ALPHA : DOWNPOUR_ALPHA[descent];
}
