// Memory for episodes' pairs: what the run has trained is used again, so that a run holds no more than it has in flight.
import type { BlockPairs, PairRoom } from '../../word2vec/skip-gram-pairs.ts';

/** An episode's pairs, without their offsets: what a thread hands to another, and back. */
export type PairMemory = Pick<BlockPairs, 'inputs' | 'outputs'>;

/** Bytes of the least buffer. */
const LEAST_BYTES = 1 << 18;

/**
 * Buffers have powers of two bytes, so that episodes of about the same length share them; pages beyond the pairs are
 * never touched. Every `take` that finds none large enough lets one that is too small go: as the run gives an
 * episode's buffers back before it asks for the next, there are never more than those of the episodes in memory.
 */
export class PairBuffers implements PairRoom {
  readonly #free: ArrayBuffer[] = [];
  #made = 0;

  /** Buffers made since the start, free or not. */
  get made(): number {
    return this.#made;
  }

  /** Buffers that wait to be used again. */
  get free(): number {
    return this.#free.length;
  }

  /** @param length numbers, which are not zero */
  take(length: number): Uint32Array<ArrayBuffer> {
    const bytes = length * Uint32Array.BYTES_PER_ELEMENT;
    // Ascending: the first that is large enough leaves larger ones to larger episodes.
    this.#free.sort((a, b) => a.byteLength - b.byteLength);
    const fitting = this.#free.findIndex((buffer) => buffer.byteLength >= bytes);
    const [found] = this.#free.splice(Math.max(fitting, 0), 1);
    const buffer = fitting >= 0 ? found! : this.#make(bytes);
    return new Uint32Array(buffer, 0, length);
  }

  giveBack({ inputs, outputs }: PairMemory): void {
    this.#free.push(inputs.buffer, outputs.buffer);
  }

  #make(bytes: number): ArrayBuffer {
    this.#made++;
    let size = LEAST_BYTES;
    while (size < bytes) size *= 2;
    return new ArrayBuffer(size);
  }
}
