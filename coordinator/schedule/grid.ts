// The lock server: which block of which episode may be leased to whom. Pure state machine; no clock, no rows.
import { countAll, EpisodeChunks, findEpisode } from './chunks.ts';
import type { Grant, GrantWish, ScheduledEpisode, Scheduler } from './scheduler.ts';

/** An episode of the grid; those with equal P share one partition of the rows, and so their locks. */
export type GridEpisode = Pick<ScheduledEpisode, 'number' | 'parts' | 'offsets'>;

interface OpenEpisode {
  readonly episode: GridEpisode;
  readonly chunks: EpisodeChunks;
}

/** Who holds each part of one partition. */
interface Locks {
  /** Holding session of each input part, 0 when free, and how many of its leases do. */
  readonly inputHolder: Int32Array;
  readonly inputLeases: Int32Array;
  readonly outputHolder: Int32Array;
  readonly outputLeases: Int32Array;
}

export class Grid implements Scheduler {
  readonly fetchesAhead = true;
  readonly #chunkPairs: number;
  /** In order of number; only episodes with the first one's partition may be leased. */
  readonly #episodes: OpenEpisode[] = [];
  readonly #grants = new Map<number, Grant>();
  /** Last input part of each session: a volunteer that keeps it needs only new output rows. */
  readonly #lastInput = new Map<number, number>();
  #locks: Locks | null = null;
  #parts = 0;
  #nextLease: number;

  /** @param nextLease number of the first lease; a resumed run goes on counting */
  constructor(chunkPairs: number, nextLease = 1) {
    this.#chunkPairs = chunkPairs;
    this.#nextLease = nextLease;
  }

  get nextLease(): number {
    return this.#nextLease;
  }

  get episodes(): readonly GridEpisode[] {
    return this.#episodes.map((open) => open.episode);
  }

  get shortage(): string {
    return `every free block is taken: the grid has ${this.#parts} × ${this.#parts} blocks now and grows as training goes on`;
  }

  add(episode: GridEpisode, done?: Uint8Array): void {
    this.#episodes.push({ episode, chunks: new EpisodeChunks(episode, this.#chunkPairs, done) });
    this.#adoptPartition();
  }

  snapshot(episode: number): Uint8Array {
    return findEpisode(this.#episodes, episode).chunks.snapshot();
  }

  retire(): number | null {
    const oldest = this.#episodes[0];
    if (oldest === undefined || oldest.chunks.left > 0) return null;
    this.#episodes.shift();
    this.#adoptPartition();
    return oldest.episode.number;
  }

  /** Locks belong to a partition: a change of P waits until the last lease of the old partition has ended. */
  #adoptPartition(): void {
    const parts = this.#episodes[0]?.episode.parts;
    if (parts === undefined || (this.#locks !== null && parts === this.#parts)) return;
    if (this.#grants.size > 0) throw new Error(`partition changes to ${parts} parts under ${this.#grants.size} leases`);
    this.#parts = parts;
    this.#lastInput.clear();
    const table = (): Int32Array => new Int32Array(parts);
    this.#locks = { inputHolder: table(), inputLeases: table(), outputHolder: table(), outputLeases: table() };
  }

  /** Leases chunks of the best free block. */
  grant(wish: GrantWish): Grant | null {
    const locks = this.#locks;
    if (locks === null) return null;
    for (const open of this.#episodes) {
      if (open.episode.parts !== this.#parts) return null;
      const block = this.#choose(open, locks, wish);
      if (block >= 0) return this.#take(open, locks, block, wish);
    }
    return null;
  }

  #choose(open: OpenEpisode, locks: Locks, wish: GrantWish): number {
    const parts = this.#parts;
    const last = this.#lastInput.get(wish.session) ?? -1;
    const freeInputs = countFree(locks.inputHolder);
    const freeOutputs = countFree(locks.outputHolder);
    let best = -1;
    let bestScore = -1;
    for (let i = 0; i < parts; i++) {
      const inputHolder = locks.inputHolder[i]!;
      if (inputHolder !== 0 && inputHolder !== wish.session) continue;
      if (inputHolder === 0 && freeInputs <= wish.reserve) continue;
      for (let j = 0; j < parts; j++) {
        const waiting = open.chunks.waitingIn(i * parts + j);
        if (waiting === 0) continue;
        const outputHolder = locks.outputHolder[j]!;
        if (outputHolder !== 0 && outputHolder !== wish.session) continue;
        if (outputHolder === 0 && freeOutputs <= wish.reserve) continue;
        // A block already held costs no lock; the last input part costs no input rows; then the longest block first,
        // so that the most frequent words' block does not finish last and alone.
        const held =
          (inputHolder === wish.session ? 2 : 0) + (outputHolder === wish.session ? 2 : 0) + (i === last ? 1 : 0);
        const score = held * 1e9 + waiting;
        if (score > bestScore) {
          bestScore = score;
          best = i * parts + j;
        }
      }
    }
    return best;
  }

  #take(open: OpenEpisode, locks: Locks, block: number, wish: GrantWish): Grant {
    const inputPart = Math.floor(block / this.#parts);
    const outputPart = block % this.#parts;
    locks.inputHolder[inputPart] = wish.session;
    locks.inputLeases[inputPart]!++;
    locks.outputHolder[outputPart] = wish.session;
    locks.outputLeases[outputPart]!++;
    this.#lastInput.set(wish.session, inputPart);
    const grant: Grant = {
      lease: this.#nextLease++,
      session: wish.session,
      episode: open.episode.number,
      parts: this.#parts,
      inputPart,
      outputPart,
      ...open.chunks.take(block, Math.max(1, Math.floor(wish.pairs / this.#chunkPairs))),
    };
    this.#grants.set(grant.lease, grant);
    return grant;
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
    if (grant === undefined || this.#locks === null) throw new Error(`lease ${lease} is not held`);
    this.#grants.delete(lease);
    const { inputPart, outputPart, parts } = grant;
    findEpisode(this.#episodes, grant.episode).chunks.end(inputPart * parts + outputPart, grant, done);
    const { inputHolder, inputLeases, outputHolder, outputLeases } = this.#locks;
    if (--inputLeases[inputPart]! === 0) inputHolder[inputPart] = 0;
    if (--outputLeases[outputPart]! === 0) outputHolder[outputPart] = 0;
  }

  forget(session: number): void {
    this.#lastInput.delete(session);
  }

  get waitingChunks(): number {
    return this.#episodes.reduce((sum, { chunks }) => sum + chunks.waiting, 0);
  }

  get sharedPairs(): number {
    return this.waitingChunks * this.#chunkPairs;
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

function countFree(holders: Int32Array): number {
  let free = 0;
  for (const holder of holders) if (holder === 0) free++;
  return free;
}
