// The gate between strangers and the model: a result is checked row by row, to be applied whole or not at all.
import { countBits, hasBit } from '../../protocol/bitmap.ts';
import { ProtocolError } from '../../protocol/bytes.ts';
import { keepsResidual, RESIDUAL_RATE } from '../../protocol/rows.ts';
import type { Result } from '../../protocol/to-coordinator.ts';
import type { RowStore } from '../../rows/row-store.ts';
import type { LeaseRecord } from './lease-builder.ts';

/**
 * Longest step that row `r` of a lease may take, input rows first: its reach (word2vec/row-reach.ts) times the limit of
 * the rows it met, and no further than from where it may be to its matrix's limit on the other side.
 * @param residual what a holder may add per reach, of what rounding left out before
 */
export function rowCap(record: LeaseRecord, r: number, residual: number): number {
  const { inputReach, outputReach, inputPeak, outputPeak, limits } = record;
  const inputs = inputReach.length;
  const reach = r < inputs ? inputReach[r]! : outputReach[r - inputs]!;
  const step =
    r < inputs
      ? Math.min(reach * limits.output, inputPeak + limits.input)
      : Math.min(reach * limits.input, outputPeak + limits.output);
  return step + residual * reach;
}

/** @param store of the model, which measures norms. @throws ProtocolError WRONG_ROWS, NORM_CAP. The decoder has already refused wrong lengths and numbers that are not finite. */
export function checkResult(result: Result, record: LeaseRecord, store: RowStore): void {
  const { inputRows, outputRows } = record;
  if (result.inputRows !== inputRows.length || result.outputRows !== outputRows.length) {
    throw new ProtocolError(
      'WRONG_ROWS',
      `lease ${result.lease} touches ${inputRows.length} input and ${outputRows.length} output rows, result has ${result.inputRows} and ${result.outputRows}`,
    );
  }
  const residual = keepsResidual(result.deltas.format) ? RESIDUAL_RATE : 0;
  const norms = new Float64Array(countBits(result.present, inputRows.length + outputRows.length));
  store.norms(result.deltas, 0, norms);
  let at = 0;
  for (let r = 0; r < inputRows.length + outputRows.length; r++) {
    if (!hasBit(result.present, r)) continue;
    const norm = norms[at++]!;
    const cap = rowCap(record, r, residual);
    if (!(norm <= cap)) {
      const isInput = r < inputRows.length;
      const row = isInput ? inputRows[r] : outputRows[r - inputRows.length];
      throw new ProtocolError(
        'NORM_CAP',
        `lease ${result.lease}: ${isInput ? 'input' : 'output'} row ${row} moved by ${norm.toPrecision(3)}, at most ${cap.toPrecision(3)} is possible`,
      );
    }
  }
}
