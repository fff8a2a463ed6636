// What the coordinator tells its operator, beside the public status: single volunteers, leases, corpus, service, log.
import type { CorpusStatus } from './corpus.ts';
import type { HistoryTable } from './history.ts';
import type { HistoryPoint, LeaseCounts, RunEvent, RunStatus, VolunteerRow, VolunteerState } from './status.ts';
import type { ConditionReason } from './to-coordinator.ts';

/**
 * The feed GET /api/events: server-sent events, each with one of these as JSON. Everybody gets the first four; the
 * others need the operator's token or session. After connecting come `audience`, `history`, `log` with all lines kept,
 * `timeline` and `volunteers` as a whole, `operator`, `status`. A viewer that reads slowly misses events and then gets
 * all of these again. `?view=public` leaves the operator's out, whoever asks.
 */
export interface RunFeed {
  readonly audience: Audience;
  /** Once a second, and when the state changes. */
  readonly status: FeedStatus;
  /** Once, and after events were missed. */
  readonly history: HistoryTable;
  readonly point: HistoryPoint;
  /** Once a second. */
  readonly operator: OperatorStatus;
  /** Once a second, when anything changed. */
  readonly volunteers: VolunteersChange;
  /** Leases granted or ended since the last; replaces entries with the same `lease`. Once a second at most. */
  readonly timeline: readonly LeaseEntry[];
  /** New lines, oldest first. */
  readonly log: readonly RunEvent[];
}

/** Which events a feed carries, and what a page may ask for. GET /api/session answers the same. */
export interface Audience {
  readonly operator: boolean;
}

/** The status without the rows of volunteers, which the feed sends apart. */
export type FeedStatus = Omit<RunStatus, 'volunteers'>;

/** What an operator decided about a volunteer. */
export type Standing = 'free' | 'drained' | 'quarantined' | 'banned';

/** Secret replays of a volunteer's results. */
export interface CheckCounts {
  readonly passed: number;
  readonly failed: number;
  readonly pending: number;
}

/** A volunteer as its operator sees it. Times are milliseconds since 1970, so that a row changes only by events. */
export interface VolunteerLine extends Omit<VolunteerRow, 'connectedSeconds' | 'state'> {
  /** `gone`: it left, and is kept for a while. */
  readonly state: VolunteerState | 'gone';
  /** A name that its volunteer chose: untrusted text, at most 40 characters; '' for none. */
  readonly name: string;
  /** Such as "Firefox 153": untrusted text, at most 40 bytes; '' where it is no browser. */
  readonly browser: string;
  readonly conditionReason: ConditionReason;
  /** Percent of the time that it lets its device train; null until it told. */
  readonly duty: number | null;
  readonly joined: number;
  /** When it left; null while it is here. */
  readonly left: number | null;
  /** When the oldest lease that it holds was granted; null when it holds none. */
  readonly leaseSince: number | null;
  /** Leases that it holds: one in training, the others fetched ahead. */
  readonly held: number;
  readonly expired: number;
  readonly returned: number;
  /** Applied leases among all that ended; null before the first. */
  readonly acceptedShare: number | null;
  /** null before the first. */
  readonly checks: CheckCounts | null;
  readonly standing: Standing;
}

/** A volunteer's fields that changed, to be laid over its last row; a row that comes first is whole. */
export type VolunteerPatch = Pick<VolunteerLine, 'id'> & Partial<VolunteerLine>;

export interface VolunteersChange {
  /** Forget what was known: these are all there are. */
  readonly whole: boolean;
  readonly rows: readonly VolunteerPatch[];
  /** Sessions that are no longer kept. */
  readonly removed: readonly number[];
}

/** GET /api/volunteers. */
export interface VolunteerList {
  readonly volunteers: readonly VolunteerLine[];
}

/** GET /api/volunteers/ID. */
export interface VolunteerHistory {
  readonly volunteer: VolunteerLine;
  /** Its last leases, oldest first; at most 50. */
  readonly leases: readonly LeaseEntry[];
  /** About 240 samples at most, evenly spaced over its stay: columns of the same length. */
  readonly series: {
    /** Milliseconds since 1970. */
    readonly time: readonly number[];
    readonly wordsPerSecond: readonly number[];
    readonly roundTripMs: readonly (number | null)[];
    readonly acceptedWords: readonly number[];
  };
}

