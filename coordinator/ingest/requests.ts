// What the run asks of the ingest thread, and what it answers.
import type { Objective } from '../../word2vec/objective.ts';
import type { CorpusOptions } from '../corpus/source.ts';
import type { TextFaults } from '../corpus/text-faults.ts';
import type { CorpusPosition, Episode } from '../leases/episode.ts';
import type { HeldOutLines } from './held-out-lines.ts';
import type { Normalisation, Sentence } from './normalisation.ts';

export type IngestRequest = OpenRequest | CountRequest | TrainRequest | PrepareRequest;

/** Opens the corpus, lists its files and plans its splits. Answered by `Opened`. */
export interface OpenRequest {
  readonly kind: 'open';
  readonly corpus: readonly string[];
  readonly options: CorpusOptions;
  /** Word list that restricts the vocabulary; '' for none. */
  readonly vocab: string;
  /** Of the corpus, and of the word list. */
  readonly normalisation: Normalisation;
  /** Bytes of a split. */
  readonly splitBytes: number;
}

/** Counts words in one pass. Answered by `Counted`. */
export interface CountRequest {
  readonly kind: 'count';
  readonly minCount: number;
  readonly maxVocab: number;
}

/** Sets everything that pairs depend on; before the first `prepare`. Answered by null. */
export interface TrainRequest {
  readonly kind: 'train';
  readonly words: readonly string[];
  readonly counts: Float64Array;
  /** Whether the corpus has these counts: one that does not has changed. Otherwise they are near enough. */
  readonly exact: boolean;
  readonly sentence: Sentence;
  readonly seed: number;
  readonly window: number;
  readonly sample: number;
  readonly epochs: number;
  /** Pieces of lines whose hash is below are not trained (piece-hash.ts). */
  readonly heldOutLimit: number;
  readonly model: Objective['model'];
  readonly hs: boolean;
  /** Downpour leases ranges of the text: its pairs stay in the text's order. */
  readonly schedule: 'grid' | 'downpour';
}

/** Makes the pairs of one episode. Answered by `Episode`. */
export interface PrepareRequest {
  readonly kind: 'prepare';
  readonly number: number;
  readonly from: CorpusPosition;
  /** In-vocabulary tokens, over all epochs, where the episode shall end; it ends with the sentence that reaches it. */
  readonly until: number;
  readonly parts: number;
}

export interface Opened {
  readonly description: string;
  readonly files: number;
  readonly bytes: number;
  readonly splits: number;
}

export interface Counted {
  readonly words: readonly string[];
  readonly counts: Float64Array;
  /** Different words before the cut, and all tokens. */
  readonly distinct: number;
  readonly tokens: number;
  readonly heldOut: HeldOutLines;
  /** What had to be repaired in the text. */
  readonly textFaults: TextFaults;
}

export type IngestAnswer = Opened | Counted | Episode | null;

/** An error as it crosses the thread boundary. */
export interface IngestFailure {
  readonly code: string;
  readonly message: string;
  readonly hint: string | undefined;
  readonly exit: number;
}

export type IngestMessage =
  | { readonly kind: 'answer'; readonly answer: IngestAnswer }
  | { readonly kind: 'progress'; readonly bytes: number }
  | { readonly kind: 'failure'; readonly failure: IngestFailure };
