// Rows in plain memory, worked on by protocol/rows.ts: what SimdRows is compared with, and does less of.
import type { PackedRows } from '../protocol/rows.ts';
import { addRow, packRow, rowNorm, unpackRow } from '../protocol/rows.ts';
import { hashAt } from '../word2vec/random.ts';
import type { RoundedRows, RowStore } from './row-store.ts';

export class PlainRows implements RowStore {
  readonly dim: number;
  #values: Float32Array<ArrayBuffer>;

  constructor(rows: number, dim: number) {
    this.dim = dim;
    this.#values = new Float32Array(rows * dim);
  }

  get values(): Float32Array<ArrayBuffer> {
    return this.#values;
  }

  reserve(rows: number): void {
    if (rows * this.dim <= this.#values.length) return;
    const next = new Float32Array(Math.max(rows * this.dim, this.#values.length * 2));
    next.set(this.#values);
    this.#values = next;
  }

  pack(ids: Uint32Array, packed: PackedRows, at: number): void {
    const { dim } = this;
    for (let k = 0; k < ids.length; k++) packRow(packed, at + k, this.#values, ids[k]! * dim, dim);
  }

  unpack(packed: PackedRows, at: number, ids: Uint32Array): void {
    const { dim } = this;
    for (let k = 0; k < ids.length; k++) unpackRow(packed, at + k, this.#values, ids[k]! * dim, dim);
  }

  add(packed: PackedRows, at: number, ids: Uint32Array, squares: Float64Array): void {
    const { dim } = this;
    for (let k = 0; k < ids.length; k++) {
      addRow(packed, at + k, this.#values, ids[k]! * dim, dim);
      squares[k] = squaredNorm(this.#values, ids[k]! * dim, dim);
    }
  }

  norms(packed: PackedRows, at: number, norms: Float64Array): void {
    for (let k = 0; k < norms.length; k++) norms[k] = rowNorm(packed, at + k, this.dim);
  }

  gather(ids: Uint32Array, target: Float32Array): void {
    const { dim } = this;
    for (let k = 0; k < ids.length; k++) {
      target.set(this.#values.subarray(ids[k]! * dim, (ids[k]! + 1) * dim), k * dim);
    }
  }

  round(
    ids: Uint32Array,
    trained: Float32Array,
    { key, first }: { readonly key: number; readonly first: number },
    moved: Uint8Array,
    rounded: RoundedRows,
    at: number,
  ): number {
    const { dim } = this;
    const packed: PackedRows = { format: 'int8', ...rounded };
    const [delta, draws] = [new Float32Array(dim), new Float64Array(dim)];
    let to = at;
    for (let k = 0; k < ids.length; k++) {
      const held = ids[k]! * dim;
      let any = 0;
      for (let d = 0; d < dim; d++) {
        delta[d] = trained[k * dim + d]! - this.#values[held + d]!;
        if (delta[d] !== 0) any = 1;
      }
      moved[k] = any;
      if (any === 0) continue;
      for (let d = 0; d < dim; d++) draws[d] = hashAt(key, (first + k) * dim + d) / 4294967296;
      packRow(packed, to, delta, 0, dim, draws);
      // The coordinator adds the same levels, so both copies stay equal.
      addRow(packed, to++, this.#values, held, dim);
    }
    return to - at;
  }
}

/** Four sums at once, a column in four each: one addition would wait for the one before. */
export function squaredNorm(values: Float32Array, offset: number, dim: number): number {
  let [a, b, c, d] = [0, 0, 0, 0];
  let at = offset;
  const end = offset + dim;
  for (; at + 3 < end; at += 4) {
    a += values[at]! * values[at]!;
    b += values[at + 1]! * values[at + 1]!;
    c += values[at + 2]! * values[at + 2]!;
    d += values[at + 3]! * values[at + 3]!;
  }
  if (at < end) a += values[at]! * values[at]!;
  if (at + 1 < end) b += values[at + 1]! * values[at + 1]!;
  if (at + 2 < end) c += values[at + 2]! * values[at + 2]!;
  return a + b + c + d;
}
