// The directions in which rows vary most: block power iteration with Rayleigh–Ritz, from a fixed start.

/** More directions than are wanted: the wanted ones then converge as fast as these leave the rest behind. */
const SPARE = 6;
/** Reached only where the next directions vary as much as the wanted ones, and any choice is as good. */
const MOST_ROUNDS = 100;
/** Settled when the wanted plane has turned by less than this from one round to the next (squared sine). */
const SETTLED = 1e-10;
/** What is left of a direction after others were taken out of it counts as nothing below this share. */
const NOTHING = 1e-9;

/**
 * The `wanted` directions of most variance, strongest first, each of length 1 and D components, for `rows` (N, D)
 * row-major with columns of mean 0. A direction in which nothing varies is all zero. Signs are fixed: the component
 * of largest size is positive.
 */
export function principalAxes(rows: Float32Array, dim: number, wanted: number): Float64Array[] {
  let block = startingBlock(dim, Math.min(dim, wanted + SPARE));
  orthonormalise(block, 1);
  for (let round = 0; round < MOST_ROUNDS; round++) {
    const before = block.slice(0, wanted);
    const moved = scatterTimes(rows, dim, block);
    const { values, vectors } = symmetricEigen(block.map((left) => moved.map((right) => dot(left, right))));
    block = vectors.map((weights) => combined(moved, weights));
    orthonormalise(block, Math.max(...values));
    let kept = 0;
    for (const old of before) for (const axis of block.slice(0, wanted)) kept += dot(old, axis) ** 2;
    const all = before.reduce((sum, old) => sum + dot(old, old), 0);
    if (all - kept < SETTLED) break;
  }
  const axes = block.slice(0, wanted).map(signed);
  while (axes.length < wanted) axes.push(new Float64Array(dim));
  return axes;
}

/** Directions that depend on nothing but D: a linear congruential generator (Numerical Recipes' constants). */
function startingBlock(dim: number, size: number): Float64Array[] {
  let state = 1;
  const next = (): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32 - 0.5;
  };
  return Array.from({ length: size }, () => Float64Array.from({ length: dim }, next));
}

/** Xᵀ·X·v for each v, X being the rows. */
function scatterTimes(rows: Float32Array, dim: number, block: readonly Float64Array[]): Float64Array[] {
  const sums = block.map(() => new Float64Array(dim));
  for (let start = 0; start < rows.length; start += dim) {
    for (let k = 0; k < block.length; k++) {
      const vector = block[k]!;
      const sum = sums[k]!;
      let coordinate = 0;
      for (let d = 0; d < dim; d++) coordinate += rows[start + d]! * vector[d]!;
      for (let d = 0; d < dim; d++) sum[d]! += coordinate * rows[start + d]!;
    }
  }
  return sums;
}

/** Gram–Schmidt in place, twice over for the sake of rounding. `largest`: the length that counts as 1 for NOTHING. */
function orthonormalise(block: readonly Float64Array[], largest: number): void {
  for (const [k, vector] of block.entries()) {
    for (let pass = 0; pass < 2; pass++) {
      for (const other of block.slice(0, k)) {
        const share = dot(vector, other);
        for (let d = 0; d < vector.length; d++) vector[d]! -= share * other[d]!;
      }
    }
    const length = Math.sqrt(dot(vector, vector));
    const factor = length > NOTHING * largest ? 1 / length : 0;
    for (let d = 0; d < vector.length; d++) vector[d]! *= factor;
  }
}

function combined(vectors: readonly Float64Array[], weights: readonly number[]): Float64Array {
  const sum = new Float64Array(vectors[0]!.length);
  for (const [k, vector] of vectors.entries()) {
    for (let d = 0; d < sum.length; d++) sum[d]! += weights[k]! * vector[d]!;
  }
  return sum;
}

function signed(axis: Float64Array): Float64Array {
  let largest = 0;
  for (const component of axis) if (Math.abs(component) > Math.abs(largest)) largest = component;
  return largest < 0 ? axis.map((component) => -component) : axis;
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let d = 0; d < a.length; d++) sum += a[d]! * b[d]!;
  return sum;
}

/** Eigenvalues, largest first, and eigenvectors of a small symmetric matrix by Jacobi's rotations. */
function symmetricEigen(matrix: readonly (readonly number[])[]): { values: number[]; vectors: number[][] } {
  const size = matrix.length;
  const a = matrix.map((row) => [...row]);
  /** Row k becomes the k-th eigenvector. */
  const v = matrix.map((_, i) => matrix.map((__, j) => (i === j ? 1 : 0)));
  for (let sweep = 0; sweep < 30; sweep++) {
    let off = 0;
    for (let p = 0; p < size; p++) {
      for (let q = p + 1; q < size; q++) {
        off += Math.abs(a[p]![q]!);
        rotate(a, v, p, q);
      }
    }
    if (off === 0) break;
  }
  const order = a.map((_, k) => k).sort((i, j) => a[j]![j]! - a[i]![i]!);
  return { values: order.map((k) => a[k]![k]!), vectors: order.map((k) => v[k]!) };
}

/** Turns the plane (p, q) so that a[p][q] becomes 0. */
function rotate(a: number[][], v: number[][], p: number, q: number): void {
  const off = (a[p]![q]! + a[q]![p]!) / 2;
  if (off === 0) return;
  const angle = Math.atan2(2 * off, a[q]![q]! - a[p]![p]!) / 2;
  const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
  for (let k = 0; k < a.length; k++) {
    const [x, y] = [a[k]![p]!, a[k]![q]!];
    a[k]![p] = cos * x - sin * y;
    a[k]![q] = sin * x + cos * y;
  }
  for (let k = 0; k < a.length; k++) {
    const [x, y] = [a[p]![k]!, a[q]![k]!];
    a[p]![k] = cos * x - sin * y;
    a[q]![k] = sin * x + cos * y;
    const [s, t] = [v[p]![k]!, v[q]![k]!];
    v[p]![k] = cos * s - sin * t;
    v[q]![k] = sin * s + cos * t;
  }
  a[p]![q] = 0;
  a[q]![p] = 0;
}
