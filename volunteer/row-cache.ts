// The rows of the model that this volunteer holds, so that nothing is sent twice.
import type { RowStore } from '../rows/row-store.ts';
import { rowStore } from '../rows/row-store.ts';

/** Rows that a cache has room for at first. */
const FIRST_ROWS = 1024;

/** Rows of one matrix by id, in a growing store; where asked for, the residual of each in a second slab. */
export class RowCache {
  readonly #dim: number;
  /** Slot of each row, or -1. Shape (V). */
  readonly #slots: Int32Array;
  /** The rows, by the order in which they were first reserved. */
  readonly store: RowStore;
  /** What rounding left out of each row's deltas so far; empty when it is not kept. */
  #residuals: Float32Array<ArrayBuffer>;
  #used = 0;

  constructor(rows: number, dim: number, keepResiduals: boolean) {
    this.#dim = dim;
    this.#slots = new Int32Array(rows).fill(-1);
    this.store = rowStore(FIRST_ROWS, dim);
    this.#residuals = new Float32Array(keepResiduals ? FIRST_ROWS * dim : 0);
  }

  /** The store's; valid until the next `reserve`. */
  get values(): Float32Array<ArrayBuffer> {
    return this.store.values;
  }

  /** Residuals at the same offsets; valid until the next `reserve`. */
  get residuals(): Float32Array<ArrayBuffer> {
    return this.#residuals;
  }

  /** Offset of the row in `values`, or -1 when it is not held. */
  find(row: number): number {
    const slot = this.#slots[row]!;
    return slot < 0 ? -1 : slot * this.#dim;
  }

  /** Places of rows in `store`. @throws RangeError for one that is not held */
  places(rows: Uint32Array): Uint32Array {
    const places = new Uint32Array(rows.length);
    for (let r = 0; r < rows.length; r++) {
      const slot = this.#slots[rows[r]!]!;
      if (slot < 0) throw new RangeError(`row ${rows[r]} is not held`);
      places[r] = slot;
    }
    return places;
  }

  /** Offset of the row, for new values: room is made for it, and its residual, which belonged to the old, is dropped. */
  reserve(row: number): number {
    let slot = this.#slots[row]!;
    if (slot < 0) {
      slot = this.#used++;
      this.#slots[row] = slot;
      this.store.reserve(this.#used);
      if (this.#residuals.length > 0 && this.#used * this.#dim > this.#residuals.length)
        this.#residuals = doubled(this.#residuals);
    }
    const offset = slot * this.#dim;
    if (this.#residuals.length > 0) this.#residuals.fill(0, offset, offset + this.#dim);
    return offset;
  }

  clear(): void {
    this.#slots.fill(-1);
    this.#used = 0;
  }
}

function doubled(old: Float32Array): Float32Array<ArrayBuffer> {
  const next = new Float32Array(old.length * 2);
  next.set(old);
  return next;
}
