// The rows of the model that this volunteer holds, so that nothing is sent twice.

/** Rows of one matrix by id, in one growing slab; where asked for, the residual of each in a second one. */
export class RowCache {
  readonly #dim: number;
  /** Slot of each row, or -1. Shape (V). */
  readonly #slots: Int32Array;
  #values: Float32Array<ArrayBuffer>;
  /** What rounding left out of each row's deltas so far; empty when it is not kept. */
  #residuals: Float32Array<ArrayBuffer>;
  #used = 0;

  constructor(rows: number, dim: number, keepResiduals: boolean) {
    this.#dim = dim;
    this.#slots = new Int32Array(rows).fill(-1);
    this.#values = new Float32Array(1024 * dim);
    this.#residuals = new Float32Array(keepResiduals ? 1024 * dim : 0);
  }

  /** The slab; valid until the next `reserve`. */
  get values(): Float32Array<ArrayBuffer> {
    return this.#values;
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

  /** Offset of the row, for new values: room is made for it, and its residual, which belonged to the old, is dropped. */
  reserve(row: number): number {
    let slot = this.#slots[row]!;
    if (slot < 0) {
      slot = this.#used++;
      this.#slots[row] = slot;
      if (this.#used * this.#dim > this.#values.length) {
        this.#values = doubled(this.#values);
        this.#residuals = doubled(this.#residuals);
      }
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
