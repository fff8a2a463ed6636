// DeepDist's descent: AdaGrad on the server, element by element, over the volunteers' summed gradients.
import type { Descent, RowDelta } from './descent.ts';

/** Added to the root, as in DeepDist's example. */
const EPSILON = 1e-6;
/**
 * Norm to which a delta is shortened before it enters the sums, where it stays for ever: twice the longest that rows
 * of a model that learns are (below 5, leases/delta-gate.ts, GROWTH), less than any they should move by.
 */
export const CLIP = 8;

/**
 * g = Δ/α; A += g²; w += α·g / (10⁻⁶ + √A), all per element, A from zero (deepdist, examples/word2vec_adagrad.py;
 * AdaGrad: Duchi et al. 2011). Δ is first shortened to CLIP. Nothing of it depends on who else touched the row.
 */
export class AdaGrad implements Descent {
  readonly rule = 'adagrad';
  readonly needsLeased = false;
  readonly tensors: {
    /** A of each matrix: sums of squared gradients. Shape (V, D). */
    readonly 'adagrad.input': Float32Array<ArrayBuffer>;
    readonly 'adagrad.output': Float32Array<ArrayBuffer>;
  };

  constructor(rows: number, dim: number) {
    this.tensors = {
      'adagrad.input': new Float32Array(rows * dim),
      'adagrad.output': new Float32Array(rows * dim),
    };
  }

  merge(now: Float32Array, { matrix, row, delta, alpha }: RowDelta): boolean {
    const sums = this.tensors[`adagrad.${matrix}`];
    const dim = now.length;
    let square = 0;
    for (let d = 0; d < dim; d++) square += delta[d]! * delta[d]!;
    const scale = Math.min(1, CLIP / Math.sqrt(square)) / alpha;
    for (let d = 0; d < dim; d++) {
      const gradient = delta[d]! * scale;
      const sum = (sums[row * dim + d]! += gradient * gradient);
      now[d]! += (alpha * gradient) / (EPSILON + Math.sqrt(sum));
    }
    return false;
  }
}
