// Packs what a lease changed: deltas into the result's frame, the same into the cached rows, the rest into residuals.
import type { PackedRows } from '../protocol/rows.ts';
import { addRow, packRow, RESIDUAL_RATE } from '../protocol/rows.ts';
import { hashAt } from '../word2vec/random.ts';
import type { RowCache } from './row-cache.ts';

/** Where a delta comes from, and what bounds its residual. */
export interface RowDelta {
  /** Offset in the cache of the row it belongs to. */
  readonly held: number;
  /** Trained − leased, at `offset`; afterwards what was not sent. */
  readonly values: Float32Array;
  readonly offset: number;
  /** Most that the row moves, per length of the rows it meets (word2vec/row-reach.ts). */
  readonly reach: number;
}

export class DeltaWriter {
  readonly #packed: PackedRows;
  readonly #dim: number;
  readonly #key: number;
  /** Of the row at hand. Shape (dim). */
  readonly #draws: Float64Array;
  #written = 0;

  /** @param key of the stream of draws for stochastic rounding */
  constructor(packed: PackedRows, dim: number, key: number) {
    this.#packed = packed;
    this.#dim = dim;
    this.#key = key;
    this.#draws = new Float64Array(dim);
  }

  /**
   * Packs the delta as the result's next row. Training knows nothing of residuals: a lease is a function of rows as
   * the coordinator has them, pairs and seed, and can be replayed. What rounding left out of earlier deltas is added
   * here, as long as it is no longer than the norm cap allows for; the rest waits.
   * @param counter first counter of the row's draws
   */
  write(delta: RowDelta, cache: RowCache, counter: number): void {
    const { held, values, offset, reach } = delta;
    const { residuals } = cache;
    const dim = this.#dim;
    const isKept = residuals.length > 0;
    if (isKept) {
      let sum = 0;
      for (let d = 0; d < dim; d++) sum += residuals[held + d]! ** 2;
      const share = Math.min(1, (RESIDUAL_RATE * reach) / Math.sqrt(sum));
      if (sum > 0) {
        for (let d = 0; d < dim; d++) {
          const added = Math.fround(share * residuals[held + d]!);
          values[offset + d]! += added;
          residuals[held + d]! -= added;
        }
      }
    }
    const at = this.#written++;
    const [key, draws] = [this.#key, this.#draws];
    for (let d = 0; d < dim; d++) draws[d] = hashAt(key, counter + d) / 4294967296;
    packRow(this.#packed, at, values, offset, dim, draws);
    // The coordinator adds the same quantised delta, so both copies stay equal.
    addRow(this.#packed, at, cache.values, held, dim);
    if (!isKept) return;
    addRow(this.#packed, at, values, offset, dim, -1);
    for (let d = 0; d < dim; d++) residuals[held + d]! += values[offset + d]!;
  }
}
