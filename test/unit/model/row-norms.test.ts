// Remembered norms equal those of the rows as they are, whoever measured last.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Model } from '../../../coordinator/model/model.ts';

const ROWS = 5;

/** By definition. */
function peak(model: Model, rows: readonly number[]): number {
  const norms = rows.map((row) => Math.hypot(...model.input.subarray(row * model.dim, (row + 1) * model.dim)));
  return Math.max(0, ...norms);
}

describe('remembered norms', () => {
  it('are those of the rows as they are, measured by whoever changed them or not', () => {
    const step = fc.record({
      row: fc.nat(ROWS - 1),
      value: fc.integer({ min: -9, max: 9 }),
      measured: fc.boolean(),
      asked: fc.uniqueArray(fc.nat(ROWS - 1)),
    });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 11 }), fc.array(step), (dim, steps) => {
        const model = Model.fresh(ROWS, dim, 1);
        for (const { row, value, measured, asked } of steps) {
          for (let d = 0; d < dim; d++) model.input[row * dim + d] = value + d;
          model.inputVersions[row]!++;
          if (measured) model.inputNorms.measure(row);
          expect(model.inputNorms.peak(Uint32Array.from(asked))).toBeCloseTo(peak(model, asked), 6);
        }
      }),
    );
  });
});
