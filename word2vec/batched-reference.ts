// The oracle of every engine: a plan trained in plain 64-bit arithmetic, one formula a line, no tricks.
import type { Engine, LeaseLoss, LeaseRows, StepSize } from './engine.ts';
import { SATURATION } from './engine.ts';
import type { BagPlan, Plan } from './plan.ts';
import { ABSENT, GROUP, LABEL_ZERO } from './plan.ts';
import type { FlushList } from './row-census.ts';

/** σ(x), exactly 0 or 1 beyond ±6. */
export function sigmoid(x: number): number {
  if (x >= SATURATION) return 1;
  if (x <= -SATURATION) return 0;
  return 1 / (1 + Math.exp(-x));
}

export class BatchedReference implements Engine {
  readonly kind = 'reference';
  readonly device = 'reference';

  train(plan: Plan, rows: LeaseRows, step: StepSize): Promise<LeaseLoss> {
    const lease = new ReferenceLease(plan, rows, step);
    for (let batch = 0; batch < plan.minibatches; batch++) {
      lease.meet(batch, plan.groupInputs, lease.input, lease.inputStep);
      lease.flush(batch);
    }
    return lease.finish();
  }

  trainBags(plan: BagPlan, rows: LeaseRows, step: StepSize): Promise<LeaseLoss> {
    const { dim } = rows;
    const lease = new ReferenceLease(plan, rows, step);
    const means = new Float64Array((plan.bagStart.length - 1) * dim);
    const meanStep = new Float64Array(means.length);
    for (let batch = 0; batch < plan.minibatches; batch++) {
      const [first, end] = [plan.batchBags[batch]!, plan.batchBags[batch + 1]!];
      eachContext(plan, first, end, (bag, row, contexts) => {
        for (let d = 0; d < dim; d++) means[bag * dim + d]! += lease.input[row * dim + d]! / contexts;
      });
      lease.meet(batch, plan.groupBags, means, meanStep);
      eachContext(plan, first, end, (bag, row) => {
        for (let d = 0; d < dim; d++) lease.inputStep[row * dim + d]! += meanStep[bag * dim + d]!;
      });
      lease.flush(batch);
    }
    return lease.finish();
  }

  dispose(): void {}
}

function eachContext(
  { bagStart, bagRows }: BagPlan,
  first: number,
  end: number,
  visit: (bag: number, row: number, contexts: number) => void,
): void {
  for (let bag = first; bag < end; bag++) {
    const contexts = bagStart[bag + 1]! - bagStart[bag]!;
    for (let at = bagStart[bag]!; at < bagStart[bag + 1]!; at++) visit(bag, bagRows[at]!, contexts);
  }
}

/** The rows of a lease in training, in 64 bits, and the minibatch's summed steps. */
class ReferenceLease {
  readonly input: Float64Array;
  readonly inputStep: Float64Array;
  readonly #output: Float64Array;
  readonly #outputStep: Float64Array;
  readonly #plan: Plan | BagPlan;
  readonly #rows: LeaseRows;
  readonly #step: StepSize;
  #positive = 0;
  #negative = 0;

  constructor(plan: Plan | BagPlan, rows: LeaseRows, step: StepSize) {
    this.#plan = plan;
    this.#rows = rows;
    this.#step = step;
    this.input = Float64Array.from(rows.input);
    this.inputStep = new Float64Array(rows.input.length);
    this.#output = Float64Array.from(rows.output);
    this.#outputStep = new Float64Array(rows.output.length);
  }

  /** All dot products of a minibatch. `slots` names the row of `x` in each slot; shape (groups, GROUP). */
  meet(batch: number, slots: Uint32Array, x: Float64Array, xStep: Float64Array): void {
    const { batchStart, groupOutputs, negativeStart, negatives, targets } = this.#plan;
    const skips = targets === 'labelled';
    for (let group = batchStart[batch]!; group < batchStart[batch + 1]!; group++) {
      for (let slot = 0; slot < GROUP; slot++) {
        const row = slots[group * GROUP + slot]!;
        const target = groupOutputs[group * GROUP + slot]!;
        if (row === ABSENT) continue;
        if (target !== ABSENT) {
          const label = target < LABEL_ZERO ? 1 : 0;
          this.#positive += this.#dot(x, xStep, row, label === 1 ? target : target - LABEL_ZERO, label, skips);
        }
        for (let at = negativeStart[group]!; at < negativeStart[group + 1]!; at++) {
          this.#negative += this.#dot(x, xStep, row, negatives[at]!, 0, false);
        }
      }
    }
  }

  /** One dot product of row `row` of x with output row u: its loss, and both summed steps. `skips`: none beyond ±6. */
  #dot(x: Float64Array, xStep: Float64Array, row: number, u: number, label: 0 | 1, skips: boolean): number {
    const { dim } = this.#rows;
    let dot = 0;
    for (let d = 0; d < dim; d++) dot += x[row * dim + d]! * this.#output[u * dim + d]!;
    const gradient = skips && Math.abs(dot) >= SATURATION ? 0 : (label - sigmoid(dot)) * this.#step.alpha;
    for (let d = 0; d < dim; d++) {
      xStep[row * dim + d]! += gradient * this.#output[u * dim + d]!;
      this.#outputStep[u * dim + d]! += gradient * x[row * dim + d]!;
    }
    const against = label === 1 ? -dot : dot;
    // log(1 + e^x) that does not overflow.
    return Math.max(against, 0) + Math.log1p(Math.exp(-Math.abs(against)));
  }

  flush(batch: number): void {
    const { dim } = this.#rows;
    flush(this.input, this.inputStep, this.#plan.inputFlush, batch, dim, this.#step);
    flush(this.#output, this.#outputStep, this.#plan.outputFlush, batch, dim, this.#step);
  }

  finish(): Promise<LeaseLoss> {
    this.#rows.input.set(this.input);
    this.#rows.output.set(this.#output);
    return Promise.resolve({ positive: this.#positive, negative: this.#negative });
  }
}

function flush(
  rows: Float64Array,
  steps: Float64Array,
  list: FlushList,
  batch: number,
  dim: number,
  step: StepSize,
): void {
  for (let at = list.start[batch]!; at < list.start[batch + 1]!; at++) {
    const row = list.rows[at]!;
    const scale = 1 / (1 + step.damping * step.alpha * (list.hits[at]! - 1));
    for (let d = 0; d < dim; d++) {
      rows[row * dim + d]! += scale * steps[row * dim + d]!;
      steps[row * dim + d] = 0;
    }
  }
}
