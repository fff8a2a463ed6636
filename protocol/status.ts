// What the coordinator tells people about a run, as JSON: GET /api/run, and the live feed GET /api/events.

/** One word for where the run stands; `reason` says why in a sentence. */
export type RunState =
  | 'counting' // first pass over the corpus: the vocabulary
  | 'preparing' // the first episode's pairs are being made
  | 'training'
  | 'starved' // there is work, but nobody to do it
  | 'paused'
  | 'stopping' // stop was asked for: last leases end, checkpoint follows
  | 'done'
  | 'failed';

/** One word for how the run does; `reason` says why in a sentence. */
export type HealthWord =
  | 'healthy'
  | 'degraded' // it goes on, but something costs speed or data
  | 'starved' // there is work, but nobody to do it
  | 'diverging'
  | 'halted' // paused or stopping
  | 'done'
  | 'failed';

export interface Health {
  readonly word: HealthWord;
  readonly reason: string;
}

/** GET /api/about: what this is for, in its operator's words. Each is '' where none was given. */
export interface About {
  readonly title: string;
  readonly operator: string;
  readonly purpose: string;
  /** An http or https address. */
  readonly link: string;
  /** Tributary's version. */
  readonly version: string;
}

/** How many volunteers are here, by state. */
export interface VolunteerCounts {
  readonly here: number;
  readonly training: number;
  readonly waiting: number;
  readonly paused: number;
  readonly leaving: number;
  /** Of all these: in a tab that is not looked at; in this process. */
  readonly hidden: number;
  readonly local: number;
}

export interface RunStatus {
  readonly state: RunState;
  readonly reason: string;
  readonly health: Health;
  /** Tributary's version. */
  readonly version: string;
  readonly corpus: string;
  /** null while words are counted. */
  readonly counts: CountsStatus | null;
  readonly config: RunConfigStatus;
  /** Words in the vocabulary; 0 while counting. */
  readonly vocabulary: number;
  /** Epoch in training, from 1; 0 before. */
  readonly epoch: number;
  /** In-vocabulary corpus tokens over all epochs. While counting: bytes of the corpus. */
  readonly progress: { readonly done: number; readonly total: number; readonly unit: 'tokens' | 'bytes' };
  /** Corpus words per second over the last seconds, and since training began. */
  readonly wordsPerSecond: number;
  readonly averageWordsPerSecond: number;
  /** Bytes of the corpus per second while its words are counted; 0 afterwards. */
  readonly bytesPerSecond: number;
  readonly elapsedSeconds: number;
  /** null while there is nothing to extrapolate from. */
  readonly etaSeconds: number | null;
  /** Moving mean of the training loss per pair; null before the first result. */
  readonly loss: number | null;
  /** Lines that are left out of training to be measured; null where the corpus is too small, and while counting. */
  readonly heldOut: HeldOutStatus | null;
  /** Rated word pairs that the operator follows. */
  readonly probe: readonly ProbeStatus[];
  /** null without --probe-questions, and until volunteers may connect. */
  readonly analogies: AnalogiesStatus | null;
  /** That the run diverges and what to change; null while all is well. */
  readonly warning: string | null;
  /** What reading the corpus waits for, such as a data node that is silent; null while it goes on. */
  readonly waiting: string | null;
  /** Learning rate now. */
  readonly alpha: number;
  readonly people: VolunteerCounts;
  readonly volunteers: readonly VolunteerRow[];
  /** The oldest episode in training; null while none is. */
  readonly episode: EpisodeStatus | null;
  /** Chunks of the episodes in memory. */
  readonly chunks: { readonly waiting: number; readonly leased: number; readonly done: number };
  /** Leases since the run began. */
  readonly leases: LeaseCounts;
  /** Deltas applied: the master model's version. */
  readonly modelVersion: number;
  /** Bytes to and from volunteers. */
  readonly bytes: TrafficStatus;
  /** Seconds since the last checkpoint; null before the first. */
  readonly checkpointSeconds: number | null;
  /** Folder of the results, as given. */
  readonly out: string;
}

/** Where the counts of words come from. */
export interface CountsStatus {
  /** The corpus was counted, or --vocab gave words with their counts. */
  readonly source: 'counted' | 'given';
  /** Path or address of given counts; '' when counted. */
  readonly path: string;
  /** Threads that counted; 0 when given. */
  readonly threads: number;
  /** Splits of the corpus, and how many of them an earlier process of this run had counted. */
  readonly splits: number;
  readonly reused: number;
  /** Different words before rare ones were left out, and all tokens. */
  readonly distinct: number;
  readonly tokens: number;
  /** What memory did not suffice for; null when it did. */
  readonly pruned: PrunedStatus | null;
}

/** Words that were forgotten while counting, as word2vec.c's ReduceVocab does. */
export interface PrunedStatus {
  readonly times: number;
  /** Words seen less often were forgotten, at most. */
  readonly minimum: number;
  /** Occurrences that no count has. */
  readonly tokens: number;
  /** By so much a single count may be too low, at most. */
  readonly most: number;
}

