// Counts what merges did to every row, so that a lease can be told what changed while it was out.
import type { Touched } from './descent.ts';
import { saturationOf } from './descent.ts';

/** Running sums of one matrix; differences of two readings are what lay between them. */
export class Touches {
  /** Shape (V), as the next. */
  readonly #merges: Float64Array;
  readonly #updates: Float64Array;
  readonly #saturation: Float64Array;

  constructor(rows: number) {
    this.#merges = new Float64Array(rows);
    this.#updates = new Float64Array(rows);
    this.#saturation = new Float64Array(rows);
  }

  note(row: number, updates: number, alpha: number): void {
    this.#merges[row]!++;
    this.#updates[row]! += updates;
    this.#saturation[row]! += saturationOf(alpha, updates);
  }

  /** The sums of some rows now. Shape (rows, 3). */
  read(rows: Uint32Array): Float64Array {
    const reading = new Float64Array(rows.length * 3);
    for (let r = 0; r < rows.length; r++) {
      reading[r * 3] = this.#merges[rows[r]!]!;
      reading[r * 3 + 1] = this.#updates[rows[r]!]!;
      reading[r * 3 + 2] = this.#saturation[rows[r]!]!;
    }
    return reading;
  }

  /** What was noted for `row` since the reading whose entry `at` it is. */
  since(reading: Float64Array, at: number, row: number): Touched {
    const merges = this.#merges[row]! - reading[at * 3]!;
    if (merges === 0) return UNTOUCHED;
    return {
      merges,
      updates: this.#updates[row]! - reading[at * 3 + 1]!,
      saturation: this.#saturation[row]! - reading[at * 3 + 2]!,
    };
  }
}

const UNTOUCHED: Touched = { merges: 0, updates: 0, saturation: 0 };
