// How far a plan's steps can carry each row, from its hits alone: what bounds an honest lease.
import type { StepSize } from './engine.ts';
import type { FlushList } from './row-census.ts';

/** Most that a row hit `hits` times in a minibatch moves, per length of the longest row it met: |label − σ| is at most 1. */
function batchReach(hits: number, { alpha, damping }: StepSize): number {
  return (hits * alpha) / (1 + damping * alpha * (hits - 1));
}

/** Σ over minibatches of the most that each row moves, per length of the rows it met. Shape (rows). */
export function rowReach({ rows, hits }: FlushList, count: number, step: StepSize): Float64Array {
  const reach = new Float64Array(count);
  for (let at = 0; at < rows.length; at++) reach[rows[at]!]! += batchReach(hits[at]!, step);
  return reach;
}

/** Lengths of the longest input and output row. */
export interface RowLengths {
  readonly input: number;
  readonly output: number;
}

/**
 * Lengths that no row exceeds after the plan's minibatches, whatever the rows are: each minibatch moves the rows of one
 * matrix by their reach in it times the longest row of the other. The bound grows exponentially; where training is
 * stable it says little, where it is not nothing lower holds.
 * @param start before the first minibatch
 */
export function lengthsWithin(
  { inputFlush, outputFlush }: { readonly inputFlush: FlushList; readonly outputFlush: FlushList },
  start: RowLengths,
  step: StepSize,
): RowLengths {
  let { input, output } = start;
  for (let batch = 0; batch + 1 < inputFlush.start.length; batch++) {
    const inputStep = batchReach(mostHits(inputFlush, batch), step) * output;
    output += batchReach(mostHits(outputFlush, batch), step) * input;
    input += inputStep;
  }
  return { input, output };
}

function mostHits({ start, hits }: FlushList, batch: number): number {
  let most = 0;
  for (let at = start[batch]!; at < start[batch + 1]!; at++) most = Math.max(most, hits[at]!);
  return most;
}
