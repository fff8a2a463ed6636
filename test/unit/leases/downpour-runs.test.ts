// Whole runs under downpour: every chunk once, deltas merged by the rule and nothing else, no stale row taken for fresh.
import { describe, expect, it } from 'vitest';
import type { DescentRule } from '../../../coordinator/descent/descent.ts';
import { DESCENT_RULES } from '../../../coordinator/descent/descent.ts';
import { makeDescent } from '../../../coordinator/descent/make.ts';
import { Model } from '../../../coordinator/model/model.ts';
import { hasBit } from '../../../protocol/bitmap.ts';
import { unpackRow } from '../../../protocol/rows.ts';
import type { Result } from '../../../protocol/to-coordinator.ts';
import { decodeToCoordinator } from '../../../protocol/to-coordinator.ts';
import { trainDirectly } from './direct-training.ts';
import type { RunOptions } from './harness.ts';
import { play, SmallRun, Tab } from './harness.ts';

const EXACT: RunOptions = { rowsDown: 'f32', rowsUp: 'f32', tokens: 4000 };

/** Every result as it arrives, by lease. */
function collectResults(run: SmallRun): Map<number, Result> {
  const results = new Map<number, Result>();
  const receive = run.desk.receive.bind(run.desk);
  run.desk.receive = (one, frame): void => {
    const shape = { format: one.greeting?.rowsUp ?? 'f32', dim: run.constants.dim } as const;
    const message = decodeToCoordinator(frame.slice(), shape);
    if (message.tag === 'result') results.set(message.lease, message);
    receive(one, frame);
  };
  return results;
}

interface Merged {
  readonly at: number;
  readonly updates: number;
  readonly alpha: number;
}

/** The run's model once more: its results merged in their order, with what lay between counted in lists. */
function mergeAgain(
  run: SmallRun,
  results: ReadonlyMap<number, Result>,
  rule: DescentRule,
): { model: Model; most: number } {
  const { dim, seed } = run.constants;
  const model = Model.fresh(run.model.rows, dim, seed);
  const descent = makeDescent(rule, model.rows, dim);
  const history = { input: new Map<number, Merged[]>(), output: new Map<number, Merged[]>() };
  const granted = new Map<number, { at: number; input: Float32Array; output: Float32Array }>();
  const delta = new Float32Array(dim);
  let most = 0;
  for (const [at, event] of run.journal.events.entries()) {
    if (event.kind === 'granted')
      granted.set(event.record.grant.lease, { at, input: model.input.slice(), output: model.output.slice() });
    if (event.kind !== 'applied') continue;
    const { grant, inputRows, outputRows, inputHits, outputHits, alpha } = event.record;
    const result = results.get(grant.lease)!;
    const lease = granted.get(grant.lease)!;
    let packed = 0;
    for (let r = 0; r < inputRows.length + outputRows.length; r++) {
      if (!hasBit(result.present, r)) continue;
      const matrix = r < inputRows.length ? 'input' : 'output';
      const row = matrix === 'input' ? inputRows[r]! : outputRows[r - inputRows.length]!;
      const updates = matrix === 'input' ? inputHits[r]! / 6 : outputHits[r - inputRows.length]!;
      unpackRow(result.deltas, packed++, delta, 0, dim);
      const all = history[matrix].get(row) ?? [];
      const between = all.filter((one) => one.at > lease.at);
      most = Math.max(most, between.length);
      descent.merge(model[matrix].subarray(row * dim, row * dim + dim), {
        matrix,
        row,
        delta,
        leased: lease[matrix].subarray(row * dim, row * dim + dim),
        updates,
        alpha,
        touched: {
          merges: between.length,
          updates: between.reduce((sum, one) => sum + one.updates, 0),
          saturation: between.reduce((sum, one) => sum + 1 - Math.exp(-one.alpha * one.updates), 0),
        },
      });
      history[matrix].set(row, [...all, { at, updates, alpha }]);
    }
  }
  return { model, most };
}

function worst(a: Float32Array, b: Float32Array): number {
  return a.reduce((most, value, at) => Math.max(most, Math.abs(value - b[at]!)), 0);
}

