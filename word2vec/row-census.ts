// Which rows of a matrix a plan touches, how often, and which are to be updated after each minibatch.

/** Rows to update after each minibatch: minibatch b flushes entries [start[b], start[b+1]). */
export interface FlushList {
  readonly start: Uint32Array;
  readonly rows: Uint32Array;
  /** Dot products of the row within the minibatch, n in the damping 1/(1+h·α·(n−1)). */
  readonly hits: Uint32Array;
}

/** Counts touches of one matrix's rows, in all and per minibatch, by rank. */
export class RowCensus {
  /** Shape (part size), as the next three. */
  #seen = new Uint8Array(0);
  #hits = new Uint32Array(0);
  #batchHits = new Uint32Array(0);
  /** Row of each touched rank, ascending. */
  #newIndex = new Uint32Array(0);
  #partSize = 0;
  #count = 0;
  #flushRows = new Uint32Array(4096);
  #flushHits = new Uint32Array(4096);
  #flushed = 0;
  #batchBegin = 0;
  #starts: number[] = [0];

  begin(partSize: number): void {
    if (this.#seen.length < partSize) {
      this.#seen = new Uint8Array(partSize);
      this.#hits = new Uint32Array(partSize);
      this.#batchHits = new Uint32Array(partSize);
      this.#newIndex = new Uint32Array(partSize);
    }
    this.#seen.fill(0, 0, partSize);
    this.#hits.fill(0, 0, partSize);
    this.#batchHits.fill(0, 0, partSize);
    this.#partSize = partSize;
    this.#count = 0;
    this.#flushed = 0;
    this.#batchBegin = 0;
    this.#starts = [0];
  }

  /** Notes `hits` dot products of the row with rank `rank`; answers the rank. */
  touch(rank: number, hits: number): number {
    const before = this.#batchHits[rank]!;
    if (before === 0) this.#meet(rank);
    this.#batchHits[rank] = before + hits;
    return rank;
  }

  endBatch(): void {
    for (let at = this.#batchBegin; at < this.#flushed; at++) {
      const rank = this.#flushRows[at]!;
      const hits = this.#batchHits[rank]!;
      this.#flushHits[at] = hits;
      this.#hits[rank]! += hits;
      this.#batchHits[rank] = 0;
    }
    this.#batchBegin = this.#flushed;
    this.#starts.push(this.#flushed);
  }

  /** Numbers the rows by ascending rank. */
  finish(): { ids: Uint32Array; hits: Uint32Array; newIndex: Uint32Array; flush: FlushList } {
    const ids = new Uint32Array(this.#count);
    const hits = new Uint32Array(this.#count);
    let index = 0;
    for (let rank = 0; rank < this.#partSize; rank++) {
      if (this.#seen[rank] === 0) continue;
      ids[index] = rank;
      hits[index] = this.#hits[rank]!;
      this.#newIndex[rank] = index++;
    }
    const rows = this.#flushRows.subarray(0, this.#flushed);
    for (let at = 0; at < this.#flushed; at++) rows[at] = this.#newIndex[rows[at]!]!;
    const flush = { start: Uint32Array.from(this.#starts), rows, hits: this.#flushHits.subarray(0, this.#flushed) };
    return { ids, hits, newIndex: this.#newIndex, flush };
  }

  /** The rank's first touch in the minibatch. */
  #meet(rank: number): void {
    if (this.#flushed >= this.#flushRows.length) {
      this.#flushRows = grown(this.#flushRows);
      this.#flushHits = grown(this.#flushHits);
    }
    this.#flushRows[this.#flushed++] = rank;
    if (this.#seen[rank] === 0) {
      this.#seen[rank] = 1;
      this.#count++;
    }
  }
}

function grown(old: Uint32Array): Uint32Array<ArrayBuffer> {
  const next = new Uint32Array(old.length * 2);
  next.set(old);
  return next;
}