export interface RunConfigStatus {
  readonly schedule: 'grid' | 'downpour';
  /** Merge rule of downpour; null on the grid. */
  readonly descent: string | null;
  readonly model: 'skipgram' | 'cbow';
  /** Hierarchical softmax instead of negatives. */
  readonly hs: boolean;
  readonly dim: number;
  readonly window: number;
  readonly negative: number;
  readonly sample: number;
  readonly minCount: number;
  readonly lowercase: boolean;
  readonly tokenizer: 'whitespace' | 'unicode';
  readonly digits: 'keep' | 'zero' | 'drop';
  /** A line, or so many words. */
  readonly sentence: 'line' | number;
  readonly epochs: number;
  readonly alpha: number;
  readonly seed: number;
}

/** Since the start of this process. What is neither rows nor pairs nor deltas is headers, bitmaps, counts and news. */
export interface TrafficStatus {
  readonly down: number;
  /** Of `down`. */
  readonly rows: number;
  readonly pairs: number;
  readonly up: number;
  /** Of `up`. */
  readonly deltas: number;
}

export interface HeldOutStatus {
  /** Mean loss per pair when last measured; null before the first time, or when it is no number. */
  readonly loss: number | null;
  /** What vectors that were never trained have. */
  readonly untrained: number | null;
  /** Distinct lines, and their in-vocabulary tokens. */
  readonly lines: number;
  readonly tokens: number;
}

export interface ProbeStatus {
  /** Name of its file. */
  readonly file: string;
  /** Spearman's ρ of ratings and cosines when last measured; null before the first time, or where undefined. */
  readonly rho: number | null;
  /** Pairs of which both words are in the vocabulary. */
  readonly found: number;
}

export interface AnalogiesStatus {
  /** Name of the file of questions. */
  readonly file: string;
  /** Share that was right when last measured; null before the first time, or where none is asked. */
  readonly share: number | null;
  /** Questions that are asked. */
  readonly asked: number;
  /** Questions of which all four words are in the vocabulary. */
  readonly found: number;
}

export interface LeaseCounts {
  readonly granted: number;
  readonly applied: number;
  /** Deadline passed. */
  readonly expired: number;
  /** Given back by a volunteer that left or lost its device or connection. */
  readonly returned: number;
  /** Refused by validation. */
  readonly rejected: number;
  /** Results for leases that had ended: acknowledged, not applied. */
  readonly late: number;
}

export interface EpisodeStatus {
  /** From 0. */
  readonly number: number;
  /** P: the grid has P × P blocks. */
  readonly parts: number;
  readonly tokens: number;
  readonly pairs: number;
  readonly pairsDone: number;
  /** P·P characters in row order (input part, then output part): '.' waiting, 'l' leased, 'p' partly done and waiting, 'd' done, ' ' empty. */
  readonly grid: string;
}

export type VolunteerState = 'waiting' | 'training' | 'paused' | 'leaving';

export interface VolunteerRow {
  /** Number of the session, from 1. */
  readonly id: number;
  readonly engine: 'webgpu' | 'cpu';
  /** GPU or CPU as the volunteer names it: untrusted text, at most 80 characters. */
  readonly device: string;
  readonly local: boolean;
  readonly state: VolunteerState;
  readonly reason: string;
  readonly hidden: boolean;
  /** Corpus words per second over its recent leases. */
  readonly wordsPerSecond: number;
  /** Leases applied, and corpus words in them. */
  readonly accepted: number;
  readonly acceptedWords: number;
  readonly rejected: number;
  readonly bytesDown: number;
  readonly bytesUp: number;
  readonly connectedSeconds: number;
  /** Milliseconds; null before the first pong. */
  readonly roundTripMs: number | null;
}

export type RunEventLevel = 'info' | 'warning' | 'error';

/** What an event is about, for filters. */
export type RunEventCategory =
  | 'run'
  | 'volunteer'
  | 'lease'
  | 'corpus'
  | 'model'
  | 'checkpoint'
  | 'operator'
  | 'server';

export interface RunEvent {
  /** Counts up from 1. */
  readonly seq: number;
  /** Milliseconds since 1970. */
  readonly time: number;
  readonly level: RunEventLevel;
  readonly category: RunEventCategory;
  /** Who did it: 'operator', 'coordinator', or 'volunteer 7'. */
  readonly who: string;
  readonly text: string;
}

/** One point of the plots. A point of a coarser level stands for the stretch up to its time. */
export interface HistoryPoint {
  /** Milliseconds since 1970: the end of the stretch. */
  readonly time: number;
  /** Corpus words trained at its end, over all epochs. */
  readonly tokens: number;
  /** Mean. */
  readonly wordsPerSecond: number;
  /** Training loss, moving mean; the mean over the stretch. */
  readonly loss: number | null;
  /** As last measured, which is less often than points are made. */
  readonly heldOut: number | null;
  /** ρ of each probe, as last measured, in the order of the status. */
  readonly probe: readonly (number | null)[];
  /** Share of analogy questions that were right, as last measured; null without --probe-questions. */
  readonly analogies: number | null;
  /** Mean. */
  readonly volunteers: number;
  /** Bytes per second to and from volunteers: mean. */
  readonly bytesDown: number;
  readonly bytesUp: number;
  /** Learning rate at the end. */
  readonly alpha: number;
  /** 99th percentile of how late the event loop was, in ms: the worst of the stretch. */
  readonly lagMs: number;
  /** Bytes of the process: the most of the stretch. */
  readonly memory: number;
}

export interface Neighbour {
  readonly word: string;
  readonly similarity: number;
}

export interface ErrorBody {
  readonly error: { readonly code: string; readonly message: string };
}
