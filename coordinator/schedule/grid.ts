// The lock server: which block of which episode may be leased to whom. Pure state machine; no clock, no rows.

/** Chunks of an episode by what became of them. */
const CHUNK = { waiting: 0, leased: 1, done: 2 } as const;

/** One episode of the grid. Block b = i·P + j. */
export interface GridEpisode {
  readonly number: number;
  /** P. Episodes with equal P share one partition of the rows, and so their locks. */
  readonly parts: number;
  /** Block b holds pairs [offsets[b], offsets[b+1]). Shape (P² + 1). */
  readonly offsets: Uint32Array;
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

interface OpenEpisode {
  readonly episode: GridEpisode;
  /** First chunk of each block, in the numbering of `chunks`. Shape (P² + 1). */
  readonly chunkStart: Uint32Array;
  /** State of every chunk. */
  readonly chunks: Uint8Array;
  /** Chunks of each block that wait. Shape (P²). */
  readonly waiting: Uint32Array;
  /** Chunks not done. */
  left: number;
}

/** Who holds each part of one partition. */
interface Locks {
  /** Holding session of each input part, 0 when free, and how many of its leases do. */
  readonly inputHolder: Int32Array;
  readonly inputLeases: Int32Array;
  readonly outputHolder: Int32Array;
  readonly outputLeases: Int32Array;
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

export class Grid {
  readonly #chunkPairs: number;
  /** In order of number; only episodes with the first one's partition may be leased. */
  readonly #episodes: OpenEpisode[] = [];
  readonly #grants = new Map<number, Grant>();
  /** Last input part of each session: a volunteer that keeps it needs only new output rows. */
  readonly #lastInput = new Map<number, number>();
  #locks: Locks | null = null;
  #parts = 0;
  #waitingChunks = 0;
  #nextLease: number;

  /** @param nextLease number of the first lease; a resumed run goes on counting */
  constructor(chunkPairs: number, nextLease = 1) {
    this.#chunkPairs = chunkPairs;
    this.#nextLease = nextLease;
  }

  get nextLease(): number {
    return this.#nextLease;
  }

  /** Episodes not yet complete, oldest first. */
  get episodes(): readonly GridEpisode[] {
    return this.#episodes.map((open) => open.episode);
  }

