// Lengths of a matrix's rows, each remembered with the version of the row that it belongs to.
import { squaredNorm } from '../../rows/plain-rows.ts';

export class RowNorms {
  readonly #matrix: Float32Array;
  readonly #dim: number;
  readonly #versions: Uint32Array;
  /** Squared Euclidean norms. Shape (V). */
  readonly #squares: Float64Array;
  /** Version of the row that each is of; versions begin at 1. Shape (V). */
  readonly #known: Uint32Array;

  /** @param matrix shape (V, dim), row-major @param versions raised whenever the row changes. Shape (V) */
  constructor(matrix: Float32Array, dim: number, versions: Uint32Array) {
    this.#matrix = matrix;
    this.#dim = dim;
    this.#versions = versions;
    this.#squares = new Float64Array(versions.length);
    this.#known = new Uint32Array(versions.length);
  }

  /** Measures the row as it is. */
  measure(row: number): number {
    const square = squaredNorm(this.#matrix, row * this.#dim, this.#dim);
    this.note(row, square);
    return square;
  }

  /** The row's square as whoever changed it last measured it. */
  note(row: number, square: number): void {
    this.#squares[row] = square;
    this.#known[row] = this.#versions[row]!;
  }

  /** Largest Euclidean norm among the rows. */
  peak(rows: Uint32Array): number {
    let peak = 0;
    for (let r = 0; r < rows.length; r++) {
      const row = rows[r]!;
      const isKnown = this.#known[row] === this.#versions[row];
      peak = Math.max(peak, isKnown ? this.#squares[row]! : this.measure(row));
    }
    return Math.sqrt(peak);
  }
}
