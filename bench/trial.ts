// One engine's speed on given leases, measured alike in Node and in a tab.
import type { Engine, LeaseRows } from '../word2vec/engine.ts';
import type { LeaseShape, Plan } from '../word2vec/plan.ts';
import { Planner } from '../word2vec/planner.ts';
import { hashAt } from '../word2vec/random.ts';

/** How often leases are trained: at least `least`, then on until `ms` have passed, at most `most`. */
export interface TrialLimits {
  readonly least: number;
  readonly most: number;
  readonly ms: number;
}

export interface Trial {
  /** Of the median lease: the first ones are spent warming up, and other processes disturb some. */
  readonly pairsPerSecond: number;
  /** Leases trained. */
  readonly trained: number;
  /** Summed loss of the first lease, positives and negatives: tells whether the engine did the work. */
  readonly loss: number;
}

/**
 * Trains the leases in turn, each from fresh rows of D = `dim`. Only `train` is timed, its transfers included; the plan
 * is made outside. `clock` gives milliseconds.
 */
export async function timeEngine(
  engine: Engine,
  leases: readonly LeaseShape[],
  dim: number,
  limits: TrialLimits,
  clock: () => number,
): Promise<Trial> {
  const planner = new Planner();
  let first: number | undefined;
  const times = await repeat(leases, limits, async (lease) => {
    const plan = planner.plan(lease);
    const rows = trainedRows(plan, dim);
    const start = clock();
    const { positive, negative } = await engine.train(plan, rows, { alpha: 0.05, damping: 0.25 });
    const ms = clock() - start;
    first ??= positive + negative;
    return ms;
  });
  return { pairsPerSecond: median(times), trained: times.length, loss: first ?? Number.NaN };
}

/** Pairs a second of the planner alone. */
export async function timePlanner(
  leases: readonly LeaseShape[],
  limits: TrialLimits,
  clock: () => number,
): Promise<number> {
  const planner = new Planner();
  const times = await repeat(leases, limits, (lease) => {
    const start = clock();
    planner.plan(lease);
    return clock() - start;
  });
  return median(times);
}

/** Pairs a second of each lease that `time`, in milliseconds, was called for. */
async function repeat(
  leases: readonly LeaseShape[],
  { least, most, ms }: TrialLimits,
  time: (lease: LeaseShape) => number | Promise<number>,
): Promise<number[]> {
  const speeds: number[] = [];
  const end = performance.now() + ms;
  while (speeds.length < least || (speeds.length < most && performance.now() < end)) {
    const lease = leases[speeds.length % leases.length]!;
    speeds.push((lease.inputs.length * 1000) / (await time(lease)));
  }
  return speeds;
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!;
}

/** Rows with dot products of moderate size, as in the middle of a run: few sigmoids saturate. */
function trainedRows(plan: Plan, dim: number): LeaseRows {
  const rows = (count: number, key: number): Float32Array<ArrayBuffer> =>
    Float32Array.from({ length: count * dim }, (_, at) => (hashAt(key, at) / 2 ** 31 - 1) / Math.sqrt(dim));
  return { input: rows(plan.inputIds.length, 1), output: rows(plan.outputIds.length, 2), dim };
}
