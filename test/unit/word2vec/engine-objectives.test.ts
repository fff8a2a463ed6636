// Every objective on every kernel of the CPU engine: whole chunks, all row lengths, up to 25 negatives, bit for bit again.
import { describe, expect, it } from 'vitest';
import { CpuEngine } from '../../../word2vec/cpu-engine.ts';
import type { LeaseRows } from '../../../word2vec/engine.ts';
import type { BagPlan, LeaseShape, NegativeRule, Plan } from '../../../word2vec/plan.ts';
import { Planner } from '../../../word2vec/planner.ts';
import {
  bags,
  copy,
  coupled,
  decoupled,
  expectReference,
  labelled,
  rowsFor,
  shape,
  STEP,
  train,
} from '../engine-samples.ts';

/** Of a row, relative to its length: over many minibatches and at saturation 32 bits wander further. */
const TOLERANCE = 1e-3;
const KERNELS = ['plain', 'simd'] as const;

interface Objective {
  readonly name: string;
  readonly draws: boolean;
  readonly plan: (pairs: number, negatives: NegativeRule) => Plan | BagPlan;
}

const planned = (lease: LeaseShape): Plan => new Planner().plan(lease);
const OBJECTIVES: readonly Objective[] = [
  { name: 'skip-gram', draws: true, plan: (pairs, negatives) => planned(shape(pairs, negatives)) },
  { name: 'hierarchical softmax', draws: false, plan: (pairs) => planned(labelled(pairs)) },
  { name: 'CBOW', draws: true, plan: (pairs, negatives) => new Planner().planBags(bags(pairs, negatives)) },
];

describe.each(KERNELS)('CPU engine, %s kernel', (kernel) => {
  describe.each(OBJECTIVES)('$name', ({ draws, plan: make }) => {
    it('trains 100,000 pairs as the reference does', async () => {
      const plan = make(100_000, coupled);
      await expectReference(await CpuEngine.create({ kernel }), plan, rowsFor(plan, 100, 0.1), STEP, TOLERANCE);
    }, 60_000);

    it.each([4, 5, 100, 101, 900, 1023, 1024])('trains rows of D = %i', async (dim) => {
      const plan = make(1500, coupled);
      await expectReference(await CpuEngine.create({ kernel }), plan, rowsFor(plan, dim, 1 / Math.sqrt(dim)));
    });

    it.each(draws ? [0, 1, 25, 64] : [0])('trains with %i negatives', async (count) => {
      const plan = make(3000, { kind: 'coupled', rate: count * 65536 });
      await expectReference(await CpuEngine.create({ kernel }), plan, rowsFor(plan, 20, 0.2));
    });

    it.each([1, 7, 769])('trains %i pairs', async (pairs) => {
      const plan = make(pairs, coupled);
      await expectReference(await CpuEngine.create({ kernel }), plan, rowsFor(plan, 12, 0.3));
    });

    it('trains rows that saturate everywhere', async () => {
      const plan = make(3000, coupled);
      await expectReference(await CpuEngine.create({ kernel }), plan, rowsFor(plan, 100, 5), STEP, TOLERANCE);
    });

    it('repeats to the bit, whatever the engine trained before, not finite rows too', async () => {
      const plan = make(5000, coupled);
      const start = rowsFor(plan, 50, 0.2);
      const used = await CpuEngine.create({ kernel });
      const results: { rows: LeaseRows; loss: unknown }[] = [];
      for (const engine of [await CpuEngine.create({ kernel }), used, used]) {
        const rows = copy(start);
        results.push({ rows, loss: await train(engine, plan, rows, STEP) });
        for (const other of [planned(shape(900, decoupled)), new Planner().planBags(bags(800, coupled))]) {
          const broken = rowsFor(other, 33, 0.2);
          broken.input.fill(Number.NaN);
          await train(engine, other, broken, STEP);
        }
      }
      expect(results[1]).toEqual(results[0]);
      expect(results[2]).toEqual(results[0]);
    });
  });

  it('refuses rows that are not those of the bags', async () => {
    const plan = new Planner().planBags(bags(100, coupled));
    const engine = await CpuEngine.create({ kernel });
    const rows = rowsFor(plan, 8, 0.3);
    await expect(engine.trainBags(plan, { ...rows, dim: 7 }, STEP)).rejects.toMatchObject({ code: 'LEASE_ROWS' });
  });
});
