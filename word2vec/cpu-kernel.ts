// What the CPU engine chooses among: one way to train a plan on a processor.
import type { LeaseLoss, LeaseRows, StepSize } from './engine.ts';
import type { BagPlan, Plan } from './plan.ts';

/** Called after a minibatch, with the share of the lease that is done: what to wait for before the next, or null. */
export type Between = (done: number) => Promise<void> | null;

/** Trains one lease after the other and keeps its buffers between them. */
export interface CpuKernel {
  /** Device as shown to people. */
  readonly device: string;
  /** Rows must have the plan's shape, and groups at most MAX_NEGATIVES negatives: `CpuEngine` has checked. */
  train(plan: Plan, rows: LeaseRows, step: StepSize, between: Between): Promise<LeaseLoss>;
  trainBags(plan: BagPlan, rows: LeaseRows, step: StepSize, between: Between): Promise<LeaseLoss>;
  /** Lets go of the buffers. */
  dispose(): void;
}
