// What the lease desk asks of a schedule: which chunks of which episode may be leased to whom.

/** An episode as a schedule sees it. Block b = i·P + j. */
export interface ScheduledEpisode {
  readonly number: number;
  /** P. */
  readonly parts: number;
  /** Block b holds pairs [offsets[b], offsets[b+1]). Shape (P² + 1). */
  readonly offsets: Uint32Array;
  /** Corpus tokens that it counts for: [from.tokens, to.tokens). */
  readonly from: { readonly tokens: number };
  readonly to: { readonly tokens: number };
}

/** A run of chunks of one block, held by one session until `complete` or `release`. */
export interface Grant {
  readonly lease: number;
  readonly session: number;
  readonly episode: number;
  readonly parts: number;
  readonly inputPart: number;
  readonly outputPart: number;
  /** Index in the block of the first chunk. */
  readonly firstChunk: number;
  readonly chunks: number;
  /** The lease's pairs are [start, end) of the episode's pairs. */
  readonly start: number;
  readonly end: number;
}

export interface GrantWish {
  readonly session: number;
  /** Pairs the volunteer trains in one lease's time. */
  readonly pairs: number;
  /**
   * Parts that must stay free after this grant, because sessions without any lease wait for them: 0 for such a
   * session itself, their number for one that fetches ahead.
   */
  readonly reserve: number;
}

/** A pure state machine: no clock, no rows. Methods that name an episode or a lease throw when it is not open. */
export interface Scheduler {
  /** Whether a session may hold a second lease while it trains the first. */
  readonly fetchesAhead: boolean;
  /** Number of the next lease. */
  readonly nextLease: number;
  /** Episodes not yet complete, oldest first. */
  readonly episodes: readonly Pick<ScheduledEpisode, 'number' | 'parts'>[];
  /** Chunks that wait, of all episodes in memory. */
  readonly waitingChunks: number;
  /** Pairs that the volunteers share out among themselves: a lease is a part of them. */
  readonly sharedPairs: number;
  /** Why nobody may have a chunk that waits; for people. */
  readonly shortage: string;
  /** @param done chunk states of a resumed episode, from `snapshot` */
  add(episode: ScheduledEpisode, done?: Uint8Array): void;
  /** Drops the oldest episode when it is complete; answers its number, or null. */
  retire(): number | null;
  /** Leases chunks, or answers null when none can be had now. */
  grant(wish: GrantWish): Grant | null;
  /** The lease as granted, while it is held. */
  held(lease: number): Grant | undefined;
  /** The lease's delta was applied: its chunks are done, for ever. */
  complete(lease: number): void;
  /** The lease ended without a result: its chunks wait again. */
  release(lease: number): void;
  /** The session is gone. */
  forget(session: number): void;
  /** Done chunks of an episode, as bytes for a checkpoint: 2 is done, anything else is not. */
  snapshot(episode: number): Uint8Array;
  /** Chunks of the episodes in memory. */
  count(): { waiting: number; leased: number; done: number };
  /** Pairs of an episode in chunks that are done. */
  pairsDone(episode: number): number;
  /** P·P characters of the oldest episode (protocol/status.ts, EpisodeStatus.grid). */
  picture(): string;
}
