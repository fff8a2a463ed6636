// The CPU engine against the batched reference: same plan, same rows, same result within 32-bit rounding.
import { describe, expect, it } from 'vitest';
import { CpuEngine } from '../../word2vec/cpu-engine.ts';
import type { LeaseLoss, LeaseRows } from '../../word2vec/engine.ts';
import { Planner } from '../../word2vec/planner.ts';
import { copy, coupled, decoupled, expectReference, labelled, rowsFor, shape, STEP } from './engine-samples.ts';

const KERNELS = ['plain', 'simd'] as const;
/** Of trained rows, both matrices; found in Node 20 and in Chromium's Web Workers alike. */
const GOLDEN = { plain: 57_039_700, simd: 2_563_457_136 } as const;

function fingerprint({ input, output }: LeaseRows): number {
  let hash = 0;
  for (const matrix of [input, output]) {
    for (const bits of new Uint32Array(matrix.buffer)) hash = (Math.imul(hash, 31) + bits) >>> 0;
  }
  return hash;
}

describe('CPU engine', () => {
  it('takes the SIMD kernel where there is one, and says which it took', async () => {
    expect((await CpuEngine.create()).device).toBe('CPU, WebAssembly SIMD');
    expect((await CpuEngine.create({ kernel: 'plain' })).device).toBe('CPU, plain JavaScript');
  });
});