  /** @param done chunk states of a resumed episode, from `snapshot` */
  add(episode: GridEpisode, done?: Uint8Array): void {
    const blocks = episode.parts * episode.parts;
    const chunkStart = new Uint32Array(blocks + 1);
    for (let block = 0; block < blocks; block++) {
      const pairs = episode.offsets[block + 1]! - episode.offsets[block]!;
      chunkStart[block + 1] = chunkStart[block]! + Math.ceil(pairs / this.#chunkPairs);
    }
    const chunks = new Uint8Array(chunkStart[blocks]!);
    if (done !== undefined)
      for (let c = 0; c < chunks.length; c++) chunks[c] = done[c] === CHUNK.done ? CHUNK.done : CHUNK.waiting;
    const waiting = new Uint32Array(blocks);
    let left = 0;
    for (let block = 0; block < blocks; block++) {
      for (let c = chunkStart[block]!; c < chunkStart[block + 1]!; c++)
        if (chunks[c] === CHUNK.waiting) waiting[block]!++;
      left += waiting[block]!;
    }
    this.#episodes.push({ episode, chunkStart, chunks, waiting, left });
    this.#waitingChunks += left;
    this.#adoptPartition();
  }

  /** Done chunks of an episode, as bytes for a checkpoint: 2 is done, anything else is not. */
  snapshot(episode: number): Uint8Array {
    return this.#find(episode).chunks.slice();
  }

  /** Drops the oldest episode when it is complete; answers its number, or null. */
  retire(): number | null {
    const oldest = this.#episodes[0];
    if (oldest === undefined || oldest.left > 0) return null;
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

  /** Leases chunks of the best free block, or answers null when none can be had now. */
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
        const waiting = open.waiting[i * parts + j]!;
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
    const { episode, chunkStart, chunks } = open;
    const inputPart = Math.floor(block / this.#parts);
    const outputPart = block % this.#parts;
    let first = chunkStart[block]!;
    while (chunks[first] !== CHUNK.waiting) first++;
    const wanted = Math.max(1, Math.floor(wish.pairs / this.#chunkPairs));
    let end = first;
    while (end < chunkStart[block + 1]! && end - first < wanted && chunks[end] === CHUNK.waiting)
      chunks[end++] = CHUNK.leased;
    open.waiting[block]! -= end - first;
    this.#waitingChunks -= end - first;
    locks.inputHolder[inputPart] = wish.session;
    locks.inputLeases[inputPart]!++;
    locks.outputHolder[outputPart] = wish.session;
    locks.outputLeases[outputPart]!++;
    this.#lastInput.set(wish.session, inputPart);
    const firstChunk = first - chunkStart[block]!;
    const blockStart = episode.offsets[block]!;
    const grant: Grant = {
      lease: this.#nextLease++,
      session: wish.session,
      episode: episode.number,
      parts: this.#parts,
      inputPart,
      outputPart,
      firstChunk,
      chunks: end - first,
      start: blockStart + firstChunk * this.#chunkPairs,
      end: Math.min(episode.offsets[block + 1]!, blockStart + (firstChunk + end - first) * this.#chunkPairs),
    };
    this.#grants.set(grant.lease, grant);
    return grant;
  }

  /** The lease as granted, while it is held. */
  held(lease: number): Grant | undefined {
    return this.#grants.get(lease);
  }

  /** The lease's delta was applied: its chunks are done, for ever. */
  complete(lease: number): void {
    this.#end(lease, CHUNK.done);
  }

  /** The lease ended without a result: its chunks wait again. */
  release(lease: number): void {
    this.#end(lease, CHUNK.waiting);
  }

  #end(lease: number, state: number): void {
    const grant = this.#grants.get(lease);
    if (grant === undefined || this.#locks === null) throw new Error(`lease ${lease} is not held`);
    this.#grants.delete(lease);
    const open = this.#find(grant.episode);
    const block = grant.inputPart * grant.parts + grant.outputPart;
    const first = open.chunkStart[block]! + grant.firstChunk;
    open.chunks.fill(state, first, first + grant.chunks);
    if (state === CHUNK.done) {
      open.left -= grant.chunks;
    } else {
      open.waiting[block]! += grant.chunks;
      this.#waitingChunks += grant.chunks;
    }
    const { inputHolder, inputLeases, outputHolder, outputLeases } = this.#locks;
    if (--inputLeases[grant.inputPart]! === 0) inputHolder[grant.inputPart] = 0;
    if (--outputLeases[grant.outputPart]! === 0) outputHolder[grant.outputPart] = 0;
  }

  forget(session: number): void {
    this.#lastInput.delete(session);
  }

  /** Chunks that wait, of all episodes in memory. */
  get waitingChunks(): number {
    return this.#waitingChunks;
  }

  /** Chunks of the episodes in memory. */
  count(): { waiting: number; leased: number; done: number } {
    const counts = [0, 0, 0];
    for (const { chunks } of this.#episodes) for (const state of chunks) counts[state]!++;
    return { waiting: counts[0]!, leased: counts[1]!, done: counts[2]! };
  }

  /** Pairs of an episode in chunks that are done. */
  pairsDone(episode: number): number {
    const open = this.#find(episode);
    const { offsets } = open.episode;
    let pairs = 0;
    for (let block = 0; block + 1 < open.chunkStart.length; block++) {
      for (let c = open.chunkStart[block]!; c < open.chunkStart[block + 1]!; c++) {
        if (open.chunks[c] !== CHUNK.done) continue;
        const start = offsets[block]! + (c - open.chunkStart[block]!) * this.#chunkPairs;
        pairs += Math.min(this.#chunkPairs, offsets[block + 1]! - start);
      }
    }
    return pairs;
  }

  /** P·P characters of the oldest episode (protocol/status.ts, EpisodeStatus.grid). */
  picture(): string {
    const open = this.#episodes[0];
    if (open === undefined) return '';
    let text = '';
    for (let block = 0; block < open.waiting.length; block++) {
      const total = open.chunkStart[block + 1]! - open.chunkStart[block]!;
      const states = open.chunks.subarray(open.chunkStart[block]!, open.chunkStart[block + 1]!);
      if (total === 0) text += ' ';
      else if (states.includes(CHUNK.leased)) text += 'l';
      else if (open.waiting[block] === 0) text += 'd';
      else text += open.waiting[block] === total ? '.' : 'p';
    }
    return text;
  }

  #find(episode: number): OpenEpisode {
    const open = this.#episodes.find((candidate) => candidate.episode.number === episode);
    if (open === undefined) throw new Error(`episode ${episode} is not open`);
    return open;
  }
}

function countFree(holders: Int32Array): number {
  let free = 0;
  for (const holder of holders) if (holder === 0) free++;
  return free;
}
