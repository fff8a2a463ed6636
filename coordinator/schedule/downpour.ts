// The seed's schedule: runs of the token stream, leased in order to many at once; what is stale is held to a budget.
import { countAll, EpisodeChunks, findEpisode } from './chunks.ts';
import type { Grant, GrantWish, ScheduledEpisode, Scheduler } from './scheduler.ts';

/** How many corpus tokens may be in training at once: others' leases are what makes a lease's rows stale. */
export interface FlightBudget {
  /** Corpus tokens of the whole run. */
  readonly totalTokens: number;
  /**
   * Most in flight of the whole run, and of what is trained so far: rows move fastest at the start. May change at any
   * time; what is in flight already stays.
   */
  readonly shares: { readonly run: number; readonly done: number };
  /** Corpus tokens trained so far. */
  tokensDone(): number;
}

interface OpenEpisode {
  readonly chunks: EpisodeChunks;
  /** Corpus tokens that a pair counts for. */
  readonly tokensPerPair: number;
}

/** Episodes have one part. Chunks are leased in the order of the text; one that comes back goes out again first. */
export class Downpour implements Scheduler {
  /** A lease fetched ahead would be stale by its own predecessor, and counts in the budget while it waits. */
  readonly fetchesAhead = false;
  readonly #chunkPairs: number;
  readonly #budget: FlightBudget;
  readonly #episodes: OpenEpisode[] = [];
  readonly #grants = new Map<number, Grant>();
  #nextLease: number;

  /** @param nextLease number of the first lease; a resumed run goes on counting */
  constructor(chunkPairs: number, budget: FlightBudget, nextLease = 1) {
    this.#chunkPairs = chunkPairs;
    this.#budget = budget;
    this.#nextLease = nextLease;
  }

  get nextLease(): number {
    return this.#nextLease;
  }

  get episodes(): readonly Pick<ScheduledEpisode, 'number' | 'parts'>[] {
    return this.#episodes.map(({ chunks }) => chunks);
  }

  get waitingChunks(): number {
    return this.#episodes.reduce((sum, { chunks }) => sum + chunks.waiting, 0);
  }

  /** Corpus tokens that may be in flight now; one chunk may be whatever this says. */
  get flightTokens(): number {
    const { totalTokens, shares, tokensDone } = this.#budget;
    return Math.min(totalTokens * shares.run, tokensDone() * shares.done);
  }

  /** Corpus tokens in flight. */
  get inFlight(): number {
    let tokens = 0;
    for (const { episode, start, end } of this.#grants.values())
      tokens += (end - start) * findEpisode(this.#episodes, episode).tokensPerPair;
    return tokens;
  }

  /** Twice the budget, as a lease holds half of the volunteer's share at most (leases/lease-size.ts). */
  get sharedPairs(): number {
    const next = this.#next();
    if (next === undefined) return 0;
    return Math.min(this.waitingChunks * this.#chunkPairs, (2 * this.flightTokens) / next.tokensPerPair);
  }

  get shortage(): string {
    const tokens = Math.floor(this.flightTokens).toLocaleString('en');
    return `as much is in training as may be at once: ${tokens} words now, more as training goes on`;
  }

  add(episode: ScheduledEpisode, done?: Uint8Array): void {
    if (episode.parts !== 1) throw new Error(`an episode of ${episode.parts} parts under downpour`);
    const chunks = new EpisodeChunks(episode, this.#chunkPairs, done);
    this.#episodes.push({
      chunks,
      tokensPerPair: (episode.to.tokens - episode.from.tokens) / Math.max(1, chunks.pairs),
    });
  }

  retire(): number | null {
    const oldest = this.#episodes[0];
    if (oldest === undefined || oldest.chunks.left > 0) return null;
    this.#episodes.shift();
    return oldest.chunks.number;
  }

  /** Leases the first chunks that wait, as many as are wished for and the budget has room for. */
  grant(wish: GrantWish): Grant | null {
    const open = this.#next();
    if (open === undefined) return null;
    // The margin is for sums of fractions that should meet the budget exactly.
    const room = Math.floor((this.flightTokens - this.inFlight) / (open.tokensPerPair * this.#chunkPairs) + 1e-6);
    // A lease that is alone in flight is not stale.
    const affordable = this.#grants.size === 0 ? Math.max(1, room) : room;
    if (affordable < 1) return null;
    const wanted = Math.max(1, Math.floor(wish.pairs / this.#chunkPairs));
    const grant: Grant = {
      lease: this.#nextLease++,
      session: wish.session,
      episode: open.chunks.number,
      parts: 1,
      inputPart: 0,
      outputPart: 0,
      ...open.chunks.take(0, Math.min(wanted, affordable)),
    };
    this.#grants.set(grant.lease, grant);
    return grant;
  }

  /** The oldest episode with a chunk that waits. */
  #next(): OpenEpisode | undefined {
    return this.#episodes.find(({ chunks }) => chunks.waiting > 0);
  }

  held(lease: number): Grant | undefined {
    return this.#grants.get(lease);
  }

  complete(lease: number): void {
    this.#end(lease, true);
  }

  release(lease: number): void {
    this.#end(lease, false);
  }

  #end(lease: number, done: boolean): void {
    const grant = this.#grants.get(lease);
    if (grant === undefined) throw new Error(`lease ${lease} is not held`);
    this.#grants.delete(lease);
    findEpisode(this.#episodes, grant.episode).chunks.end(0, grant, done);
  }

  /** Sessions leave no trace here. */
  forget(): void {}

  snapshot(episode: number): Uint8Array {
    return findEpisode(this.#episodes, episode).chunks.snapshot();
  }

  count(): { waiting: number; leased: number; done: number } {
    return countAll(this.#episodes.map(({ chunks }) => chunks));
  }

  pairsDone(episode: number): number {
    return findEpisode(this.#episodes, episode).chunks.pairsDone();
  }

  picture(): string {
    return this.#episodes[0]?.chunks.picture() ?? '';
  }
}