describe.each(KERNELS)('CPU engine, %s kernel', (kernel) => {
  for (const [name, rule] of [
    ['coupled', coupled],
    ['decoupled', decoupled],
  ] as const) {
    it(`trains 20,000 ${name} pairs as the reference does`, async () => {
      const plan = new Planner().plan(shape(20_000, rule));
      await expectReference(await CpuEngine.create({ kernel }), plan, rowsFor(plan, 100, 0.1));
    });

    it.each([1, 4, 5, 37, 300, 900])(`trains ${name} pairs at D = %i`, async (dim) => {
      const plan = new Planner().plan(shape(1_500, rule));
      await expectReference(await CpuEngine.create({ kernel }), plan, rowsFor(plan, dim, 1 / Math.sqrt(dim)));
    });
  }

  it('trains 20,000 labelled pairs as the reference does', async () => {
    const plan = new Planner().plan(labelled(20_000));
    await expectReference(await CpuEngine.create({ kernel }), plan, rowsFor(plan, 100, 0.1));
  });

  it.each([1, 4, 5, 37, 300, 900])('trains labelled pairs at D = %i', async (dim) => {
    const plan = new Planner().plan(labelled(1_501));
    await expectReference(await CpuEngine.create({ kernel }), plan, rowsFor(plan, dim, 1 / Math.sqrt(dim)));
  });

  it('trains labels of both kinds beside negatives, if ever asked to', async () => {
    const plan = new Planner().plan({ ...labelled(1_501), negatives: coupled });
    await expectReference(await CpuEngine.create({ kernel }), plan, rowsFor(plan, 24, 0.2));
  });

  it('moves the rows of a target of label 0 apart, by as much as label 1 moves them together', async () => {
    const start: LeaseRows = { input: Float32Array.of(0.1, 0, 0, 0), output: Float32Array.of(0, 0.1, 0, 0), dim: 4 };
    const moved = async (label: number): Promise<LeaseRows> => {
      const { outputs, ...rest } = labelled(1, 1);
      const plan = new Planner().plan({ ...rest, outputs: outputs.map(() => label) });
      const rows = copy(start);
      const { positive, negative } = await (await CpuEngine.create({ kernel })).train(plan, rows, STEP);
      expect(positive).toBeCloseTo(Math.LN2, 6);
      expect(negative).toBe(0);
      return rows;
    };
    const [apart, together] = [await moved(0), await moved(1)];
    expect(together.input[1]).toBeCloseTo(0.5 * STEP.alpha * 0.1, 6);
    expect(apart.input[1]).toBeCloseTo(-0.5 * STEP.alpha * 0.1, 6);
    expect(apart.output[0]).toBeCloseTo(-together.output[0]!, 6);
  });

  it('changes every row of the plan', async () => {
    const plan = new Planner().plan(shape(2_000, coupled));
    const start = rowsFor(plan, 10, 0.3);
    const rows = copy(start);
    await (await CpuEngine.create({ kernel })).train(plan, rows, STEP);
    for (let begin = 0; begin < rows.input.length; begin += 10) {
      expect(rows.input.subarray(begin, begin + 10)).not.toEqual(start.input.subarray(begin, begin + 10));
    }
  });

  it.each([1, 5, 6, 7, 769])('trains %i pairs', async (pairs) => {
    const plan = new Planner().plan(shape(pairs, coupled));
    await expectReference(await CpuEngine.create({ kernel }), plan, rowsFor(plan, 12, 0.3));
  });

  it('trains a plan without negatives, and with as many as a group may share', async () => {
    for (const rate of [0, 1, 25, 64]) {
      const plan = new Planner().plan(shape(800, { kind: 'coupled', rate: rate * 65536 }));
      await expectReference(await CpuEngine.create({ kernel }), plan, rowsFor(plan, 20, 0.2));
    }
  });

  it('trains one row against one row', async () => {
    const plan = new Planner().plan(shape(100, coupled, 1));
    await expectReference(await CpuEngine.create({ kernel }), plan, rowsFor(plan, 8, 0.3));
  });

  it('leaves saturated right answers alone and pushes wrong ones by the whole step', async () => {
    const plan = new Planner().plan(shape(6, { kind: 'coupled', rate: 0 }));
    for (const [value, factor] of [
      [2, 1],
      [-2, 1],
    ] as const) {
      const rows: LeaseRows = {
        input: new Float32Array(plan.inputIds.length * 4).fill(value),
        output: new Float32Array(plan.outputIds.length * 4).fill(2),
        dim: 4,
      };
      const trained = await expectReference(await CpuEngine.create({ kernel }), plan, rows, {
        alpha: 0.01,
        damping: 0,
      });
      if (value === 2) expect(trained).toEqual(rows);
      else expect(trained.input[0]).toBeGreaterThan(value * factor);
    }
  });

  it('trains rows that saturate everywhere', async () => {
    const plan = new Planner().plan(shape(3_000, coupled));
    await expectReference(await CpuEngine.create({ kernel }), plan, rowsFor(plan, 100, 5));
  });

  it('leaves a zero matrix at zero, at a loss of log 2 a dot product', async () => {
    const plan = new Planner().plan(shape(1_000, coupled));
    const rows = rowsFor(plan, 9, 0);
    const loss = await (await CpuEngine.create({ kernel })).train(plan, rows, STEP);
    expect(rows.input.every((value) => value === 0)).toBe(true);
    expect(rows.output.every((value) => value === 0)).toBe(true);
    expect(loss.positive / plan.positiveDots).toBeCloseTo(Math.LN2, 6);
    expect(loss.negative / plan.negativeDots).toBeCloseTo(Math.LN2, 6);
  });

  it('gives the same bits on every machine', async () => {
    const plan = new Planner().plan(shape(3_000, decoupled));
    const rows = rowsFor(plan, 37, 0.3);
    await (await CpuEngine.create({ kernel })).train(plan, rows, STEP);
    expect(fingerprint(rows)).toBe(GOLDEN[kernel]);
  });

  it('refuses rows that are not the plan’s', async () => {
    const plan = new Planner().plan(shape(100, coupled));
    const rows = rowsFor(plan, 8, 0.3);
    const engine = await CpuEngine.create({ kernel });
    await expect(engine.train(plan, { ...rows, dim: 7 }, STEP)).rejects.toMatchObject({
      code: 'LEASE_ROWS',
    });
    await expect(engine.train(plan, { ...rows, dim: 0 }, STEP)).rejects.toMatchObject({
      code: 'LEASE_ROWS',
    });
    const greedy = new Planner().plan(shape(100, { kind: 'coupled', rate: 65 * 65536 }));
    await expect(engine.train(greedy, rowsFor(greedy, 8, 0.3), STEP)).rejects.toMatchObject({
      code: 'LEASE_ROWS',
    });
  });

  it('forgets a lease whose rows were not finite', async () => {
    const plan = new Planner().plan(shape(700, decoupled));
    const start = rowsFor(plan, 16, 0.3);
    const engine = await CpuEngine.create({ kernel });
    const broken = copy(start);
    broken.input.fill(Number.NaN);
    broken.output.fill(Number.POSITIVE_INFINITY);
    await engine.train(plan, broken, STEP);
    await expectReference(engine, plan, start);
  });

  it('trains again after its buffers were let go', async () => {
    const plan = new Planner().plan(shape(900, coupled));
    const engine = await CpuEngine.create({ kernel });
    await expectReference(engine, plan, rowsFor(plan, 16, 0.3));
    engine.dispose();
    await expectReference(engine, plan, rowsFor(plan, 16, 0.3));
  });

  it('repeats to the bit, in a new engine and in one that trained other shapes before', async () => {
    const plan = new Planner().plan(shape(5_000, coupled));
    const start = rowsFor(plan, 50, 0.2);
    const used = await CpuEngine.create({ kernel });
    const results: { rows: LeaseRows; loss: LeaseLoss }[] = [];
    for (const engine of [await CpuEngine.create({ kernel }), used, used]) {
      const rows = copy(start);
      const loss = await engine.train(plan, rows, STEP);
      results.push({ rows, loss });
      const other = new Planner().plan(shape(900, decoupled));
      await engine.train(other, rowsFor(other, 33, 0.2), STEP);
    }
    expect(results[1]).toEqual(results[0]);
    expect(results[2]).toEqual(results[0]);
  });
});
