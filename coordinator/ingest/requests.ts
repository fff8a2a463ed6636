// What the run asks of the ingest thread, and what it answers.
import type { Objective } from '../../word2vec/objective.ts';
import type { CountsStatus, RunEventLevel } from '../../protocol/status.ts';
import type { Listing } from '../corpus/listing.ts';
import type { CorpusOptions } from '../corpus/source.ts';
import type { TextFaults } from '../corpus/text-faults.ts';
import type { CorpusPosition, Episode } from '../leases/episode.ts';
import type { Failure } from './failure.ts';
import type { HeldOutLines } from './held-out-lines.ts';
import type { Normalisation, Sentence } from './normalisation.ts';
import type { PairMemory } from './pair-buffers.ts';

export type IngestRequest = OpenRequest | CountRequest | TrainRequest | PrepareRequest;

/** Opens the corpus, lists its files and plans its splits. Answered by `Opened`. */
export interface OpenRequest {
  readonly kind: 'open';
  readonly corpus: readonly string[];
  readonly options: CorpusOptions;
  /** Words that restrict the vocabulary, or words with their counts; '' for none. */
  readonly vocab: string;
  /** Of the corpus, and of the word list. */
  readonly normalisation: Normalisation;
  /** Bytes for tables of words. */
  readonly memory: number;
  /** Bytes of a split. */
  readonly splitBytes: number;
}

/** Counts words in one pass, unless their counts are given. Answered by `Counted`. */
export interface CountRequest {
  readonly kind: 'count';
  /** Most threads. */
  readonly threads: number;
  /** Where counts are kept while they are counted, and taken up; '' for nowhere. */
  readonly folder: string;
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
  /** Where an episode that is made again ended; null for a new one. */
  readonly stop: CorpusPosition | null;
  readonly parts: number;
}

export interface Opened {
  readonly description: string;
  readonly files: number;
  readonly bytes: number;
  readonly splits: number;
  readonly listing: Listing;
}

export interface Counted {
  readonly words: readonly string[];
  readonly counts: Float64Array;
  readonly origin: CountsStatus;
  readonly heldOut: HeldOutLines;
  /** What had to be repaired in the text. */
  readonly textFaults: TextFaults;
}

export type IngestAnswer = Opened | Counted | Episode | null;

export type IngestMessage =
  | { readonly kind: 'answer'; readonly answer: IngestAnswer }
  | { readonly kind: 'progress'; readonly bytes: number }
  | { readonly kind: 'note'; readonly level: RunEventLevel; readonly text: string }
  | { readonly kind: 'failure'; readonly failure: Failure };

/** Beside requests, at any time: what is being counted shall end soon, and be kept. */
export interface Interruption {
  readonly kind: 'interrupt';
}

/** Beside requests, at any time: the memory of an episode that is trained, to be used again. */
export interface Return {
  readonly kind: 'return';
  readonly memory: PairMemory;
}
