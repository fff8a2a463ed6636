// The bound of a plan's steps, against plans trained from rows of any length at any legal learning rate.
import { describe, expect, it } from 'vitest';
import { BatchedReference } from '../../../word2vec/batched-reference.ts';
import type { BagPlan, Plan } from '../../../word2vec/plan.ts';
import { Planner } from '../../../word2vec/planner.ts';
import { lengthsWithin, rowReach } from '../../../word2vec/row-reach.ts';
import { bags, copy, coupled, decoupled, labelled, rowsFor, shape, train } from '../engine-samples.ts';

const DIM = 8;
/** Results are rounded to float32. */
const ROUNDING = 1 + 1e-5;

function lengths(values: Float32Array): number[] {
  return Array.from({ length: values.length / DIM }, (_, row) =>
    Math.hypot(...values.subarray(row * DIM, (row + 1) * DIM)),
  );
}

function moves(before: Float32Array, after: Float32Array): number[] {
  return lengths(after.map((value, at) => value - before[at]!));
}

const plans: readonly [string, (minibatch: number) => Plan | BagPlan][] = [
  ['coupled negatives', (minibatch) => new Planner().plan({ ...shape(6144, coupled), minibatch })],
  ['decoupled negatives', (minibatch) => new Planner().plan({ ...shape(6144, decoupled), minibatch })],
  ['hierarchical softmax', (minibatch) => new Planner().plan({ ...labelled(6144), minibatch })],
  ['bags', (minibatch) => new Planner().planBags({ ...bags(6144, coupled), minibatch })],
];

describe.each(plans)('the reach of rows with %s', (_, planOf) => {
  it.each([192, 768, 3072])('bounds what training in minibatches of %i pairs does', async (minibatch) => {
    const plan = planOf(minibatch);
    for (const alpha of [0.06, 0.4, 1]) {
      for (const size of [0.05, 0.5, 5]) {
        const step = { alpha, damping: 0.25 };
        const start = rowsFor(plan, DIM, size);
        const rows = copy(start);
        await train(new BatchedReference(), plan, rows, step);
        const peaks = { input: Math.max(...lengths(start.input)), output: Math.max(...lengths(start.output)) };
        const most = lengthsWithin(plan, peaks, step);
        expect(Math.max(...lengths(rows.input))).toBeLessThanOrEqual(most.input * ROUNDING);
        expect(Math.max(...lengths(rows.output))).toBeLessThanOrEqual(most.output * ROUNDING);
        const inputReach = rowReach(plan.inputFlush, plan.inputIds.length, step);
        const outputReach = rowReach(plan.outputFlush, plan.outputIds.length, step);
        for (const [row, move] of moves(start.input, rows.input).entries())
          expect(move).toBeLessThanOrEqual(inputReach[row]! * most.output * ROUNDING);
        for (const [row, move] of moves(start.output, rows.output).entries())
          expect(move).toBeLessThanOrEqual(outputReach[row]! * most.input * ROUNDING);
      }
    }
  });
});

describe('the reach of one row', () => {
  it('is what a step in full length comes to, damped by its hits', () => {
    const list = { start: Uint32Array.of(0, 2, 3), rows: Uint32Array.of(0, 1, 0), hits: Uint32Array.of(1, 5, 3) };
    const [first, second] = rowReach(list, 2, { alpha: 0.5, damping: 0.25 });
    expect(first).toBeCloseTo(0.5 + 1.5 / 1.25, 12);
    expect(second).toBeCloseTo(2.5 / 1.5, 12);
  });

  it('holds two equal rows that pull at one another with all their force', () => {
    const list = { start: Uint32Array.of(0, 1), rows: Uint32Array.of(0), hits: Uint32Array.of(1) };
    const plan = { inputFlush: list, outputFlush: list };
    expect(lengthsWithin(plan, { input: 3, output: 2 }, { alpha: 1, damping: 0.25 })).toEqual({ input: 5, output: 5 });
  });
});
