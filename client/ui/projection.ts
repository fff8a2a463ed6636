// Word vectors as points of a plane: principal components, turned so that words stay near where they last stood.
import { principalAxes } from './principal-axes.ts';
import type { WordMap } from '../../protocol/vectors.ts';

/** A point for each word. Points are in no unit: who draws them scales them. */
export interface Picture {
  readonly words: readonly string[];
  readonly x: Float32Array;
  readonly y: Float32Array;
}

/** Rows of unit length, (N, D) row-major, as similarity is a cosine; a row that is all zero stays so. */
export function unitRows({ words, dim, values, scales }: WordMap): Float32Array {
  const rows = new Float32Array(words.length * dim);
  for (let r = 0; r < words.length; r++) {
    let sum = 0;
    for (let at = r * dim; at < (r + 1) * dim; at++) sum += values[at]! * values[at]!;
    // A scale is positive, so it does not change the direction; one of zero means a row of zeros.
    if (sum === 0 || scales[r] === 0) continue;
    const inverse = 1 / Math.sqrt(sum);
    for (let at = r * dim; at < (r + 1) * dim; at++) rows[at] = values[at]! * inverse;
  }
  return rows;
}

/** The words on the two directions in which their unit vectors differ most. The same vectors give the same picture. */
export function project(vectors: WordMap): Picture {
  const { words, dim } = vectors;
  const rows = centred(unitRows(vectors), dim);
  const [first, second] = principalAxes(rows, dim, 2);
  return { words, x: along(rows, dim, first!), y: along(rows, dim, second!) };
}

/**
 * `picture` turned, mirrored and moved to lie as close to `last` as it can, over the words that both have. Distances
 * within the picture stay. Without words in common, or where they all lie on one spot, nothing is turned.
 */
export function align(picture: Picture, last: Picture): Picture {
  const places = new Map(last.words.map((word, at) => [word, at]));
  const pairs: [number, number][] = [];
  for (const [at, word] of picture.words.entries()) {
    const before = places.get(word);
    if (before !== undefined) pairs.push([at, before]);
  }
  if (pairs.length === 0) return picture;
  const [cx, cy] = centre(
    picture,
    pairs.map(([now]) => now),
  );
  const [lx, ly] = centre(
    last,
    pairs.map(([, before]) => before),
  );
  // With both centred, the best rotation has the angle of Σ conj(now)·before, the best mirror image that of
  // Σ now·before, points as complex numbers; the longer sum lies closer (orthogonal Procrustes in the plane).
  let [turnRe, turnIm, flipRe, flipIm] = [0, 0, 0, 0];
  for (const [now, before] of pairs) {
    const [x, y] = [picture.x[now]! - cx, picture.y[now]! - cy];
    const [u, v] = [last.x[before]! - lx, last.y[before]! - ly];
    turnRe += x * u + y * v;
    turnIm += x * v - y * u;
    flipRe += x * u - y * v;
    flipIm += x * v + y * u;
  }
  const [turn, flip] = [Math.hypot(turnRe, turnIm), Math.hypot(flipRe, flipIm)];
  const mirrored = flip > turn;
  const length = mirrored ? flip : turn;
  const cos = length === 0 ? 1 : (mirrored ? flipRe : turnRe) / length;
  const sin = length === 0 ? 0 : (mirrored ? flipIm : turnIm) / length;
  const x = new Float32Array(picture.x.length);
  const y = new Float32Array(picture.y.length);
  for (let at = 0; at < x.length; at++) {
    const px = picture.x[at]! - cx;
    const py = (picture.y[at]! - cy) * (mirrored ? -1 : 1);
    x[at] = cos * px - sin * py + lx;
    y[at] = sin * px + cos * py + ly;
  }
  return { words: picture.words, x, y };
}

function centre({ x, y }: Picture, places: readonly number[]): [number, number] {
  let [sx, sy] = [0, 0];
  for (const at of places) {
    sx += x[at]!;
    sy += y[at]!;
  }
  return [sx / places.length, sy / places.length];
}

/** (N, D) with the mean of each column taken away. */
function centred(rows: Float32Array, dim: number): Float32Array {
  const count = rows.length / dim;
  const mean = new Float64Array(dim);
  for (let at = 0; at < rows.length; at++) mean[at % dim]! += rows[at]! / count;
  return rows.map((value, at) => value - mean[at % dim]!);
}

/** The coordinate of every row along a direction of D components. */
function along(rows: Float32Array, dim: number, axis: Float64Array): Float32Array {
  const coordinates = new Float32Array(rows.length / dim);
  for (let r = 0; r < coordinates.length; r++) {
    let sum = 0;
    for (let d = 0; d < dim; d++) sum += rows[r * dim + d]! * axis[d]!;
    coordinates[r] = sum;
  }
  return coordinates;
}
