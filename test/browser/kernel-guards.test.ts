// What every kernel must never do: leave its rows or buffers, wrap a sum, dispatch for long, or drift from the
// reference over a whole chunk.
import { afterEach, describe, expect, it, vi } from 'vitest';
import { DIRECT, type GroupStep, SUBGROUP, TILED } from '../../client/worker/gpu-group-step.ts';
import { WebGpuEngine } from '../../client/worker/webgpu-engine.ts';
import { BatchedReference } from '../../word2vec/batched-reference.ts';
import type { LeaseRows, StepSize } from '../../word2vec/engine.ts';
import { ABSENT, LABEL_ZERO, type Plan } from '../../word2vec/plan.ts';
import { Planner } from '../../word2vec/planner.ts';
import { hashAt } from '../../word2vec/random.ts';
import { rowError } from './engine-suite.ts';
import { copyRows, type LeaseKind, leaseRows, leaseShape } from './lease.ts';

const STEP: StepSize = { alpha: 0.06, damping: 0.25 };
const KERNELS = [DIRECT, TILED, SUBGROUP].map((groupStep): [string, GroupStep] => [groupStep.name, groupStep]);

afterEach(() => vi.restoreAllMocks());

/** Errors of both matrices against the reference, as the engine suite measures them. */
async function errors(before: LeaseRows, actual: LeaseRows, plan: Plan, step: StepSize): Promise<[number, number]> {
  const expected = copyRows(before);
  await new BatchedReference().train(plan, expected, step);
  return [
    rowError(before.input, expected.input, actual.input, before.dim),
    rowError(before.output, expected.output, actual.output, before.dim),
  ];
}

describe.each(KERNELS)('a chunk of 100,000 pairs, %s', (_, groupStep) => {
  it('ends within a thousandth of the reference in every row, with the same bits when repeated', async () => {
    const kind = { pairs: 100_000, part: 4000, minibatch: 768, rate: 5, rule: 'coupled' } as const;
    const plan = new Planner().plan({ ...leaseShape(kind), chunkPairs: 768 * 131 });
    const before = leaseRows(plan, 100, 2);
    const engine = await WebGpuEngine.create({ groupStep });
    const actual = copyRows(before);
    const loss = await engine.train(plan, actual, STEP);
    const again = copyRows(before);
    expect(await engine.train(plan, again, STEP)).toEqual(loss);
    engine.dispose();
    expect(again).toEqual(actual);
    const [input, output] = await errors(before, actual, plan, STEP);
    expect(input).toBeLessThanOrEqual(1e-3);
    expect(output).toBeLessThanOrEqual(1e-3);
  }, 120_000);
});

const GUARDS = 2;

/** The same plan with GUARDS rows before and after those of each matrix. */
function guarded(plan: Plan): Plan {
  const shift = (row: number): number => (row === ABSENT ? row : row + GUARDS);
  const ids = (own: Uint32Array): Uint32Array => Uint32Array.from({ length: own.length + 2 * GUARDS }, (_, at) => at);
  return {
    ...plan,
    inputIds: ids(plan.inputIds),
    outputIds: ids(plan.outputIds),
    groupInputs: plan.groupInputs.map(shift),
    groupOutputs: plan.groupOutputs.map(shift),
    negatives: plan.negatives.map(shift),
    inputFlush: { ...plan.inputFlush, rows: plan.inputFlush.rows.map(shift) },
    outputFlush: { ...plan.outputFlush, rows: plan.outputFlush.rows.map(shift) },
  };
}

const DIMS = [4, 5, 7, 8, 12, 33, 63, 100, 127, 300, 301, 511, 897, 1021, 1023, 1024];

/** A legal lease from a seed. */
function randomKind(seed: number): LeaseKind & { dim: number } {
  const pick = (purpose: number, count: number): number => hashAt(seed, purpose) % count;
  const labelled = pick(0, 4) === 0;
  const decoupled = !labelled && pick(1, 3) === 0;
  const dim = DIMS[pick(2, DIMS.length)]!;
  return {
    seed,
    labelled,
    dim,
    pairs: 1 + pick(3, dim > 256 ? 60 : 400),
    part: 1 + pick(4, 40),
    minibatch: 6 * (1 + pick(5, 40)),
    rule: decoupled ? 'decoupled' : 'coupled',
    rate: labelled ? 0 : pick(6, decoupled ? 3 : 26) + pick(7, 100) / 100,
  };
}

/** Remembers the engine's buffers by name and lets them be read. */
function watchBuffers(): Map<string, GPUBuffer> {
  const buffers = new Map<string, GPUBuffer>();
  const create = GPUDevice.prototype.createBuffer;
  vi.spyOn(GPUDevice.prototype, 'createBuffer').mockImplementation(function (this: GPUDevice, descriptor) {
    const storage = (descriptor.usage & GPUBufferUsage.STORAGE) !== 0;
    const usage = descriptor.usage | (storage ? GPUBufferUsage.COPY_SRC : 0);
    const buffer = create.call(this, { ...descriptor, usage });
    buffers.set(descriptor.label ?? '', buffer);
    return buffer;
  });
  return buffers;
}

