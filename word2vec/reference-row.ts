// What all objectives of the sequential reference share: a hidden vector learns one label at one output row.

export interface Matrices {
  readonly dim: number; // D
  readonly input: Float32Array; // (V, D) row-major
  readonly output: Float32Array; // (V, D) row-major
}

/** word2vec.c's MAX_EXP: beyond it negative sampling takes σ as 0 or 1, and hierarchical softmax learns nothing. */
export const LOGIT_MAX = 6;

/** hidden · output row. `hidden` holds the vector from `at` on. */
export function logitOf(hidden: Float32Array, at: number, { dim, output }: Matrices, row: number): number {
  let logit = 0;
  for (let d = 0; d < dim; d++) logit += hidden[at + d]! * output[row * dim + d]!;
  return logit;
}

/** word2vec.c's two propagations: change += step × output row, then output row += step × hidden. */
export function propagate(
  change: Float32Array,
  hidden: Float32Array,
  at: number,
  { dim, output }: Matrices,
  row: number,
  step: number,
): void {
  const to = row * dim;
  for (let d = 0; d < dim; d++) {
    change[d]! += step * output[to + d]!;
    output[to + d]! += step * hidden[at + d]!;
  }
}

/** (label − σ(logit)) of negative sampling. */
export function pull(label: 0 | 1, logit: number): number {
  if (logit > LOGIT_MAX) return label - 1;
  if (logit < -LOGIT_MAX) return label;
  return label - sigmoid(logit);
}

/** word2vec.c looks it up in a table of steps of 0.012 that begins 0.03 too low. */
export function sigmoid(x: number): number {
  return 1 / (1 + Math.exp(-x));
}
