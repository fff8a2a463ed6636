// The oracle of every engine: a plan trained in plain 64-bit arithmetic, one formula a line, no tricks.
import type { Engine, LeaseLoss, LeaseRows, StepSize } from './engine.ts';
import { SATURATION } from './engine.ts';
import type { Plan } from './plan.ts';
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
    const { dim } = rows;
    const input = Float64Array.from(rows.input);
    const output = Float64Array.from(rows.output);
    const inputStep = new Float64Array(input.length);
    const outputStep = new Float64Array(output.length);
    let positive = 0;
    let negative = 0;

    /** One dot product of input row x with output row u: its loss, and both summed steps. */
    const meet = (x: number, u: number, label: 0 | 1): number => {
      let dot = 0;
      for (let d = 0; d < dim; d++) dot += input[x * dim + d]! * output[u * dim + d]!;
      const gradient = (label - sigmoid(dot)) * step.alpha;
      for (let d = 0; d < dim; d++) {
        inputStep[x * dim + d]! += gradient * output[u * dim + d]!;
        outputStep[u * dim + d]! += gradient * input[x * dim + d]!;
      }
      return Math.log1p(Math.exp(label === 1 ? -dot : dot));
    };

    for (let batch = 0; batch < plan.minibatches; batch++) {
      for (let group = plan.batchStart[batch]!; group < plan.batchStart[batch + 1]!; group++) {
        for (let slot = 0; slot < GROUP; slot++) {
          const x = plan.groupInputs[group * GROUP + slot]!;
          const target = plan.groupOutputs[group * GROUP + slot]!;
          if (x === ABSENT) continue;
          if (target !== ABSENT) positive += target < LABEL_ZERO ? meet(x, target, 1) : meet(x, target - LABEL_ZERO, 0);
          for (let at = plan.negativeStart[group]!; at < plan.negativeStart[group + 1]!; at++) {
            negative += meet(x, plan.negatives[at]!, 0);
          }
        }
      }
      flush(input, inputStep, plan.inputFlush, batch, dim, step);
      flush(output, outputStep, plan.outputFlush, batch, dim, step);
    }
    rows.input.set(input);
    rows.output.set(output);
    return Promise.resolve({ positive, negative });
  }

  dispose(): void {}
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