describe.each(DESCENT_RULES)('downpour with %s', (descent) => {
  it.each([1, 5])('trains everything once with %d volunteers, and merges by the rule', async (count) => {
    const run = new SmallRun({ ...EXACT, descent });
    const results = collectResults(run);
    const tabs = Array.from({ length: count }, () => new Tab(run));
    await play(run, tabs, { seed: count });
    expect(run.done).toBe(true);
    expect(run.journal.chunksApplied).toBe(run.chunks);
    expect(run.journal.open).toBe(0);
    const again = mergeAgain(run, results, descent);
    // With several volunteers rows were touched between, or the test shows nothing.
    if (count > 1) expect(again.most).toBeGreaterThan(1);
    else expect(again.most).toBe(0);
    expect(worst(run.model.input, again.model.input)).toBeLessThan(1e-6);
    expect(worst(run.model.output, again.model.output)).toBeLessThan(1e-6);
  });

  it('starts every lease from the rows as they were when it was granted', async () => {
    const run = new SmallRun({ ...EXACT, descent });
    const tabs = Array.from({ length: 4 }, () => new Tab(run));
    const masters = new Map<number, { input: Float32Array; output: Float32Array }>();
    const note = run.journal.note.bind(run.journal);
    run.journal.note = (event): void => {
      if (event.kind === 'granted')
        masters.set(event.record.grant.lease, { input: run.model.input.slice(), output: run.model.output.slice() });
      note(event);
    };
    let compared = 0;
    for (const tab of tabs) {
      tab.engine.look = (plan, rows) => {
        const master = masters.get(tab.lease!.lease)!;
        const { input, output } = run.tables.of(1);
        const expected = (matrix: Float32Array, ids: Uint32Array, members: Uint32Array): number[] =>
          [...ids].flatMap((rank) => [...matrix.subarray(members[rank]! * rows.dim, (members[rank]! + 1) * rows.dim)]);
        expect([...rows.input]).toEqual(expected(master.input, plan.inputIds, input.members[0]!));
        expect([...rows.output]).toEqual(expected(master.output, plan.outputIds, output.members[0]!));
        compared++;
      };
    }
    await play(run, tabs, { seed: 3 });
    expect(run.done).toBe(true);
    expect(compared).toBeGreaterThan(20);
  });
});

describe('downpour', () => {
  it('equals direct training with one volunteer, whatever the rule that adds', async () => {
    for (const descent of ['sum', 'saturation', 'average', 'project'] as const) {
      const run = new SmallRun({ ...EXACT, descent });
      await play(run, [new Tab(run)]);
      expect(run.done).toBe(true);
      const direct = await trainDirectly(run);
      expect(run.model.input).toEqual(direct.input);
      expect(run.model.output).toEqual(direct.output);
    }
  });

  it('trains CBOW, which has no grid, and hierarchical softmax', async () => {
    for (const objective of [
      { model: 'cbow', hs: false },
      { model: 'skipgram', hs: true },
    ] as const) {
      const alone = new SmallRun({ ...EXACT, descent: 'saturation', objective });
      await play(alone, [new Tab(alone)]);
      expect(alone.done).toBe(true);
      const direct = await trainDirectly(alone);
      expect(alone.model.input).toEqual(direct.input);
      expect(alone.model.output).toEqual(direct.output);
      const run = new SmallRun({ ...EXACT, descent: 'saturation', objective });
      const tabs = Array.from({ length: 4 }, () => new Tab(run));
      await play(run, tabs, { seed: 4 });
      expect(run.done).toBe(true);
      expect(tabs.flatMap((tab) => tab.outcomes()).every((outcome) => outcome === 'applied')).toBe(true);
    }
  });

  it('sends a row again only where the copy is stale', async () => {
    const bytes = async (count: number): Promise<number> => {
      const run = new SmallRun({ ...EXACT, descent: 'sum' });
      const tabs = Array.from({ length: count }, () => new Tab(run));
      await play(run, tabs, { seed: 2 });
      expect(run.done).toBe(true);
      return tabs.reduce((sum, tab) => sum + tab.volunteer.traffic.down, 0);
    };
    expect(await bytes(4)).toBeGreaterThan((await bytes(1)) * 1.5);
  });

  it('grants nothing ahead, and tells who waits why', async () => {
    const run = new SmallRun({ ...EXACT, descent: 'saturation' });
    const tabs = Array.from({ length: 12 }, () => new Tab(run));
    for (const tab of tabs) tab.engine.hold();
    await play(run, tabs);
    expect(Math.max(...tabs.map((tab) => tab.volunteer.leases.length))).toBe(1);
    expect(tabs.some((tab) => tab.reasons().some((reason) => reason.includes('in training')))).toBe(true);
    for (const tab of tabs) tab.engine.release();
    await play(run, tabs);
    expect(run.done).toBe(true);
  });

  it('leases again what a volunteer took with it, and drops what comes too late', async () => {
    const run = new SmallRun({ ...EXACT, descent: 'project' });
    const tabs = [new Tab(run), new Tab(run), new Tab(run)];
    await play(run, tabs, { until: () => run.journal.chunksApplied > 8 });
    tabs[0]!.engine.hold();
    await play(run, tabs, { until: () => tabs[0]!.volunteer.leases.length > 0 && tabs[0]!.down.length === 0 });
    run.clock.now += 400_000;
    run.desk.tick();
    expect(run.journal.kinds('ended')).toBeGreaterThan(0);
    tabs[0]!.engine.release();
    tabs[1]!.vanish();
    await play(run, [tabs[0]!, tabs[2]!]);
    expect(run.done).toBe(true);
    expect(run.journal.chunksApplied).toBe(run.chunks);
  });
});
