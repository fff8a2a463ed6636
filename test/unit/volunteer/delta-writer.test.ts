// What a holder sends, what it keeps back, and that nothing is lost or made up between the two.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Writer } from '../../../protocol/bytes.ts';
import type { RowFormat } from '../../../protocol/rows.ts';
import { RESIDUAL_RATE, reserveRows, unpackRow } from '../../../protocol/rows.ts';
import { DeltaWriter } from '../../../volunteer/delta-writer.ts';
import { RowCache } from '../../../volunteer/row-cache.ts';

const DIM = 5;
/** Of the draws. */
const KEY = 8;

/** Sends one delta of row 3; answers it as the coordinator reads it. */
function sendOne(
  cache: RowCache,
  delta: readonly number[],
  reach: number,
  counter: number,
  format: RowFormat = 'int4',
): Float32Array {
  const packed = reserveRows(new Writer(), format, 1, DIM);
  const values = Float32Array.from(delta);
  new DeltaWriter(packed, DIM, KEY).write({ held: cache.find(3), values, offset: 0, reach }, cache, counter);
  const sent = new Float32Array(DIM);
  unpackRow(packed, 0, sent, 0, DIM);
  return sent;
}

/** A cache that holds row 3, all ones, behind another row. */
function cacheWithRow(keepResiduals = true): RowCache {
  const cache = new RowCache(10, DIM, keepResiduals);
  cache.reserve(7);
  const at = cache.reserve(3);
  cache.values.fill(1, at, at + DIM);
  return cache;
}

const residualOf = (cache: RowCache): Float32Array => cache.residuals.slice(cache.find(3), cache.find(3) + DIM);

const deltas = fc.array(fc.array(fc.float({ min: -2, max: 2, noNaN: true }), { minLength: DIM, maxLength: DIM }), {
  minLength: 1,
  maxLength: 12,
});

describe('a row whose holder keeps residuals', () => {
  it.each([
    ['far', 1000],
    ['barely', 0.01],
  ])('sends all that it learnt, but for the residual it holds (reaching %s)', (_, reach) => {
    fc.assert(
      fc.property(deltas, (list) => {
        const cache = cacheWithRow();
        const learnt = new Float64Array(DIM);
        const told = new Float64Array(DIM);
        for (const [turn, delta] of list.entries()) {
          const before = residualOf(cache);
          const sent = sendOne(cache, delta, reach, turn * DIM);
          const residual = residualOf(cache);
          const step = Math.max(...delta.map((value, d) => Math.abs(value) + Math.abs(before[d]!))) / 7;
          for (let d = 0; d < DIM; d++) {
            learnt[d]! += delta[d]!;
            told[d]! += sent[d]!;
            expect(told[d]! + residual[d]!).toBeCloseTo(learnt[d]!, 4);
            // Far: only the last rounding is owed. Barely: what may not be sent yet is owed as well.
            const owed = reach > 1 ? step : step + Math.abs(before[d]!);
            expect(Math.abs(residual[d]!)).toBeLessThanOrEqual(owed * 1.0001 + 1e-6);
            expect(cache.values[cache.find(3) + d]).toBeCloseTo(1 + told[d]!, 4);
          }
        }
      }),
    );
  });

  it('adds no more of it to a delta than the coordinator allows for', () => {
    fc.assert(
      fc.property(deltas, fc.float({ min: 0, max: Math.fround(0.05), noNaN: true }), (list, reach) => {
        const cache = cacheWithRow();
        for (const [turn, delta] of list.entries()) sendOne(cache, delta, 1000, turn * DIM);
        const before = residualOf(cache);
        sendOne(cache, [0, 0, 0, 0, 0], reach, 999);
        const sum = new Float32Array(DIM);
        for (const [d, value] of residualOf(cache).entries()) sum[d] = before[d]! - value;
        // Rounding of what is added: a step of its peak, which its length is above.
        expect(Math.hypot(...sum)).toBeLessThanOrEqual(RESIDUAL_RATE * reach * (1 + Math.sqrt(DIM) / 7) + 1e-6);
      }),
    );
  });

  it('forgets it when the row is sent anew, or every row is dropped', () => {
    const cache = cacheWithRow();
    sendOne(cache, [1, 0.05, 0.05, 0.05, 0.05], 1, 0);
    expect(residualOf(cache).some((value) => value !== 0)).toBe(true);
    cache.reserve(3);
    expect([...residualOf(cache)]).toEqual([0, 0, 0, 0, 0]);
    sendOne(cache, [1, 0.05, 0.05, 0.05, 0.05], 1, 50);
    cache.clear();
    cache.reserve(9);
    cache.reserve(3);
    expect([...residualOf(cache)]).toEqual([0, 0, 0, 0, 0]);
  });

  it('keeps it while the slabs grow', () => {
    const cache = new RowCache(5000, DIM, true);
    cache.reserve(3);
    sendOne(cache, [1, 0.05, 0.05, 0.05, 0.05], 1, 0);
    const before = [...residualOf(cache)];
    for (let row = 4; row < 4000; row++) cache.reserve(row);
    expect([...residualOf(cache)]).toEqual(before);
  });
});

describe('a row whose holder keeps none', () => {
  it('has no second slab, and holds what it sent', () => {
    const cache = cacheWithRow(false);
    const sent = sendOne(cache, [1, 0.05, -0.05, 0.5, 0], 1, 0, 'int8');
    expect(cache.residuals.length).toBe(0);
    const at = cache.find(3);
    expect(cache.values.slice(at, at + DIM)).toEqual(sent.map((value) => 1 + value));
  });
});
