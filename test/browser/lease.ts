// Leases for the engine tests: Zipf-like pairs, a plan, and rows, all from a seed.
import type { LeaseRows } from '../../word2vec/engine.ts';
import type { DrawTable } from '../../word2vec/noise.ts';
import { draw, drawTable, noiseWeight } from '../../word2vec/noise.ts';
import type { LeaseShape, NegativeRule, Plan } from '../../word2vec/plan.ts';
import { hashAt, streamKey } from '../../word2vec/random.ts';

export interface LeaseKind {
  readonly pairs: number;
  /** Rows of the input and of the output part. */
  readonly part: number;
  readonly minibatch: number;
  /** Mean negatives per group (`coupled`), or negative inputs per pair of which each meets 5 draws (`decoupled`). */
  readonly rate: number;
  readonly rule: NegativeRule['kind'];
  /** Exponent of the Zipf law: 1 like text, 0 for even frequencies. */
  readonly skew?: number;
  readonly seed?: number;
  /** Targets with labels of either kind, as hierarchical softmax has them. */
  readonly labelled?: boolean;
}

/** Draws rank r with probability proportional to (r + 3)^-skew. */
function zipf(part: number, skew: number, weight: (p: number) => number): DrawTable {
  return drawTable(Float64Array.from({ length: part }, (_, rank) => weight(1e6 * (rank + 3) ** -skew)));
}

export function leaseShape(kind: LeaseKind): LeaseShape {
  const { pairs, part, minibatch, seed = 1, skew = 1, labelled = false } = kind;
  const words = zipf(part, skew, (count) => count);
  const drawn = (purpose: number): Uint32Array =>
    Uint32Array.from({ length: pairs }, (_, at) => draw(words, hashAt(streamKey(seed, 99, purpose), at)));
  const rate = Math.round(kind.rate * 65536);
  return {
    seed,
    episode: 3,
    block: 17,
    firstChunk: 2,
    chunkPairs: minibatch * 4,
    minibatch,
    inputs: drawn(1),
    outputs: labelled ? drawn(2).map((rank, at) => 2 * rank + (hashAt(streamKey(seed, 99, 5), at) & 1)) : drawn(2),
    targets: labelled ? 'labelled' : 'positive',
    inputPartSize: part,
    outputPartSize: part,
    noise: zipf(part, skew, noiseWeight),
    negatives:
      kind.rule === 'coupled' ? { kind: 'coupled', rate } : { kind: 'decoupled', rate, draws: 5, inputs: words },
  };
}

/** Fresh rows as a run begins with them; else rows whose dot products have about this standard deviation. */
export type RowState = 'fresh' | number;

export function leaseRows(plan: Plan, dim: number, state: RowState): LeaseRows {
  const uniform = (rows: number, most: number, purpose: number): Float32Array<ArrayBuffer> => {
    const key = streamKey(5, 99, purpose);
    return Float32Array.from({ length: rows * dim }, (_, at) => (hashAt(key, at) / 2 ** 31 - 1) * most);
  };
  // Components uniform in ±m have variance m²/3, and dim products of two of them m⁴·dim/9.
  const most = state === 'fresh' ? 0.5 / dim : Math.sqrt((3 * state) / Math.sqrt(dim));
  return {
    input: uniform(plan.inputIds.length, most, 3),
    output: uniform(plan.outputIds.length, state === 'fresh' ? 0 : most, 4),
    dim,
  };
}

export function copyRows(rows: LeaseRows): LeaseRows {
  return { input: rows.input.slice(), output: rows.output.slice(), dim: rows.dim };
}
