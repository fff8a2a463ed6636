// Leases and rows for the engines' tests, and how far an engine may be from the batched reference.
import { expect } from 'vitest';
import { BatchedReference } from '../../word2vec/batched-reference.ts';
import type { Engine, LeaseLoss, LeaseRows, StepSize } from '../../word2vec/engine.ts';
import { drawTable } from '../../word2vec/noise.ts';
import { CONTINUES } from '../../word2vec/objective.ts';
import type { BagPlan, LeaseShape, NegativeRule, Plan } from '../../word2vec/plan.ts';
import { below, hashAt } from '../../word2vec/random.ts';

export const STEP: StepSize = { alpha: 0.06, damping: 0.25 };
/** Largest distance of a row from the reference's, relative to the row's length. */
const TOLERANCE = 1e-4;
export const ROWS = 300;

/** Weights that fall as word counts do. */
function zipf(rows: number): Float64Array {
  return Float64Array.from({ length: rows }, (_, rank) => 1 / (rank + 3));
}

export const coupled: NegativeRule = { kind: 'coupled', rate: 5.3 * 65536 };
export const decoupled: NegativeRule = {
  kind: 'decoupled',
  rate: 1.4 * 65536,
  draws: 5,
  inputs: drawTable(zipf(ROWS)),
};

/** `pairs` pairs of two skewed parts of ROWS rows. */
export function shape(pairs: number, negatives: NegativeRule, rows = ROWS): LeaseShape {
  const inputs = Uint32Array.from({ length: pairs }, (_, at) => skewed(hashAt(1, at), rows));
  const outputs = Uint32Array.from({ length: pairs }, (_, at) => skewed(hashAt(2, at), rows));
  return {
    seed: 7,
    episode: 1,
    block: 2,
    firstChunk: 3,
    chunkPairs: 768 * 4,
    minibatch: 768,
    inputs,
    outputs,
    targets: 'positive',
    inputPartSize: rows,
    outputPartSize: rows,
    noise: drawTable(zipf(rows)),
    negatives,
  };
}

function skewed(hash: number, rows: number): number {
  return below((below(hash, rows) * 4294967296) / rows, below(hash >>> 7, rows) + 1);
}

/** Pairs of hierarchical softmax: targets of both labels, nothing drawn. */
export function labelled(pairs: number, rows = ROWS): LeaseShape {
  const { outputs, ...rest } = shape(pairs, { kind: 'none' }, rows);
  return { ...rest, outputs: outputs.map((row, at) => row * 2 + (hashAt(3, at) & 1)), targets: 'labelled' };
}

/** CBOW: `pairs` contexts in bags of 8 on average, some of more than 30; a row may be in a bag more than once. */
export function bags(pairs: number, negatives: NegativeRule, rows = ROWS): LeaseShape {
  const { outputs, ...rest } = shape(pairs, negatives, rows);
  const first = (at: number): boolean => at % rest.chunkPairs === 0 || hashAt(4, at) >>> 29 === 0;
  return { ...rest, outputs: outputs.map((row, at) => (first(at) ? row : CONTINUES)) };
}

/** Rows of ±`size`; like a half-trained model at 0.5, saturated everywhere at 5. */
export function rowsFor(plan: Plan | BagPlan, dim: number, size: number): LeaseRows {
  const fill = (length: number, key: number): Float32Array<ArrayBuffer> =>
    Float32Array.from({ length }, (_, at) => (hashAt(key, at) / 2147483648 - 1) * size);
  return {
    input: fill(plan.inputIds.length * dim, 11),
    output: fill(plan.outputIds.length * dim, 12),
    dim,
  };
}

export function copy(rows: LeaseRows): LeaseRows {
  return { input: rows.input.slice(), output: rows.output.slice(), dim: rows.dim };
}

/** Largest over the rows of |a − b| / max(|b|, 1e-3): rows near zero are held to an absolute distance. */
function worstRow(a: Float32Array, b: Float32Array, dim: number): number {
  let worst = 0;
  for (let begin = 0; begin < a.length; begin += dim) {
    let distance = 0;
    let length = 0;
    for (let at = begin; at < begin + dim; at++) {
      distance += (a[at]! - b[at]!) ** 2;
      length += b[at]! ** 2;
    }
    const relative = Math.sqrt(distance) / Math.max(Math.sqrt(length), 1e-3);
    if (!(relative <= worst)) worst = relative;
  }
  return worst;
}

export function train(engine: Engine, plan: Plan | BagPlan, rows: LeaseRows, step: StepSize): Promise<LeaseLoss> {
  return 'groupInputs' in plan ? engine.train(plan, rows, step) : engine.trainBags!(plan, rows, step);
}

export async function expectReference(
  engine: Engine,
  plan: Plan | BagPlan,
  start: LeaseRows,
  step = STEP,
  tolerance = TOLERANCE,
): Promise<LeaseRows> {
  const expected = copy(start);
  const wanted = await train(new BatchedReference(), plan, expected, step);
  const rows = copy(start);
  const loss = await train(engine, plan, rows, step);
  expect(worstRow(rows.input, expected.input, rows.dim)).toBeLessThan(tolerance);
  expect(worstRow(rows.output, expected.output, rows.dim)).toBeLessThan(tolerance);
  expectLoss(loss, wanted);
  return rows;
}

function expectLoss(loss: LeaseLoss, wanted: LeaseLoss): void {
  expect(Math.abs(loss.positive - wanted.positive)).toBeLessThanOrEqual(1e-3 * wanted.positive);
  expect(Math.abs(loss.negative - wanted.negative)).toBeLessThanOrEqual(1e-3 * wanted.negative);
}
