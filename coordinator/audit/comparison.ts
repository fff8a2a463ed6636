// How far a result is from its replay, row by row and as a whole; and how far an honest one can be.
import { hasBit } from '../../protocol/bitmap.ts';
import type { PackedRows, RowFormat } from '../../protocol/rows.ts';
import { unpackRow } from '../../protocol/rows.ts';

/** What a result says, as both sides number it: touched input rows, then touched output rows. */
export interface Claim {
  readonly present: Uint8Array;
  readonly deltas: PackedRows;
  readonly positiveLoss: number;
  readonly negativeLoss: number;
}

export interface Comparison {
  /** Length of the difference of all deltas, by that of the replay's. */
  readonly error: number;
  /** Largest difference of a row, by what rounding may make of it (`rowSlack`). */
  readonly worst: number;
  /** Row of the plan with it. */
  readonly worstRow: number;
  /** Difference of the loss, by the replay's. */
  readonly lossError: number;
}

/** Most of what rounding does, with a margin (measured: docs/performance.md). */
interface Tolerance {
  readonly error: number;
  /** Of a row: share of its delta's length, and of its reach. */
  readonly ofDelta: number;
  readonly ofReach: number;
}

const TOLERANCE: Readonly<Record<RowFormat, Tolerance>> = {
  f32: { error: 0.05, ofDelta: 0.1, ofReach: 0.02 },
  f16: { error: 0.05, ofDelta: 0.1, ofReach: 0.02 },
  int8: { error: 0.05, ofDelta: 0.1, ofReach: 0.02 },
  int4: { error: 0.75, ofDelta: 1, ofReach: 2.5 },
};

const LOSS_TOLERANCE = 0.02;

/** @param reach of each row, shape (rows) @param dim columns */
export function compare(claim: Claim, replay: Claim, { reach, dim }: { reach: Float64Array; dim: number }): Comparison {
  const { ofDelta, ofReach } = TOLERANCE[claim.deltas.format];
  const said = new Float32Array(dim);
  const due = new Float32Array(dim);
  const at = { said: 0, due: 0 };
  let errors = 0;
  let lengths = 0;
  let worst = 0;
  let worstRow = 0;
  for (let row = 0; row < reach.length; row++) {
    said.fill(0);
    due.fill(0);
    if (hasBit(claim.present, row)) unpackRow(claim.deltas, at.said++, said, 0, dim);
    if (hasBit(replay.present, row)) unpackRow(replay.deltas, at.due++, due, 0, dim);
    let error = 0;
    let length = 0;
    for (let d = 0; d < dim; d++) {
      error += (said[d]! - due[d]!) ** 2;
      length += due[d]! ** 2;
    }
    errors += error;
    lengths += length;
    const share = Math.sqrt(error) / (ofDelta * Math.sqrt(length) + ofReach * reach[row]! + 1e-12);
    if (share > worst) [worst, worstRow] = [share, row];
  }
  const loss = (of: Claim): number => of.positiveLoss + of.negativeLoss;
  return {
    error: Math.sqrt(errors) / (Math.sqrt(lengths) + 1e-12),
    worst,
    worstRow,
    lossError: Math.abs(loss(claim) - loss(replay)) / (loss(replay) + 1e-12),
  };
}

/** What an honest volunteer's result can never be, in words; null where it may be honest. */
export function objection({ error, worst, worstRow, lossError }: Comparison, format: RowFormat): string | null {
  const most = TOLERANCE[format].error;
  if (!(error <= most))
    return `its deltas differ by ${percent(error)} from a replay, rounding makes less than ${percent(most)}`;
  if (!(worst <= 1)) return `row ${worstRow} differs ${worst.toFixed(1)} times as much from a replay as rounding can`;
  if (!(lossError <= LOSS_TOLERANCE)) return `its loss differs by ${percent(lossError)} from that of a replay`;
  return null;
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}
