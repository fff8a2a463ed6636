// What trains a plan: the interface that the CPU engine, the WGSL engine and the reference all implement.
import type { BagPlan, Plan } from './plan.ts';

/** The two matrices of a lease, rows renumbered as in the plan, updated in place by `train`. */
export interface LeaseRows {
  /** Shape (plan.inputIds.length, dim), row-major. */
  readonly input: Float32Array<ArrayBuffer>;
  /** Shape (plan.outputIds.length, dim), row-major. */
  readonly output: Float32Array<ArrayBuffer>;
  readonly dim: number;
}

export interface StepSize {
  /** Learning rate α, constant over the lease. */
  readonly alpha: number;
  /** Damping h: a row hit n times in a minibatch moves by its summed step × 1/(1+h·α·(n−1)). */
  readonly damping: number;
}

/** Sums over the lease, at the state each dot product was computed from. */
export interface LeaseLoss {
  /**
   * Σ −log σ(x·u) over the targets of label 1, and −log σ(−x·u) over those of label 0: under hierarchical softmax the
   * loss of all path nodes together.
   */
  readonly positive: number;
  /** Σ −log σ(−x·u) over the negatives. */
  readonly negative: number;
}

export interface Engine {
  readonly kind: 'reference' | 'cpu' | 'webgpu';
  /** Device as shown to people, such as a GPU's name. */
  readonly device: string;
  /**
   * Trains every minibatch of the plan in order. All dot products of a minibatch use the rows as they were at its
   * start; summed steps are damped and added at its end.
   * @throws an Error when the device is lost; rows are then undefined and the lease must be retried or returned.
   */
  train(plan: Plan, rows: LeaseRows, step: StepSize): Promise<LeaseLoss>;
  /** CBOW, alike: every bag's mean is taken at the minibatch's start. An engine that cannot train bags has none. */
  trainBags?(plan: BagPlan, rows: LeaseRows, step: StepSize): Promise<LeaseLoss>;
  dispose(): void;
}

/**
 * Beyond ±6 the sigmoid saturates to exactly 0 or 1, as word2vec.c's table does (MAX_EXP); of labelled targets
 * word2vec.c then learns nothing at all, right or wrong, and neither do we.
 */
export const SATURATION = 6;

/**
 * Mean negative-sampling loss per pair as if each pair had met exactly `negatives` draws: comparable across blocks.
 * Under hierarchical softmax a pair is one node of a path: with `negatives` 0 the mean loss per node, which
 * `GridTablesCache.targetsPerPair` turns into that of a whole path. In CBOW a pair is a bag and its centre.
 */
export function lossPerPair(
  loss: LeaseLoss,
  plan: { positiveDots: number; negativeDots: number },
  negatives: number,
): number {
  const perNegative = plan.negativeDots > 0 ? loss.negative / plan.negativeDots : 0;
  return loss.positive / Math.max(1, plan.positiveDots) + negatives * perNegative;
}
