// What the operator is told of reading the corpus: how fast, which files, which nodes failed. GET /api/corpus.

/** `opening`: the files are being listed. `sampling`: where the counts of words are given. */
export type CorpusPass = 'opening' | 'sampling' | 'counting' | 'training';

/** `failed`: reading it was given up, and why is told with it. */
export type FileState = 'waiting' | 'reading' | 'done' | 'failed';

export const FILE_STATES: readonly FileState[] = ['waiting', 'reading', 'done', 'failed'];

/** A node of HDFS, or this machine's own files (`files`, with the name ''); what was read of it since the process began. */
export interface CorpusNode {
  readonly role: 'data node' | 'name node' | 'files';
  /** host:port as the cluster says it. */
  readonly node: string;
  readonly bytes: number;
  /** Failed attempts, all and by code, most frequent first. */
  readonly failures: number;
  readonly codes: readonly { readonly code: string; readonly count: number }[];
  /** Attempts that followed a failed one at this node. */
  readonly retries: number;
  /** Message of the last failure; '' before the first. */
  readonly last: string;
  /** Of the last failure, milliseconds since 1970; null before the first. */
  readonly time: number | null;
}

export interface CorpusStatus {
  readonly description: string;
  readonly files: number;
  /** All files, as they are stored. */
  readonly bytes: number;
  readonly splits: number;
  /** Read since the process began, whatever for, and per second over the last ten seconds. */
  readonly bytesRead: number;
  readonly bytesPerSecond: number;
  readonly pass: CorpusPass;
  /** Where the episodes in memory end: epoch and split from 1, lines of the split read; null before training. */
  readonly position: { readonly epoch: number; readonly split: number; readonly line: number } | null;
  /** Files that are open, opened last first, at most 16; since when, milliseconds since 1970. */
  readonly reading: readonly { readonly path: string; readonly since: number }[];
  /** How many files are in each state in this pass; while training, of the epoch that is read. */
  readonly states: Readonly<Record<FileState, number>>;
  /** Nodes, most failures first, then most bytes; at most 32. */
  readonly nodes: readonly CorpusNode[];
  /** What reading waits for, the newest; null while it goes on. */
  readonly waiting: string | null;
  /** Everything that reads wait for at the moment, newest first, at most 16. */
  readonly waits: readonly string[];
}

export interface CorpusFileLine {
  /** From 1, in the order of reading. */
  readonly number: number;
  readonly path: string;
  /** As stored. */
  readonly bytes: number;
  readonly splits: number;
  /** Of these, done in this pass. */
  readonly done: number;
  readonly state: FileState;
  /** Code and message of what failed; '' otherwise. */
  readonly error: string;
}

/** GET /api/corpus. */
export interface CorpusReport {
  readonly corpus: CorpusStatus;
  /** Files that match the query. */
  readonly found: number;
  /** Matching files before the first line. */
  readonly from: number;
  readonly lines: readonly CorpusFileLine[];
}

/** Most lines of one answer. */
export const MOST_FILE_LINES = 200;
