// One suite for every engine: it must do what BatchedReference does, to rounding, and the same every time.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BatchedReference } from '../../word2vec/batched-reference.ts';
import type { Engine, LeaseLoss, LeaseRows, StepSize } from '../../word2vec/engine.ts';
import type { Plan } from '../../word2vec/plan.ts';
import { Planner } from '../../word2vec/planner.ts';
import type { LeaseKind, RowState } from './lease.ts';
import { copyRows, leaseRows, leaseShape } from './lease.ts';

export interface Tolerance {
  /** Largest error of a row, relative to the step it made plus a thousandth of the row (Euclidean norms). */
  readonly row: number;
  /** Relative error of either loss. */
  readonly loss: number;
}

interface Case extends LeaseKind {
  readonly name: string;
  readonly dim: number;
  readonly step: StepSize;
  readonly rows: RowState;
}

const STEP: StepSize = { alpha: 0.06, damping: 0.25 };
const text = { part: 2000, minibatch: 768, rate: 5, rule: 'coupled', rows: 'fresh', step: STEP } as const;
const warm = { rows: 2 } as const;

const CASES: readonly Case[] = [
  { ...text, name: 'a lease of 20,000 pairs from zero outputs', pairs: 20_000, dim: 64 },
  { ...text, ...warm, name: 'a lease of 20,000 pairs of trained rows', pairs: 20_000, dim: 100, part: 4000 },
  { ...text, ...warm, name: 'minibatches of 192', pairs: 5000, dim: 37, minibatch: 192 },
  ...[4, 5, 300, 900, 1024].map((dim) => ({
    ...text,
    ...warm,
    name: `${dim} dimensions`,
    pairs: 1500,
    dim,
    part: 300,
  })),
  ...[0, 0.4, 1, 25, 64].map((rate) => ({ ...text, ...warm, name: `${rate} negatives`, pairs: 3000, dim: 20, rate })),
  { ...text, ...warm, name: 'decoupled negatives', pairs: 5000, dim: 50, rule: 'decoupled', rate: 1.3 },
  { ...text, ...warm, name: 'labelled targets', pairs: 5000, dim: 50, rate: 0, labelled: true },
  { ...text, rows: 12, name: 'labelled targets beyond ±6', pairs: 4000, dim: 40, skew: 0, rate: 0, labelled: true },
  { ...text, ...warm, name: 'one pair', pairs: 1, dim: 12 },
  { ...text, ...warm, name: 'a partial last group', pairs: 769, dim: 12 },
  { ...text, ...warm, name: 'rows with thousands of hits', pairs: 6000, dim: 32, part: 3, minibatch: 6000 },
  { ...text, rows: 12, name: 'saturated sigmoids', pairs: 4000, dim: 40, skew: 0 },
  { ...text, ...warm, name: 'a tiny step', pairs: 2000, dim: 16, step: { alpha: 6e-6, damping: 0.25 } },
];

export function engineSuite(name: string, create: () => Promise<Engine>, tolerance: Tolerance): void {
  describe(name, () => {
    let engine: Engine;
    beforeAll(async () => {
      engine = await create();
    });
    afterAll(() => engine.dispose());

    it.each(CASES)('trains $name as the reference does', async (given) => {
      const plan = new Planner().plan(leaseShape(given));
      const before = leaseRows(plan, given.dim, given.rows);
      const expected = copyRows(before);
      const expectedLoss = await new BatchedReference().train(plan, expected, given.step);
      const actual = copyRows(before);
      const loss = await engine.train(plan, actual, given.step);
      expect(rowError(before.input, expected.input, actual.input, given.dim)).toBeLessThanOrEqual(tolerance.row);
      expect(rowError(before.output, expected.output, actual.output, given.dim)).toBeLessThanOrEqual(tolerance.row);
      expect(relative(loss.positive, expectedLoss.positive)).toBeLessThanOrEqual(tolerance.loss);
      expect(relative(loss.negative, expectedLoss.negative)).toBeLessThanOrEqual(tolerance.loss);
      expect(moved(before, actual)).toBe(true);
    });

    it('gives the same bits every time, whatever it trained before', async () => {
      const { plan, rows } = smallLease();
      const first = await trained(engine, plan, rows);
      const other = new Planner().plan(leaseShape({ ...text, pairs: 2000, seed: 7 }));
      await engine.train(other, leaseRows(other, 52, 2), STEP);
      expect(await trained(engine, plan, rows)).toEqual(first);
      expect(await trained(engine, plan, rows)).toEqual(first);
    });

    it('does nothing for a lease without pairs', async () => {
      const plan = new Planner().plan(leaseShape({ ...text, pairs: 0 }));
      expect(await engine.train(plan, leaseRows(plan, 8, 1), STEP)).toEqual({ positive: 0, negative: 0 });
    });
  });
}

/** A lease small enough for repeats, with rows hit often. */
export function smallLease(): { plan: Plan; rows: LeaseRows } {
  const plan = new Planner().plan(leaseShape({ ...text, pairs: 4000, part: 500 }));
  return { plan, rows: leaseRows(plan, 30, 2) };
}

/** What training gives, on a copy of the rows. */
export async function trained(engine: Engine, plan: Plan, rows: LeaseRows): Promise<LeaseRows & LeaseLoss> {
  const own = copyRows(rows);
  const loss = await engine.train(plan, own, STEP);
  return { ...own, ...loss };
}

/** Largest ‖actual − expected‖ / (‖expected − before‖ + ‖expected‖/1000) over rows. */
export function rowError(before: Float32Array, expected: Float32Array, actual: Float32Array, dim: number): number {
  let worst = 0;
  for (let row = 0; row < expected.length; row += dim) {
    let error = 0;
    let size = 0;
    let step = 0;
    for (let at = row; at < row + dim; at++) {
      error += (actual[at]! - expected[at]!) ** 2;
      size += expected[at]! ** 2;
      step += (expected[at]! - before[at]!) ** 2;
    }
    const one = Math.sqrt(error) / (Math.sqrt(step) + Math.sqrt(size) / 1000);
    // Not Math.max: an error that is no number must not be lost.
    if (!(one <= worst)) worst = one;
  }
  return worst;
}

function relative(actual: number, expected: number): number {
  return expected === 0 ? Math.abs(actual) : Math.abs(actual / expected - 1);
}

function moved(before: LeaseRows, after: LeaseRows): boolean {
  return before.output.some((value, at) => value !== after.output[at]);
}
