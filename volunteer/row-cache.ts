// The rows of the model that this volunteer holds, so that nothing is sent twice.

/** Rows of one matrix by id, in one growing slab. */
export class RowCache {
  readonly #dim: number;
  /** Slot of each row, or -1. Shape (V). */
  readonly #slots: Int32Array;
  #values: Float32Array<ArrayBuffer>;
  #used = 0;

  constructor(rows: number, dim: number) {
    this.#dim = dim;
    this.#slots = new Int32Array(rows).fill(-1);
    this.#values = new Float32Array(1024 * dim);
  }

  /** The slab; valid until the next `reserve`. */
  get values(): Float32Array<ArrayBuffer> {
    return this.#values;
  }

  /** Offset of the row in `values`, or -1 when it is not held. */
  find(row: number): number {
    const slot = this.#slots[row]!;
    return slot < 0 ? -1 : slot * this.#dim;
  }

  /** Offset of the row, with room made for it. */
  reserve(row: number): number {
    let slot = this.#slots[row]!;
    if (slot < 0) {
      slot = this.#used++;
      this.#slots[row] = slot;
      if (this.#used * this.#dim > this.#values.length) {
        const next = new Float32Array(this.#values.length * 2);
        next.set(this.#values);
        this.#values = next;
      }
    }
    return slot * this.#dim;
  }

  clear(): void {
    this.#slots.fill(-1);
    this.#used = 0;
  }
}
