// What a grid should do, done with sets and loops: every step of the real one is compared, and a difference throws.
import assert from 'node:assert/strict';
import type { GridEpisode } from '../../../coordinator/schedule/grid.ts';
import { Grid } from '../../../coordinator/schedule/grid.ts';
import type { Grant } from '../../../coordinator/schedule/scheduler.ts';

/** Pairs per chunk. */
export const CHUNK = 10;

/** An episode whose blocks hold so many pairs; 0 to a few chunks each. */
export function episode(number: number, parts: number, pairs: readonly number[]): GridEpisode {
  const offsets = new Uint32Array(parts * parts + 1);
  for (let block = 0; block < parts * parts; block++)
    offsets[block + 1] = offsets[block]! + pairs[block % pairs.length]!;
  return { number, parts, offsets };
}

/** Name of a chunk. */
export const key = (grant: Grant, chunk: number): string =>
  `${grant.episode}/${grant.inputPart}/${grant.outputPart}/${chunk}`;

/** Does what a grid should do with sets and loops, and throws when the grid does otherwise. */
export class Checker {
  readonly grid = new Grid(CHUNK, 100);
  readonly held = new Map<number, Grant>();
  readonly done = new Set<string>();
  readonly #episodes = new Map<number, GridEpisode>();
  readonly #retired: number[] = [];
  #lastLease = 99;

  add(added: GridEpisode): void {
    this.grid.add(added);
    this.#episodes.set(added.number, added);
    this.#check();
  }

  grant(session: number, pairs: number, reserve: number): Grant | null {
    const oldest = this.grid.episodes[0];
    const grant = this.grid.grant({ session, pairs, reserve });
    if (grant === null) {
      if (reserve === 0) this.#nothingFree(session, oldest);
      return null;
    }
    assert.equal(grant.session, session);
    assert.equal(grant.lease, this.#lastLease + 1);
    this.#lastLease = grant.lease;
    assert.equal(grant.parts, oldest!.parts);
    assert.ok(grant.chunks > 0);
    assert.ok(grant.chunks <= Math.max(1, Math.floor(pairs / CHUNK)));
    const { offsets, parts } = this.#episodes.get(grant.episode)!;
    const block = grant.inputPart * parts + grant.outputPart;
    assert.equal(grant.start, offsets[block]! + grant.firstChunk * CHUNK);
    assert.equal(grant.end, Math.min(offsets[block + 1]!, grant.start + grant.chunks * CHUNK));
    assert.ok(grant.end > grant.start);
    const inputs = new Set<number>();
    const outputs = new Set<number>();
    for (const other of this.held.values()) {
      assert.equal(other.parts, grant.parts, 'leases of two partitions at once');
      if (other.session === session) {
        inputs.add(other.inputPart);
        outputs.add(other.outputPart);
      } else {
        assert.notEqual(other.inputPart, grant.inputPart, 'an input part is shared');
        assert.notEqual(other.outputPart, grant.outputPart, 'an output part is shared');
      }
      const same: boolean =
        other.episode === grant.episode && other.inputPart === grant.inputPart && other.outputPart === grant.outputPart;
      const apart: boolean =
        grant.firstChunk >= other.firstChunk + other.chunks || other.firstChunk >= grant.firstChunk + grant.chunks;
      assert.equal(!same || apart, true, 'a chunk is leased twice');
    }
    for (let chunk = grant.firstChunk; chunk < grant.firstChunk + grant.chunks; chunk++) {
      assert.equal(this.done.has(key(grant, chunk)), false, 'a done chunk is leased');
    }
    this.held.set(grant.lease, grant);
    // What the lease locked anew must leave the reserve free.
    const free = (part: 'inputPart' | 'outputPart'): number =>
      parts - new Set([...this.held.values()].map((one) => one[part])).size;
    if (!inputs.has(grant.inputPart)) assert.ok(free('inputPart') >= reserve);
    if (!outputs.has(grant.outputPart)) assert.ok(free('outputPart') >= reserve);
    this.#check();
    return grant;
  }

  /** No open episode of the partition in use has a waiting chunk in a block that the session could have. */
  #nothingFree(session: number, oldest: GridEpisode | undefined): void {
    for (const { number, parts, offsets } of this.grid.episodes) {
      if (parts !== oldest!.parts) return;
      for (let block = 0; block < parts * parts; block++) {
        const inputPart = Math.floor(block / parts);
        const outputPart = block % parts;
        const others = [...this.held.values()].filter((one) => one.session !== session);
        if (others.some((one) => one.inputPart === inputPart || one.outputPart === outputPart)) continue;
        const mine = [...this.held.values()].filter(
          (one) => one.episode === number && one.inputPart === inputPart && one.outputPart === outputPart,
        );
        const chunks = Math.ceil((offsets[block + 1]! - offsets[block]!) / CHUNK);
        for (let chunk = 0; chunk < chunks; chunk++) {
          const leased = mine.some((one) => chunk >= one.firstChunk && chunk < one.firstChunk + one.chunks);
          const done = this.done.has(`${number}/${inputPart}/${outputPart}/${chunk}`);
          assert.equal(leased || done, true, `chunk ${chunk} of block ${block} could have been leased`);
        }
      }
    }
  }

  end(lease: number, complete: boolean): void {
    const grant = this.held.get(lease)!;
    if (complete) {
      this.grid.complete(lease);
      for (let chunk = grant.firstChunk; chunk < grant.firstChunk + grant.chunks; chunk++)
        this.done.add(key(grant, chunk));
    } else {
      this.grid.release(lease);
    }
    this.held.delete(lease);
    this.#check();
  }

  retire(): void {
    const oldest = this.grid.episodes[0];
    const number = this.grid.retire();
    if (number === null) {
      if (oldest !== undefined) assert.ok(this.left(oldest) > 0);
      return;
    }
    assert.equal(number, oldest!.number);
    assert.equal(this.left(oldest!), 0);
    this.#retired.push(number);
    this.#check();
  }

  chunks({ parts, offsets }: GridEpisode): number {
    let chunks = 0;
    for (let block = 0; block < parts * parts; block++)
      chunks += Math.ceil((offsets[block + 1]! - offsets[block]!) / CHUNK);
    return chunks;
  }

  left(one: GridEpisode): number {
    return this.chunks(one) - [...this.done].filter((name) => name.startsWith(`${one.number}/`)).length;
  }

  #check(): void {
    const open = this.grid.episodes;
    const leased = [...this.held.values()].reduce((sum, grant) => sum + grant.chunks, 0);
    const all = open.reduce((sum, one) => sum + this.chunks(one), 0);
    const left = open.reduce((sum, one) => sum + this.left(one), 0);
    assert.deepEqual(this.grid.count(), { waiting: left - leased, leased, done: all - left });
    assert.equal(this.grid.waitingChunks, left - leased);
    assert.equal(this.grid.nextLease, this.#lastLease + 1);
    const parts = open[0]?.parts ?? 0;
    assert.equal(this.grid.picture().length, parts * parts);
    for (const grant of this.held.values()) assert.deepEqual(this.grid.held(grant.lease), grant);
  }
}
