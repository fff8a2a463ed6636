// The chunks of one episode, block by block, by what became of them.
import type { ScheduledEpisode } from './scheduler.ts';

const CHUNK = { waiting: 0, leased: 1, done: 2 } as const;

/** A run of neighbouring chunks of one block; `start` and `end` bound its pairs among the episode's. */
export interface ChunkRun {
  /** Index in the block of the first chunk. */
  readonly firstChunk: number;
  readonly chunks: number;
  readonly start: number;
  readonly end: number;
}

export class EpisodeChunks {
  readonly number: number;
  readonly parts: number;
  readonly #offsets: Uint32Array;
  readonly #chunkPairs: number;
  /** First chunk of each block, in the numbering of `#states`. Shape (P² + 1). */
  readonly #blockStart: Uint32Array;
  readonly #states: Uint8Array;
  /** Chunks of each block that wait. Shape (P²). */
  readonly #waiting: Uint32Array;
  #allWaiting = 0;
  #left = 0;

  /** @param done states of a resumed episode: what is not done waits */
  constructor(episode: Pick<ScheduledEpisode, 'number' | 'parts' | 'offsets'>, chunkPairs: number, done?: Uint8Array) {
    const { number, parts, offsets } = episode;
    this.number = number;
    this.parts = parts;
    this.#offsets = offsets;
    this.#chunkPairs = chunkPairs;
    const blocks = parts * parts;
    this.#blockStart = new Uint32Array(blocks + 1);
    for (let block = 0; block < blocks; block++) {
      const pairs = offsets[block + 1]! - offsets[block]!;
      this.#blockStart[block + 1] = this.#blockStart[block]! + Math.ceil(pairs / chunkPairs);
    }
    this.#states = new Uint8Array(this.#blockStart[blocks]!);
    this.#waiting = new Uint32Array(blocks);
    for (let block = 0; block < blocks; block++) {
      for (let c = this.#blockStart[block]!; c < this.#blockStart[block + 1]!; c++) {
        if (done?.[c] === CHUNK.done) this.#states[c] = CHUNK.done;
        else this.#waiting[block]!++;
      }
      this.#left += this.#waiting[block]!;
    }
    this.#allWaiting = this.#left;
  }

  /** Chunks not done. */
  get left(): number {
    return this.#left;
  }

  get waiting(): number {
    return this.#allWaiting;
  }

  get pairs(): number {
    return this.#offsets[this.parts * this.parts]!;
  }

  waitingIn(block: number): number {
    return this.#waiting[block]!;
  }

  /** Leases the block's first waiting chunks, `wanted` neighbours at most; one must wait. */
  take(block: number, wanted: number): ChunkRun {
    const from = this.#blockStart[block]!;
    const to = this.#blockStart[block + 1]!;
    const first = this.#states.subarray(from, to).indexOf(CHUNK.waiting) + from;
    let end = first;
    while (end < to && end - first < wanted && this.#states[end] === CHUNK.waiting) this.#states[end++] = CHUNK.leased;
    this.#waiting[block]! -= end - first;
    this.#allWaiting -= end - first;
    const firstChunk = first - from;
    const blockPairs = this.#offsets[block]!;
    return {
      firstChunk,
      chunks: end - first,
      start: blockPairs + firstChunk * this.#chunkPairs,
      end: Math.min(this.#offsets[block + 1]!, blockPairs + (firstChunk + end - first) * this.#chunkPairs),
    };
  }

  /** A leased run ends: its chunks are done, or wait again. */
  end(block: number, { firstChunk, chunks }: Pick<ChunkRun, 'firstChunk' | 'chunks'>, done: boolean): void {
    const first = this.#blockStart[block]! + firstChunk;
    this.#states.fill(done ? CHUNK.done : CHUNK.waiting, first, first + chunks);
    if (done) {
      this.#left -= chunks;
    } else {
      this.#waiting[block]! += chunks;
      this.#allWaiting += chunks;
    }
  }

  /** A copy of every chunk's state: 2 is done. */
  snapshot(): Uint8Array {
    return this.#states.slice();
  }

  count(): { waiting: number; leased: number; done: number } {
    const done = this.#states.length - this.#left;
    return { waiting: this.#allWaiting, leased: this.#left - this.#allWaiting, done };
  }

  /** Pairs in chunks that are done. */
  pairsDone(): number {
    let pairs = 0;
    for (let block = 0; block < this.#waiting.length; block++) {
      const first = this.#blockStart[block]!;
      for (let c = first; c < this.#blockStart[block + 1]!; c++) {
        if (this.#states[c] !== CHUNK.done) continue;
        const start = this.#offsets[block]! + (c - first) * this.#chunkPairs;
        pairs += Math.min(this.#chunkPairs, this.#offsets[block + 1]! - start);
      }
    }
    return pairs;
  }

  /** One character a block (protocol/status.ts, EpisodeStatus.grid). */
  picture(): string {
    let text = '';
    for (let block = 0; block < this.#waiting.length; block++) {
      const total = this.#blockStart[block + 1]! - this.#blockStart[block]!;
      const states = this.#states.subarray(this.#blockStart[block]!, this.#blockStart[block + 1]!);
      if (total === 0) text += ' ';
      else if (states.includes(CHUNK.leased)) text += 'l';
      else if (this.#waiting[block] === 0) text += 'd';
      else text += this.#waiting[block] === total ? '.' : 'p';
    }
    return text;
  }
}

/** Sums of `count` over episodes. */
export function countAll(episodes: Iterable<EpisodeChunks>): { waiting: number; leased: number; done: number } {
  const sum = { waiting: 0, leased: 0, done: 0 };
  for (const episode of episodes) {
    const { waiting, leased, done } = episode.count();
    sum.waiting += waiting;
    sum.leased += leased;
    sum.done += done;
  }
  return sum;
}

/** @throws Error when the episode is not among them */
export function findEpisode<E extends { readonly chunks: EpisodeChunks }>(open: readonly E[], number: number): E {
  const found = open.find(({ chunks }) => chunks.number === number);
  if (found === undefined) throw new Error(`episode ${number} is not open`);
  return found;
}
