// The norm cap against honest work: how near it an honest volunteer comes where rows grow fastest.
import { describe, expect, it } from 'vitest';
import { checkResult, normCap } from '../../../coordinator/leases/delta-gate.ts';
import { hasBit } from '../../../protocol/bitmap.ts';
import { rowNorm } from '../../../protocol/rows.ts';
import { decodeToCoordinator } from '../../../protocol/to-coordinator.ts';
import type { RunOptions } from './harness.ts';
import { play, SmallRun, Tab, turn } from './harness.ts';

/** Trains to the end and answers the largest step of a row, as a share of its cap. */
async function nearest(options: RunOptions): Promise<number> {
  const run = new SmallRun(options);
  const { dim, rowsUp: format } = run.constants;
  const tab = new Tab(run);
  let worst = 0;
  while (!run.done) {
    // A frame at a time: the record of a result is there until it is delivered.
    await play(run, [tab], { msPerFrame: 1, until: () => tab.up[0]?.[0] === 3 });
    if (tab.up.length === 0) await turn();
    const frame = tab.up[0];
    if (frame === undefined) continue;
    const result = decodeToCoordinator(frame, { format, dim });
    if (result.tag === 'result') {
      const record = tab.volunteer.leases[0]!;
      const inputs = record.inputRows.length;
      checkResult(result, record, dim);
      let at = 0;
      for (let r = 0; r < inputs + record.outputRows.length; r++) {
        if (!hasBit(result.present, r)) continue;
        const cap =
          r < inputs
            ? normCap(record.inputHits[r]!, record.alpha, record.outputPeak)
            : normCap(record.outputHits[r - inputs]!, record.alpha, record.inputPeak);
        worst = Math.max(worst, rowNorm(result.deltas, at++, dim) / cap);
      }
    }
    tab.deliverUp();
    if (tab.closed !== null) throw new Error(`an honest volunteer was refused: ${tab.closeReason}`);
  }
  return worst;
}

describe('the norm cap', () => {
  it.each([
    ['two words', { words: 2, dim: 2, parts: [1, 1] }],
    ['a chain of ten words', { words: 10, dim: 8, parts: [1, 1], structure: 0.95, skew: 0 }],
    ['one column', { words: 100, dim: 1, parts: [1, 1], structure: 0.95 }],
    ['few frequent words and many rare ones', { words: 600, dim: 16, parts: [1, 1], structure: 0, skew: 2 }],
    ['four parts', { words: 600, dim: 32, parts: [4, 4], structure: 0.9 }],
    ['a fourfold learning rate', { words: 60, dim: 16, parts: [2, 2], structure: 0.9, alpha: 0.24 }],
    ['a chain of ten words in int4', { words: 10, dim: 8, parts: [1, 1], structure: 0.95, skew: 0, rowsUp: 'int4' }],
    ['four parts in int4', { words: 600, dim: 32, parts: [4, 4], structure: 0.9, rowsUp: 'int4' }],
  ] satisfies [string, RunOptions][])(
    'leaves honest work on %s room enough',
    async (_, options) => {
      // The first leases are long, and output rows begin at zero: growth within one lease is at its largest.
      const share = await nearest({ ...options, tokens: 16_000, chunkPairs: 6144 });
      expect(share).toBeGreaterThan(0);
      expect(share).toBeLessThan(0.6);
    },
    60_000,
  );

  it('grows with hits, rate and the other rows, and is never zero for a row that was hit', () => {
    expect(normCap(1, 0.06, 0)).toBeGreaterThan(0);
    expect(normCap(2, 0.06, 1)).toBe(2 * normCap(1, 0.06, 1));
    expect(normCap(1, 0.06, 2)).toBeGreaterThan(normCap(1, 0.06, 1));
    expect(normCap(0, 0.06, 5)).toBe(0);
  });
});
