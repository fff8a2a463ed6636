// The result of a lease: what training changed, rounded for the wire and added to the rows held.
import { bitmapBytes, hasBit, setBit } from '../protocol/bitmap.ts';
import type { PackedRows } from '../protocol/rows.ts';
import { reserveRows, rowsBytes } from '../protocol/rows.ts';
import type { Result } from '../protocol/to-coordinator.ts';
import { beginResult } from '../protocol/to-coordinator.ts';
import type { Welcome } from '../protocol/to-volunteer.ts';
import { STREAM, streamKey } from '../word2vec/random.ts';
import { DeltaWriter } from './delta-writer.ts';
import type { RowCache } from './row-cache.ts';

/** The rows of one matrix that a lease trained. */
export interface TrainedRows {
  readonly cache: RowCache;
  /** Of each row in the cache's store. Shape (rows) */
  readonly places: Uint32Array;
  /** As trained; afterwards spent. Shape (rows, dim) */
  readonly values: Float32Array;
  /** Most that each row moves (word2vec/row-reach.ts), asked where residuals are kept. */
  reach(): Float64Array;
}

type Head = Pick<Result, 'lease' | 'positiveLoss' | 'negativeLoss' | 'computeMs'>;

/** What a format makes of the trained rows: which moved, and how to write them. */
interface Moved {
  readonly present: Uint8Array;
  readonly sent: number;
  write(packed: PackedRows): void;
}

export class LeaseDeltas {
  readonly #welcome: Welcome;
  /** Rows in the making, before it is known how many there are. */
  #scales = new Float32Array(0);
  #values = new Int8Array(0);
  #moved = new Uint8Array(0);

  constructor(welcome: Welcome) {
    this.#welcome = welcome;
  }

  /** The result's frame; the caches hold what the coordinator will. Input rows come first. */
  frame(head: Head, input: TrainedRows, output: TrainedRows): Uint8Array<ArrayBuffer> {
    const { rowsUp, seed, dim } = this.#welcome;
    const key = streamKey(seed, STREAM.rounding, head.lease);
    const moved = rowsUp === 'int8' ? this.#rounded(input, output, key) : this.#subtracted(input, output, key);
    const { present, sent } = moved;
    const [inputRows, outputRows] = [input.places.length, output.places.length];
    const write = beginResult({ ...head, inputRows, outputRows, present }, rowsBytes(rowsUp, sent, dim));
    moved.write(reserveRows(write, rowsUp, sent, dim));
    return write.finish();
  }

  /** In one pass over the rows. */
  #rounded(input: TrainedRows, output: TrainedRows, key: number): Moved {
    const { dim } = this.#welcome;
    const inputs = input.places.length;
    const total = inputs + output.places.length;
    if (this.#moved.length < total) {
      this.#moved = new Uint8Array(total);
      this.#scales = new Float32Array(total);
      this.#values = new Int8Array(total * dim);
    }
    const rounded = { scales: this.#scales, values: this.#values };
    const flags = this.#moved;
    let sent = 0;
    for (const { cache, places, values, first } of [
      { ...input, first: 0 },
      { ...output, first: inputs },
    ]) {
      const ofMatrix = flags.subarray(first, first + places.length);
      sent += cache.store.round(places, values, { key, first }, ofMatrix, rounded, sent);
    }
    const present = new Uint8Array(bitmapBytes(total));
    for (let r = 0; r < total; r++) if (flags[r] === 1) setBit(present, r);
    const write = (packed: PackedRows): void => {
      if (packed.format !== 'int8') throw new Error(`rows were rounded for int8, not ${packed.format}`);
      packed.scales.set(rounded.scales.subarray(0, sent));
      packed.values.set(rounded.values.subarray(0, sent * dim));
    };
    return { present, sent, write };
  }

  #subtracted(input: TrainedRows, output: TrainedRows, key: number): Moved {
    const { dim } = this.#welcome;
    const inputs = input.places.length;
    const total = inputs + output.places.length;
    const present = new Uint8Array(bitmapBytes(total));
    const sent = subtract(input, dim, present, 0) + subtract(output, dim, present, inputs);
    const write = (packed: PackedRows): void => {
      const deltas = new DeltaWriter(packed, dim, key);
      for (const { cache, places, values, reach, first } of [
        { ...input, reach: input.reach(), first: 0 },
        { ...output, reach: output.reach(), first: inputs },
      ]) {
        for (let r = 0; r < places.length; r++) {
          if (!hasBit(present, first + r)) continue;
          const delta = { held: places[r]! * dim, values, offset: r * dim, reach: reach[r]! };
          deltas.write(delta, cache, (first + r) * dim);
        }
      }
    };
    return { present, sent, write };
  }
}

/** trained -= held, marking the rows that moved; answers how many did. */
function subtract(rows: TrainedRows, dim: number, present: Uint8Array, firstBit: number): number {
  const { cache, places, values: trained } = rows;
  const { values } = cache;
  let moved = 0;
  for (let r = 0; r < places.length; r++) {
    const offset = places[r]! * dim;
    let any = false;
    for (let d = 0; d < dim; d++) {
      const delta = trained[r * dim + d]! - values[offset + d]!;
      trained[r * dim + d] = delta;
      if (delta !== 0) any = true;
    }
    if (!any) continue;
    setBit(present, firstBit + r);
    moved++;
  }
  return moved;
}
