// How long rows may honestly become while a lease is trained.
import type { StepSize } from '../../word2vec/engine.ts';
import type { FlushList } from '../../word2vec/row-census.ts';
import type { RowLengths } from '../../word2vec/row-reach.ts';
import { lengthsWithin } from '../../word2vec/row-reach.ts';

/**
 * Length that rows may reach within a lease from nothing, doubled: σ saturates at dot products of 6, so rows of a model
 * that learns stay near √6 and below 5 (measured: test/unit/leases/norm-cap.test.ts).
 */
const GROWTH = 8;

/**
 * Learning rate up to which rows stay below a third of what `rowLimits` allows (measured; at 0.6 as well). Near 1
 * training diverges, and rows of an honest lease grow tenfold.
 */
const CALM_ALPHA = 0.25;

/** Rounding of rows on their way down, and of deltas on their way up, at most doubles a length (int4; others far less). */
const ROUNDING = 2;

/**
 * Length that no row of a matrix exceeds while the lease is trained. Rows grow within a lease, above all in the first,
 * where output rows begin at zero: hence twice the longest and GROWTH. Where training is not stable only the bound holds
 * that follows from the plan alone.
 * @param peaks of the rows as leased
 */
export function rowLimits(
  plan: { readonly inputFlush: FlushList; readonly outputFlush: FlushList },
  peaks: RowLengths,
  step: StepSize,
): RowLengths {
  const calm = { input: 2 * peaks.input + GROWTH, output: 2 * peaks.output + GROWTH };
  if (step.alpha <= CALM_ALPHA) return calm;
  const most = lengthsWithin(plan, { input: ROUNDING * peaks.input, output: ROUNDING * peaks.output }, step);
  return { input: Math.max(calm.input, ROUNDING * most.input), output: Math.max(calm.output, ROUNDING * most.output) };
}