async function contents(device: GPUDevice, buffer: GPUBuffer): Promise<Uint32Array> {
  const usage = GPUBufferUsage.COPY_DST | GPUBufferUsage.MAP_READ;
  const staged = device.createBuffer({ label: 'test', size: buffer.size, usage });
  const encoder = device.createCommandEncoder();
  encoder.copyBufferToBuffer(buffer, 0, staged, 0, buffer.size);
  device.queue.submit([encoder.finish()]);
  await staged.mapAsync(GPUMapMode.READ);
  return new Uint32Array(staged.getMappedRange().slice(0));
}

describe.each(KERNELS)('random legal leases, %s', (_, groupStep) => {
  it.each([1, 2, 3, 4, 5, 6])('number %i touches its own rows alone', async (seed) => {
    const { dim, ...kind } = randomKind(seed * 17);
    const plan = guarded(new Planner().plan(leaseShape(kind)));
    const before = leaseRows(plan, dim, 2);
    const actual = copyRows(before);
    const engine = await WebGpuEngine.create({ groupStep, lanes: seed % 2 === 0 ? 8 : 64 });
    await engine.train(plan, actual, STEP);
    engine.dispose();
    const [input, output] = await errors(before, actual, plan, STEP);
    expect(input).toBeLessThanOrEqual(1e-3);
    expect(output).toBeLessThanOrEqual(1e-3);
    for (const side of ['input', 'output'] as const) {
      const end = actual[side].length;
      for (const [from, to] of [
        [0, GUARDS * dim],
        [end - GUARDS * dim, end],
      ] as const) {
        expect(actual[side].subarray(from, to)).toEqual(before[side].subarray(from, to));
      }
    }
  });

  it('leave what an earlier, larger lease left in the buffers, and no step behind', async () => {
    const devices: GPUDevice[] = [];
    const request = GPUAdapter.prototype.requestDevice;
    vi.spyOn(GPUAdapter.prototype, 'requestDevice').mockImplementation(async function (this: GPUAdapter, descriptor) {
      const device = await request.call(this, descriptor);
      devices.push(device);
      return device;
    });
    const buffers = watchBuffers();
    const engine = await WebGpuEngine.create({ groupStep });
    const text = { part: 200, minibatch: 96, rate: 5, rule: 'coupled' } as const;
    const large = new Planner().plan(leaseShape({ ...text, pairs: 900 }));
    await engine.train(large, leaseRows(large, 20, 2), STEP);
    const names = ['inputRows', 'outputRows', 'inputSteps', 'outputSteps', 'extents', 'losses'];
    const read = (): Promise<Uint32Array[]> =>
      Promise.all(names.map((name) => contents(devices.at(-1)!, buffers.get(name)!)));
    const before = await read();
    const plan = new Planner().plan(leaseShape({ ...text, pairs: 200, part: 30 }));
    await engine.train(plan, leaseRows(plan, 18, 2), STEP);
    const after = await read();
    engine.dispose();
    // Words of each buffer that are the lease's own; D = 18 takes 5 columns.
    const [inputs, outputs] = [plan.inputIds.length * 20, plan.outputIds.length * 20];
    const own = [inputs, outputs, inputs, outputs, (plan.minibatches + 1) * 2, plan.groups * 12];
    for (const [at, words] of own.entries()) {
      expect(after[at]!.length).toBeGreaterThan(words);
      expect(after[at]!.subarray(words), names[at]).toEqual(before[at]!.subarray(words));
    }
    expect(before[0]!.subarray(inputs).some((word) => word !== 0)).toBe(true);
    for (const steps of [after[2]!, after[3]!]) expect(steps.every((word) => word === 0)).toBe(true);
  });
});

