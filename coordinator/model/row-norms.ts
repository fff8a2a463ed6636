// Lengths of a matrix's rows, each remembered with the version of the row that it belongs to.

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

  /** Measures the row as it is: cheapest by whoever has just changed it, while a processor's cache holds it. */
  measure(row: number): number {
    const matrix = this.#matrix;
    // Four sums at once: each addition would wait for the one before.
    let [a, b, c, d] = [0, 0, 0, 0];
    let at = row * this.#dim;
    const end = at + this.#dim;
    for (; at + 3 < end; at += 4) {
      a += matrix[at]! * matrix[at]!;
      b += matrix[at + 1]! * matrix[at + 1]!;
      c += matrix[at + 2]! * matrix[at + 2]!;
      d += matrix[at + 3]! * matrix[at + 3]!;
    }
    for (; at < end; at++) a += matrix[at]! * matrix[at]!;
    const square = a + b + c + d;
    this.#squares[row] = square;
    this.#known[row] = this.#versions[row]!;
    return square;
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
