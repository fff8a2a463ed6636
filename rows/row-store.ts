// Rows of one matrix in memory, and the passes over them that every lease takes on either side.
import type { PackedRows } from '../protocol/rows.ts';
import { PlainRows } from './plain-rows.ts';
import { SimdRows } from './simd-rows.ts';

/** Rows of a lease's result in the making. */
export interface RoundedRows {
  /** Shape (rows), as far as they are filled. */
  readonly scales: Float32Array;
  /** Shape (rows, dim), as far. */
  readonly values: Int8Array;
}

/** Rows are named by their place, ids k by k; `at` is the first of the packed rows. All formats, unless said. */
export interface RowStore {
  readonly dim: number;
  /** Shape (rows, dim), row-major. Valid until the next `reserve`. */
  readonly values: Float32Array<ArrayBuffer>;
  /** Makes room for so many rows at least; new ones are zero. */
  reserve(rows: number): void;
  /** Packs rows to the nearest: row ids[k] becomes packed row at + k. */
  pack(ids: Uint32Array, packed: PackedRows, at: number): void;
  /** Row ids[k] = packed row at + k. */
  unpack(packed: PackedRows, at: number, ids: Uint32Array): void;
  /** Row ids[k] += packed row at + k. Ids differ. @param squares takes the rows' squared norms afterwards. Shape (ids) */
  add(packed: PackedRows, at: number, ids: Uint32Array, squares: Float64Array): void;
  /** Euclidean norms of packed rows from `at` on, as many as `norms` takes. They are no rows of the store. */
  norms(packed: PackedRows, at: number, norms: Float64Array): void;
  /** Copies row ids[k] to row k of `target`. */
  gather(ids: Uint32Array, target: Float32Array): void;
  /**
   * Rounds trained − held of every row that moved to int8, stochastically, and adds what is sent to the row held.
   * @param trained row k belongs to ids[k]. Shape (ids, dim)
   * @param draws row k takes draws (first + k) · dim and following of the stream `key`
   * @param moved takes 1 for each row that did, else 0. Shape (ids)
   * @param rounded takes the rows that moved, from row `at` on
   * @returns how many moved
   */
  round(
    ids: Uint32Array,
    trained: Float32Array,
    draws: { readonly key: number; readonly first: number },
    moved: Uint8Array,
    rounded: RoundedRows,
    at: number,
  ): number;
}

/** The fastest that this runtime can: bit for bit they are the same. @param rows to begin with */
export function rowStore(rows: number, dim: number): RowStore {
  return SimdRows.make(rows, dim) ?? new PlainRows(rows, dim);
}
