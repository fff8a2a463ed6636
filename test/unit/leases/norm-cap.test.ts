// The norm cap against honest work: how near it an honest volunteer comes where rows grow fastest.
import { describe, expect, it } from 'vitest';
import { checkResult, rowCap } from '../../../coordinator/leases/delta-gate.ts';
import { hasBit } from '../../../protocol/bitmap.ts';
import { rowNorm } from '../../../protocol/rows.ts';
import { decodeToCoordinator } from '../../../protocol/to-coordinator.ts';
import type { RunOptions } from './harness.ts';
import { play, SmallRun, Tab, turn } from './harness.ts';

/** Trains to the end and answers the largest step of a row, as a share of its cap. @param longer length of first input rows over the usual */
async function nearest(options: RunOptions, longer = 1): Promise<number> {
  const run = new SmallRun(options);
  run.model.input.forEach((value, at, all) => (all[at] = longer * value));
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
      checkResult(result, record, run.model.inputStore);
      let at = 0;
      for (let r = 0; r < inputs + record.outputRows.length; r++) {
        if (!hasBit(result.present, r)) continue;
        worst = Math.max(worst, rowNorm(result.deltas, at++, dim) / rowCap(record, r, 0));
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

  it.each([
    ['of a model that learns', 1, 0, {}],
    ['in large minibatches', 1, 3072, {}],
    ['in minibatches of a few pairs', 1, 24, { tokens: 3000 }],
    ['of long rows', 0.5, 0, {}, 60],
    ['of rows that grow without end', 1, 0, {}, 60],
    ['of rows that grow without end, in large minibatches', 1, 3072, {}, 60],
    ['of rows that grow without end, in int4', 1, 0, { rowsUp: 'int4' }, 60],
    ['of rows that grow without end, in CBOW', 1, 0, { objective: { model: 'cbow', hs: false }, descent: 'sum' }, 60],
    [
      'of rows that grow without end, in hierarchical softmax',
      1,
      0,
      { objective: { model: 'skipgram', hs: true } },
      60,
    ],
  ] satisfies [string, number, number, RunOptions, number?][])(
    'never refuses honest work %s at an absurd learning rate',
    async (_, alpha, batch, options, longer = 1) => {
      const share = await nearest(
        {
          words: 600,
          dim: 16,
          parts: [1, 1],
          structure: 0.5,
          tokens: 6000,
          chunkPairs: 6144,
          alpha,
          batch,
          ...options,
        },
        longer,
      );
      expect(share).toBeGreaterThan(0);
      expect(share).toBeLessThanOrEqual(1);
    },
    60_000,
  );

  it('lets nobody move a row far by its many hits', async () => {
    const run = new SmallRun({ words: 10, dim: 8, parts: [1], skew: 0, tokens: 16_000, chunkPairs: 6144 });
    const tab = new Tab(run);
    await play(run, [tab], { msPerFrame: 1, until: () => tab.volunteer.leases.length > 0 });
    const record = tab.volunteer.leases[0]!;
    const most = Math.max(...record.inputHits);
    expect(most * record.alpha).toBeGreaterThan(100);
    expect(rowCap(record, record.inputHits.indexOf(most), 0)).toBeLessThan(10);
  });
});