export type LeaseOutcome = 'held' | 'applied' | 'expired' | 'returned' | 'rejected';

/** A lease on the timeline. */
export interface LeaseEntry {
  readonly lease: number;
  /** Session of its holder. */
  readonly session: number;
  readonly episode: number;
  /** P, and the block: input part i, output part j. */
  readonly parts: number;
  readonly i: number;
  readonly j: number;
  readonly chunks: number;
  readonly pairs: number;
  /** Corpus words that it counts for. */
  readonly words: number;
  /** Milliseconds since 1970. */
  readonly granted: number;
  /** null while it is held. */
  readonly ended: number | null;
  readonly outcome: LeaseOutcome;
  /** Why it ended without being applied; '' otherwise. */
  readonly reason: string;
}

/** What becomes of chunks. Those of the episodes in memory by state, and leases since the process began by outcome. */
export interface Funnel {
  /** Chunks that wait for a volunteer; their age is that of the oldest episode in memory. */
  readonly ready: Stage;
  /** Their age is that of the oldest lease. */
  readonly leased: Stage;
  /** Results in hand of which a secret replay is under way, or that wait behind one; null while this run checks nothing. */
  readonly checking: Stage | null;
  /** Chunks of these episodes that are done. */
  readonly applied: number;
  readonly leases: LeaseCounts;
  /** Rejected leases by the code of the rule that they broke, most frequent first. */
  readonly rejected: readonly { readonly code: string; readonly count: number }[];
  /** Chunks whose lease ended without a result, so that they wait again; since the process began. */
  readonly retried: number;
  /** Chunks that nobody may have while the run is paused or ends, and why; null otherwise. */
  readonly parked: { readonly chunks: number; readonly reason: string } | null;
}

export interface Stage {
  readonly chunks: number;
  /** null when there are none. */
  readonly oldestSeconds: number | null;
}

export interface ServiceStatus {
  /** How late the event loop was over the last second, in ms: median, 99th percentile, worst. */
  readonly lagMs: { readonly p50: number; readonly p99: number; readonly most: number };
  /** Share of one core that this process used over the last seconds; more than 1 with several threads. */
  readonly cpu: number;
  /** Bytes. */
  readonly memory: { readonly resident: number; readonly heap: number; readonly buffers: number };
  /** Bytes per second over the last seconds, to and from volunteers. */
  readonly bytesDown: number;
  readonly bytesUp: number;
  /** Bytes that volunteers' sockets have not taken yet. */
  readonly queuedBytes: number;
  /** Volunteers that want a lease and have none. */
  readonly hungry: number;
  /** Episodes in memory. */
  readonly episodes: number;
  readonly checkpointSeconds: number | null;
  readonly viewers: number;
  readonly uptimeSeconds: number;
}

/** Secret checks of results by replay, since the process began. */
export interface AuditFigures {
  /** Share of results that are chosen. */
  readonly rate: number;
  readonly passed: number;
  readonly failed: number;
  readonly pending: number;
  /** Chosen and passed over, as the thread was behind. */
  readonly skipped: number;
  /** Chosen, and applied without a check, as the thread failed. */
  readonly undone: number;
}

/** GET /api/operator. */
export interface OperatorStatus {
  /** null while words are counted. */
  readonly funnel: Funnel | null;
  readonly corpus: CorpusStatus;
  readonly service: ServiceStatus;
  /** null until volunteers may connect. */
  readonly audit: AuditFigures | null;
}

/** GET /api/model. */
export interface ModelStatus {
  readonly modelVersion: number;
  /** Milliseconds since 1970 when it was measured. */
  readonly time: number;
  readonly rows: number;
  readonly dim: number;
  readonly input: MatrixStatus;
  readonly output: MatrixStatus;
}

export interface MatrixStatus {
  /** Rows that nothing has changed since the run began. */
  readonly untouched: number;
  /** Euclidean lengths. */
  readonly mean: number;
  readonly longest: number;
  /** Rows whose length is in [k, k + 1) × `step`; the last bin has the longest. Rows of no finite length are in none. */
  readonly histogram: { readonly step: number; readonly counts: readonly number[] };
}
