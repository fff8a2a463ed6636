// The WGSL engine in a real browser: the common suite, saturation, and the loss of its device.
import { afterEach, describe, expect, it, vi } from 'vitest';
import { DIRECT, SUBGROUP, TILED } from '../../client/worker/gpu-group-step.ts';
import { WebGpuEngine } from '../../client/worker/webgpu-engine.ts';
import { Planner } from '../../word2vec/planner.ts';
import { engineSuite, smallLease, trained } from './engine-suite.ts';
import { copyRows, leaseRows, leaseShape } from './lease.ts';

// The software adapter takes few lanes by itself; real GPUs take 64.
for (const [groupStep, lanes] of [
  [DIRECT, 8],
  [DIRECT, 64],
  [TILED, 64],
  [SUBGROUP, 64],
] as const) {
  const create = (): Promise<WebGpuEngine> => WebGpuEngine.create({ groupStep, lanes });
  engineSuite(`WebGpuEngine, ${groupStep.name}, ${lanes} lanes`, create, { row: 1e-3, loss: 1e-5 });
}

describe('a dedicated worker', () => {
  it('trains to the same bits as the page', async () => {
    const { plan, rows } = smallLease();
    const engine = await WebGpuEngine.create();
    const expected = await trained(engine, plan, rows);
    engine.dispose();
    const worker = new Worker(new URL('./engine.worker.ts', import.meta.url), { type: 'module' });
    const answer = new Promise((resolve, reject) => {
      worker.onmessage = (event) => resolve(event.data);
      worker.onerror = (event) => reject(new Error(event.message));
    });
    worker.postMessage({ plan, rows });
    expect(await answer).toEqual(expected);
    worker.terminate();
  });
});

describe('saturation', () => {
  const { plan, rows } = smallLease();

  it.each([1e20, Infinity, NaN])('refuses rows that hold %s', async (value) => {
    const engine = await WebGpuEngine.create();
    const bad = { ...rows, input: rows.input.slice() };
    bad.input[7] = value;
    const before = bad.output.slice();
    await expect(engine.train(plan, bad, { alpha: 0.06, damping: 0.25 })).rejects.toThrow(/^SATURATED/);
    expect(bad.output).toEqual(before);
    await expect(trained(engine, plan, rows)).resolves.toBeDefined();
    engine.dispose();
  });

  it.each([1e9, 1e20])('refuses a run that diverges at a step of %s', async (alpha) => {
    const engine = await WebGpuEngine.create();
    const own = copyRows(rows);
    await expect(engine.train(plan, own, { alpha, damping: 0 })).rejects.toThrow(/^SATURATED.*while training/);
    expect(own).toEqual(rows);
    engine.dispose();
  });
});

describe('a lost device', () => {
  afterEach(() => vi.restoreAllMocks());

  it('fails the lease in mid-work with DEVICE_LOST, and a new engine trains it right', async () => {
    const devices: GPUDevice[] = [];
    const request = GPUAdapter.prototype.requestDevice;
    vi.spyOn(GPUAdapter.prototype, 'requestDevice').mockImplementation(async function (this: GPUAdapter, descriptor) {
      const device = await request.call(this, descriptor);
      devices.push(device);
      return device;
    });
    const { plan, rows } = smallLease();
    const healthy = await WebGpuEngine.create();
    const expected = await trained(healthy, plan, rows);
    healthy.dispose();

    const reasons: string[] = [];
    const doomed = await WebGpuEngine.create({ onLost: (reason) => reasons.push(reason) });
    const long = new Planner().plan(
      leaseShape({ pairs: 100_000, part: 500, minibatch: 192, rate: 5, rule: 'coupled' }),
    );
    const training = doomed.train(long, leaseRows(long, 100, 2), { alpha: 0.06, damping: 0.25 });
    setTimeout(() => devices.at(-1)!.destroy(), 100);
    await expect(training).rejects.toThrow(/^DEVICE_LOST/);
    expect(reasons).toHaveLength(1);
    await expect(trained(doomed, plan, rows)).rejects.toThrow(/^DEVICE_LOST/);

    const fresh = await WebGpuEngine.create();
    expect(await trained(fresh, plan, rows)).toEqual(expected);
    fresh.dispose();
  });

  it('is not reported when the engine was disposed of', async () => {
    const reasons: string[] = [];
    const engine = await WebGpuEngine.create({ onLost: (reason) => reasons.push(reason) });
    engine.dispose();
    const { plan, rows } = smallLease();
    await expect(trained(engine, plan, rows)).rejects.toThrow(/^DEVICE_LOST/);
    expect(reasons).toEqual([]);
  });
});

describe('a refused operation', () => {
  afterEach(() => vi.restoreAllMocks());

  it('fails the lease with GPU_FAULT and leaves the rows alone', async () => {
    const create = GPUDevice.prototype.createBuffer;
    // As a driver does that is out of memory: an invalid buffer, and the error reported later.
    vi.spyOn(GPUDevice.prototype, 'createBuffer').mockImplementation(function (this: GPUDevice, descriptor) {
      const refused = descriptor.label === 'outputRows';
      return create.call(this, refused ? { ...descriptor, size: 2 ** 50 } : descriptor);
    });
    const engine = await WebGpuEngine.create();
    const { plan, rows } = smallLease();
    const own = copyRows(rows);
    await expect(engine.train(plan, own, { alpha: 0.06, damping: 0.25 })).rejects.toThrow(/^GPU_FAULT/);
    expect(own).toEqual(rows);
    engine.dispose();
  });
});

describe('without WebGPU', () => {
  afterEach(() => vi.restoreAllMocks());

  it.each([
    [undefined, /^WEBGPU_MISSING/],
    [{ requestAdapter: () => Promise.resolve(null) }, /^NO_ADAPTER/],
  ])('says what is missing', async (gpu, message) => {
    vi.spyOn(navigator, 'gpu', 'get').mockReturnValue(gpu as unknown as GPU);
    await expect(WebGpuEngine.create()).rejects.toThrow(message);
  });
});

describe('limits', () => {
  it('refuses a lease that no default binding holds', async () => {
    const engine = await WebGpuEngine.create();
    const plan = new Planner().plan(
      leaseShape({ pairs: 40_000, part: 40_000, minibatch: 768, rate: 1, rule: 'coupled', skew: 0 }),
    );
    const dim = 4096;
    const rows = { input: new Float32Array(plan.inputIds.length * dim), output: new Float32Array(dim), dim };
    await expect(engine.train(plan, rows, { alpha: 0.06, damping: 0.25 })).rejects.toThrow(
      /^LEASE_TOO_LARGE: inputRows/,
    );
    engine.dispose();
  });

  it('trains one lease at a time', async () => {
    const engine = await WebGpuEngine.create();
    const { plan, rows } = smallLease();
    const first = trained(engine, plan, rows);
    await expect(trained(engine, plan, rows)).rejects.toThrow(/^ENGINE_BUSY/);
    await first;
    engine.dispose();
  });
});
