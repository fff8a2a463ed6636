// The gate between strangers and the model: a result is checked row by row, to be applied whole or not at all.
import { hasBit } from '../../protocol/bitmap.ts';
import { ProtocolError } from '../../protocol/bytes.ts';
import { keepsResidual, RESIDUAL_RATE, rowNorm } from '../../protocol/rows.ts';
import type { Result } from '../../protocol/to-coordinator.ts';
import type { LeaseRecord } from './lease-builder.ts';

/**
 * Norm that rows may reach within a lease from nothing, doubled: σ saturates at dot products of 6, so rows of a model
 * that learns stay near √6 and below 5 (measured: test/unit/leases/norm-cap.test.ts).
 */
const GROWTH = 8;

/**
 * Longest step a row may take in a lease. One dot product moves a row by at most α·|label − σ| ≤ α times the norm of
 * the other row, and damping only shortens that, so n of them move it by at most n·α·peak. The other rows grow during
 * the lease, above all in the first, where output rows begin at zero, and both transfers round: hence the factor 2
 * and GROWTH. `residual` is what a holder may add of what rounding left out before (RESIDUAL_RATE), else 0.
 */
export function normCap(hits: number, alpha: number, otherPeak: number, residual = 0): number {
  return hits * alpha * (2 * otherPeak + GROWTH + residual);
}

/** @throws ProtocolError WRONG_ROWS, NORM_CAP. The decoder has already refused wrong lengths and numbers that are not finite. */
export function checkResult(result: Result, record: LeaseRecord, dim: number): void {
  const { inputRows, outputRows } = record;
  if (result.inputRows !== inputRows.length || result.outputRows !== outputRows.length) {
    throw new ProtocolError(
      'WRONG_ROWS',
      `lease ${result.lease} touches ${inputRows.length} input and ${outputRows.length} output rows, result has ${result.inputRows} and ${result.outputRows}`,
    );
  }
  const residual = keepsResidual(result.deltas.format) ? RESIDUAL_RATE : 0;
  let at = 0;
  for (let r = 0; r < inputRows.length + outputRows.length; r++) {
    if (!hasBit(result.present, r)) continue;
    const norm = rowNorm(result.deltas, at++, dim);
    const isInput = r < inputRows.length;
    const hits = isInput ? record.inputHits[r]! : record.outputHits[r - inputRows.length]!;
    const cap = normCap(hits, record.alpha, isInput ? record.outputPeak : record.inputPeak, residual);
    if (!(norm <= cap)) {
      const row = isInput ? inputRows[r] : outputRows[r - inputRows.length];
      throw new ProtocolError(
        'NORM_CAP',
        `lease ${result.lease}: ${isInput ? 'input' : 'output'} row ${row} moved by ${norm.toPrecision(3)}, at most ${cap.toPrecision(3)} is possible`,
      );
    }
  }
}