describe.each(KERNELS)('the range of sums, %s', (_, groupStep) => {
  /** One input and one output row, met by every pair; components ±size, so that every dot product saturates. */
  function opposed(pairs: number, size: number): { plan: Plan; rows: LeaseRows } {
    const plan = new Planner().plan(leaseShape({ pairs, part: 1, minibatch: 6000, rate: 0, rule: 'coupled' }));
    return { plan, rows: { input: new Float32Array(5).fill(size), output: new Float32Array(5).fill(-size), dim: 5 } };
  }

  // Every addend has the same sign and the full size: the sum is n·α·E itself, the most that can be.
  it('holds steps of the largest size, however many', async () => {
    const engine = await WebGpuEngine.create({ groupStep });
    for (const pairs of [1, 2, 3, 255, 256, 257, 4095, 4097, 6000]) {
      for (const size of [1.1, 1.999999, 2, 1e3]) {
        const { plan, rows } = opposed(pairs, size);
        const alpha = 0.01;
        await engine.train(plan, rows, { alpha, damping: 0 });
        const expected = size - pairs * alpha * size;
        const tolerance = 1e-5 * size * (1 + pairs / 100);
        for (const value of rows.input) expect(Math.abs(value - expected)).toBeLessThan(tolerance);
        for (const value of rows.output) expect(Math.abs(value + expected)).toBeLessThan(tolerance);
      }
    }
    engine.dispose();
  });

  it('answers right or says SATURATED, from tiny to enormous rows and rates', async () => {
    const engine = await WebGpuEngine.create({ groupStep });
    let right = 0;
    let refused = 0;
    for (let seed = 1; seed <= 60; seed++) {
      const plan = new Planner().plan(
        leaseShape({ pairs: 60, part: 4, minibatch: 24, rate: 3, rule: 'coupled', seed }),
      );
      const scale = 2 ** ((hashAt(seed, 1) % 60) - 30);
      const step = { alpha: 2 ** ((hashAt(seed, 2) % 130) - 20), damping: 0 };
      const before = leaseRows(plan, 6, 2);
      for (const values of [before.input, before.output]) for (const at of values.keys()) values[at]! *= scale;
      const actual = copyRows(before);
      try {
        await engine.train(plan, actual, step);
        const worst = await errors(before, actual, plan, step);
        expect(Math.max(...worst), `seed ${seed}, rows × ${scale}, α = ${step.alpha}`).toBeLessThanOrEqual(1e-3);
        right++;
      } catch (error) {
        expect((error as Error).message).toMatch(/^SATURATED/);
        expect(actual).toEqual(before);
        refused++;
      }
    }
    engine.dispose();
    expect(right).toBeGreaterThan(5);
    expect(refused).toBeGreaterThan(5);
  });
});

/** What the slow adapter takes for a workgroup: of a step one group, of a flush a column a lane, of 8 lanes. */
const GROUP_MS = 12;
const FLUSH_MS = (8 * GROUP_MS) / (26 * 256);

describe.each(KERNELS)('an adapter of 12 ms a group, %s', (_, groupStep) => {
  it('never gets a dispatch or a submit of 100 ms, and the bits do not change', async () => {
    // D = 1,024 and 25 negatives: a minibatch of 40 groups would take half a second at once.
    const kind = { pairs: 240, part: 50, minibatch: 240, rate: 25, rule: 'coupled' } as const;
    const plan = new Planner().plan(leaseShape(kind));
    const before = leaseRows(plan, 1024, 2);
    const prompt = await WebGpuEngine.create({ groupStep, lanes: 8 });
    const expected = copyRows(before);
    await prompt.train(plan, expected, STEP);
    prompt.dispose();

    // Time is the adapter's: it passes as submits end, by what they hold.
    let now = 0;
    let held = 0;
    let kernel = '';
    const dispatches: number[] = [];
    const submits: number[] = [];
    vi.spyOn(performance, 'now').mockImplementation(() => now);
    const { dispatchWorkgroups: dispatch, setPipeline } = GPUComputePassEncoder.prototype;
    const { submit, onSubmittedWorkDone: done } = GPUQueue.prototype;
    vi.spyOn(GPUComputePassEncoder.prototype, 'dispatchWorkgroups').mockImplementation(function (
      this: GPUComputePassEncoder,
      workgroups,
    ) {
      const ms = workgroups * (kernel === 'flush' ? FLUSH_MS : GROUP_MS);
      dispatches.push(ms);
      held += ms;
      dispatch.call(this, workgroups);
    });
    vi.spyOn(GPUComputePassEncoder.prototype, 'setPipeline').mockImplementation(function (
      this: GPUComputePassEncoder,
      pipeline,
    ) {
      kernel = pipeline.label;
      setPipeline.call(this, pipeline);
    });
    vi.spyOn(GPUQueue.prototype, 'submit').mockImplementation(function (this: GPUQueue, commands) {
      if (held > 0) submits.push(held);
      held = 0;
      submit.call(this, commands);
    });
    vi.spyOn(GPUQueue.prototype, 'onSubmittedWorkDone').mockImplementation(async function (this: GPUQueue) {
      const ms = submits.at(-1)!;
      await done.call(this);
      now += ms;
    });
    const slow = await WebGpuEngine.create({ groupStep, lanes: 8 });
    const actual = copyRows(before);
    await slow.train(plan, actual, STEP);
    slow.dispose();
    expect(dispatches.length).toBeGreaterThan(40);
    expect(Math.max(...dispatches)).toBeLessThan(100);
    expect(Math.max(...submits)).toBeLessThan(100);
    expect(actual).toEqual(expected);
  }, 60_000);
});

describe('labels', () => {
  it('are told apart from rows: the fuzz has both kinds', () => {
    const plan = new Planner().plan(
      leaseShape({ pairs: 60, part: 9, minibatch: 24, rate: 0, rule: 'coupled', labelled: true }),
    );
    const labels = plan.groupOutputs.filter((target) => target !== ABSENT);
    expect(labels.some((target) => target >= LABEL_ZERO)).toBe(true);
    expect(labels.some((target) => target < LABEL_ZERO)).toBe(true);
  });
});
