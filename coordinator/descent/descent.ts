// The merge rule of stale deltas: from a row as it is now and what a volunteer made of an older copy, the new row.

export const DESCENT_RULES = ['saturation', 'sum', 'average', 'project', 'adagrad'] as const;
export type DescentRule = (typeof DESCENT_RULES)[number];

/** Names of the tensors that a rule remembers (`Descent.tensors`). */
export function tensorsOf(rule: DescentRule | null): readonly string[] {
  return rule === 'adagrad' ? ['adagrad.input', 'adagrad.output'] : [];
}

/** Rows of one matrix, that all carry state together: the input vectors or the output vectors. */
export type MatrixName = 'input' | 'output';

/** What others' deltas did to a row since a lease took it. All zero: the row is as it was leased. */
export interface Touched {
  /** Deltas merged, c. */
  readonly merges: number;
  /** Updates that they sum up, Σ nᵢ. */
  readonly updates: number;
  /** Σ (1 − exp(−α·nᵢ)) over them (`saturationOf`). */
  readonly saturation: number;
}

/** One row of a result. */
export interface RowDelta {
  readonly matrix: MatrixName;
  readonly row: number;
  /** Δ: what training changed. Shape (D). */
  readonly delta: Float32Array;
  /** The row as the lease took it. Shape (D). Empty unless the rule `needsLeased`. */
  readonly leased: Float32Array;
  /** Updates that Δ sums up, n: training pairs of an input row, dot products of an output row. */
  readonly updates: number;
  /** Learning rate of the lease, α. */
  readonly alpha: number;
  readonly touched: Touched;
}

/**
 * A rule. Deltas come one after the other, each checked by the gate (leases/delta-gate.ts), in whatever order leases
 * end.
 */
export interface Descent {
  readonly rule: DescentRule;
  /** Whether `RowDelta.leased` must be given: it costs a copy of every leased row. */
  readonly needsLeased: boolean;
  /**
   * Changes the row `now`, shape (D), in place. Answers true when it became now + Δ in float32, as the volunteer
   * added it to its own copy.
   */
  merge(now: Float32Array, change: RowDelta): boolean;
  /** What the rule remembers between merges, for the checkpoint; each of shape (V, D); named as in `tensorsOf`. */
  readonly tensors: Readonly<Record<string, Float32Array<ArrayBuffer>>>;
}

/**
 * How far n updates at learning rate α bring a row to where they pull it, from 0 to 1: 1 − exp(−α·h·n) with h = 1
 * (research: rule sat(1)). Few updates count in full, many no more than once.
 */
export function saturationOf(alpha: number, updates: number): number {
  return 1 - Math.exp(-alpha * updates);
}

/** now += scale·Δ, in float32; with scale 1 the sum that the volunteer made. */
export function addScaled(now: Float32Array, delta: Float32Array, scale: number): boolean {
  if (scale === 1) {
    for (let d = 0; d < now.length; d++) now[d]! += delta[d]!;
    return true;
  }
  for (let d = 0; d < now.length; d++) now[d]! += scale * delta[d]!;
  return false;
}
