// Whole episodes through the lease desk: everything is trained once, and copies of rows stay what they should be.
import { describe, expect, it } from 'vitest';
import { trainDirectly } from './direct-training.ts';
import type { RunOptions } from './harness.ts';
import { play, SmallRun, Tab } from './harness.ts';

function tabsOf(run: SmallRun, count: number, cacheMiB?: number): Tab[] {
  return Array.from({ length: count }, () => new Tab(run, cacheMiB));
}

function expectAllTrained(run: SmallRun): void {
  expect(run.done).toBe(true);
  expect(run.journal.chunksApplied).toBe(run.chunks);
  expect(run.journal.open).toBe(0);
}

/** Largest difference between the rows a lease starts from and the master's, as leases are trained. */
function watchRows(run: SmallRun, tab: Tab): { worst: number; rows: number; peak: number } {
  const seen = { worst: 0, rows: 0, peak: 0 };
  const { dim } = run.constants;
  tab.engine.look = (plan, rows) => {
    const { parts, inputPart, outputPart } = tab.lease!;
    const tables = run.tables.of(parts);
    const compare = (ids: Uint32Array, members: Uint32Array, held: Float32Array, master: Float32Array): void => {
      for (let at = 0; at < held.length; at++) {
        const value = master[members[ids[Math.floor(at / dim)]!]! * dim + (at % dim)]!;
        seen.worst = Math.max(seen.worst, Math.abs(held[at]! - value));
        seen.peak = Math.max(seen.peak, Math.abs(value), Math.abs(held[at]!));
      }
      seen.rows += ids.length;
    };
    // Results on their way belong to the rows as well.
    while (tab.up.length > 0) tab.deliverUp();
    compare(plan.inputIds, tables.input.members[inputPart]!, rows.input, run.model.input);
    compare(plan.outputIds, tables.output.members[outputPart]!, rows.output, run.model.output);
  };
  return seen;
}

const GRIDS: readonly (RunOptions & { readonly name: string })[] = [
  { name: '4 parts', parts: [4, 4, 4] },
  { name: 'one part', parts: [1, 1] },
  { name: 'growing and shrinking parts', parts: [1, 2, 4, 4, 8, 3] },
  { name: '18 parts, where negatives are decoupled', parts: [18, 18], tokens: 4000 },
  { name: 'more parts than words', parts: [7], words: 5 },
  { name: 'hierarchical softmax', parts: [4, 18], objective: { model: 'skipgram', hs: true } },
];

describe('a run', () => {
  for (const grid of GRIDS) {
    for (const count of [1, 5]) {
      it(`of ${grid.name} is trained to the end by ${count}`, async () => {
        const run = new SmallRun(grid);
        const tabs = tabsOf(run, count);
        await play(run, tabs, { seed: count });
        expectAllTrained(run);
        expect(run.journal.kinds('ended')).toBe(0);
        expect(tabs.map((tab) => tab.closed)).toEqual(tabs.map(() => null));
        expect(tabs.flatMap((tab) => tab.outcomes()).every((outcome) => outcome === 'applied')).toBe(true);
      });
    }
  }

  it('of one volunteer and exact rows equals direct training, bit by bit', async () => {
    for (const [parts, hs] of [
      [[4, 4], false],
      [[17], false],
      [[4, 18], true],
    ] as const) {
      const run = new SmallRun({ parts, objective: { model: 'skipgram', hs }, rowsDown: 'f32', rowsUp: 'f32' });
      await play(run, tabsOf(run, 1));
      expectAllTrained(run);
      const direct = await trainDirectly(run);
      expect(run.model.input).toEqual(direct.input);
      expect(run.model.output).toEqual(direct.output);
      expect(run.model.output.some((value) => value !== 0)).toBe(true);
    }
  });

  it('of five and exact rows equals direct training too: no two leases meet in a row', async () => {
    const run = new SmallRun({ parts: [8, 8, 4], rowsDown: 'f32', rowsUp: 'f32' });
    const tabs = tabsOf(run, 5);
    await play(run, tabs, { seed: 9 });
    expectAllTrained(run);
    expect(tabs.filter((tab) => tab.volunteer.accepted > 0).length).toBeGreaterThan(2);
    const direct = await trainDirectly(run);
    expect(run.model.input).toEqual(direct.input);
    expect(run.model.output).toEqual(direct.output);
  });
});

describe("a volunteer's rows", () => {
  it.each([
    [1, 'int8'],
    [5, 'int8'],
    [1, 'f16'],
    [5, 'int4'],
  ] as const)('equal the master in f32, with %d volunteers and deltas in %s', async (count, rowsUp) => {
    const run = new SmallRun({ parts: [4, 4, 4], rowsDown: 'f32', rowsUp });
    const tabs = tabsOf(run, count);
    const seen = tabs.map((tab) => watchRows(run, tab));
    await play(run, tabs, { seed: 3 });
    expectAllTrained(run);
    for (const { worst, rows } of seen) {
      expect(rows).toBeGreaterThan(0);
      expect(worst).toBe(0);
    }
  });

  it.each([1, 5])('equal the master within the rounding of one transfer in int8, with %d volunteers', async (count) => {
    const run = new SmallRun({ parts: [4, 4, 4], rowsDown: 'int8', rowsUp: 'int8' });
    const tabs = tabsOf(run, count);
    const seen = tabs.map((tab) => watchRows(run, tab));
    await play(run, tabs, { seed: 3 });
    expectAllTrained(run);
    for (const { worst, peak, rows } of seen) {
      expect(rows).toBeGreaterThan(0);
      expect(worst).toBeGreaterThan(0);
      // Half a step of the largest row, and the sums' own rounding.
      expect(worst).toBeLessThanOrEqual((peak / 127) * 0.5 + peak * 1e-5);
    }
  });

  it('are not sent again while held, and dropped when the cache is full', async () => {
    const bytes = await Promise.all(
      [64, 0].map(async (cacheMiB) => {
        const run = new SmallRun({ parts: [4, 4, 4], rowsDown: 'f32' });
        const tabs = tabsOf(run, 1, cacheMiB);
        const seen = watchRows(run, tabs[0]!);
        let resets = 0;
        const { look } = tabs[0]!.engine;
        tabs[0]!.engine.look = (plan, rows) => {
          look(plan, rows);
          if (tabs[0]!.lease!.reset) resets++;
        };
        await play(run, tabs);
        expectAllTrained(run);
        expect(seen.worst).toBe(0);
        if (cacheMiB === 0) expect(resets).toBeGreaterThan(3);
        else expect(resets).toBe(0);
        return tabs[0]!.volunteer.traffic.down;
      }),
    );
    expect(bytes[1]!).toBeGreaterThan(bytes[0]! * 1.1);
  });
});
