// The WGSL engine: trains a plan on the GPU in fixed-point minibatches, bit-equal from one run to the next.
import flushSource from '../../shaders/flush.wgsl?raw';
import { MOST_SLICES, MOST_WORKGROUPS, NEGATIVE_STEPS } from '../../shaders/layout.ts';
import type { Engine, LeaseLoss, LeaseRows, StepSize } from '../../word2vec/engine.ts';
import type { Plan } from '../../word2vec/plan.ts';
import { GpuBuffers } from './gpu-buffers.ts';
import { GpuDevice } from './gpu-device.ts';
import { GpuError } from './gpu-error.ts';
import type { GroupStep } from './gpu-group-step.ts';
import { chooseGroupStep } from './gpu-group-step.ts';
import type { Kernel } from './gpu-kernel.ts';
import { loadKernel } from './gpu-kernel.ts';
import type { GpuLease } from './gpu-lease.ts';
import { bindLease, readLease, uploadLease } from './gpu-lease.ts';
import { Pace } from './gpu-pace.ts';
import type { Slice } from './gpu-slices.ts';
import { SliceCursor, SliceWriter } from './gpu-slices.ts';
import type { Pacing } from './pacer.ts';

interface WebGpuOptions {
  /** Told once when the device goes away by itself; not after `dispose`. The engine is of no use from then on. */
  readonly onLost?: (reason: string) => void;
  /** The kernel that steps groups; by default what suits the adapter. */
  readonly groupStep?: GroupStep;
  /** Invocations per workgroup, a power of two up to 256; by default what suits kernel and adapter. */
  readonly lanes?: number;
  /** Told after each lease how long its dispatches took together, in ms, transfers left out. */
  readonly onComputed?: (ms: number) => void;
  /** Told of every submit, and waited for before the next; by default there are no rests. */
  readonly pacing?: Pacing;
  /** Told after each submit which share of the lease is done. */
  readonly onProgress?: (done: number) => void;
}

const NO_RESTS: Pacing = { rests: false, worked: () => null };

export class WebGpuEngine implements Engine {
  readonly kind = 'webgpu';
  readonly device: string;
  readonly #gpu: GpuDevice;
  readonly #buffers: GpuBuffers;
  readonly #groupStep: GroupStep;
  readonly #lanes: number;
  readonly #flush: Kernel;
  readonly #onComputed: (ms: number) => void;
  /** By their constants, compiled when first needed. */
  readonly #kernels = new Map<string, Kernel>();
  readonly #pace = new Pace();
  readonly #pacing: Pacing;
  readonly #onProgress: (done: number) => void;
  #busy = false;

  private constructor(gpu: GpuDevice, groupStep: GroupStep, lanes: number, flush: Kernel, options: WebGpuOptions) {
    this.device = gpu.name;
    this.#gpu = gpu;
    this.#buffers = new GpuBuffers(gpu.device);
    this.#groupStep = groupStep;
    this.#lanes = lanes;
    this.#flush = flush;
    this.#onComputed = options.onComputed ?? (() => {});
    this.#pacing = options.pacing ?? NO_RESTS;
    this.#onProgress = options.onProgress ?? (() => {});
  }

  /**
   * Takes an adapter and compiles the kernels; works in a page and in a dedicated worker.
   * @throws GpuError WEBGPU_MISSING, NO_ADAPTER, or DEVICE_LOST and GPU_FAULT while compiling
   */
  static async create(options: WebGpuOptions = {}): Promise<WebGpuEngine> {
    const gpu = await GpuDevice.request(options.onLost ?? (() => {}));
    const groupStep = options.groupStep ?? chooseGroupStep(gpu.software);
    const lanes = options.lanes ?? groupStep.lanes(gpu.software);
    const flush = loadKernel(
      gpu.device,
      flushSource,
      'flush',
      { LANES: lanes },
      {
        read: ['plan'],
        write: ['inputRows', 'outputRows', 'inputSteps', 'outputSteps', 'extents'],
      },
    );
    await gpu.settle(flush);
    return new WebGpuEngine(gpu, groupStep, lanes, await flush, options);
  }

  /**
   * @throws GpuError DEVICE_LOST (make a new engine), LEASE_TOO_LARGE, SATURATED, ENGINE_BUSY or GPU_FAULT; `rows`
   * are then as they were.
   */
  async train(plan: Plan, rows: LeaseRows, step: StepSize): Promise<LeaseLoss> {
    if (this.#busy) throw new GpuError('ENGINE_BUSY', 'this engine trains one lease at a time');
    if (plan.minibatches === 0) return { positive: 0, negative: 0 };
    this.#busy = true;
    try {
      const kernel = await this.#kernelFor(Math.ceil(rows.dim / 4), mostNegatives(plan));
      const lease = uploadLease(this.#gpu.device.queue, this.#buffers, plan, rows, step);
      await this.#run(plan, lease, step, kernel);
      return await readLease(this.#gpu, this.#buffers, plan, rows, lease);
    } finally {
      this.#busy = false;
    }
  }

  dispose(): void {
    this.#gpu.close();
  }

  /** The kernel for rows of so many columns and groups of so many negatives. */
  async #kernelFor(columns: number, negatives: number): Promise<Kernel> {
    const step = NEGATIVE_STEPS.find((most) => most >= negatives);
    if (step === undefined) {
      throw new GpuError(
        'LEASE_TOO_LARGE',
        `a group has ${negatives} negatives, the kernel holds ${NEGATIVE_STEPS.at(-1)}`,
      );
    }
    const { source, subgroups } = this.#groupStep;
    const constants = { LANES: this.#lanes, ...this.#groupStep.constants(columns, step) };
    const key = JSON.stringify(constants);
    const ready = this.#kernels.get(key);
    if (ready !== undefined) return ready;
    const storage = {
      read: ['inputRows', 'outputRows', 'plan', 'extents'],
      write: ['inputSteps', 'outputSteps', 'losses'],
    } as const;
    const loading = loadKernel(this.#gpu.device, source, 'groupStep', constants, storage, subgroups);
    await this.#gpu.settle(loading);
    const kernel = await loading;
    this.#kernels.set(key, kernel);
    return kernel;
  }

  /**
   * Submits the dispatches in order, two submits in flight at most, each as long as the pace says; where the duty cycle
   * has rests, one submit and then its rest.
   */
  async #run(plan: Plan, lease: GpuLease, step: StepSize, groupStep: Kernel): Promise<void> {
    const { queue } = this.#gpu.device;
    const stepGroup = bindLease(this.#gpu.device, groupStep, lease);
    const flushGroup = bindLease(this.#gpu.device, this.#flush, lease);
    const cursor = new SliceCursor(plan, lease.columns);
    const writer = new SliceWriter(plan, step.alpha, MOST_SLICES);
    const begun = performance.now();
    let finished = 0;
    let rest: Promise<void> | null = null;
    let pending: Promise<void> = Promise.resolve();
    for (let first = true; !cursor.done; first = false) {
      const { quota } = this.#pace;
      const encoder = this.#gpu.device.createCommandEncoder();
      if (first) {
        encoder.clearBuffer(lease.buffers.inputSteps);
        encoder.clearBuffer(lease.buffers.outputSteps);
      }
      const pass = encoder.beginComputePass();
      let work = 0;
      let count = 0;
      for (;;) {
        const slice = count < MOST_SLICES ? cursor.next(quota - work, count === 0) : null;
        if (slice === null) break;
        const offset = [writer.write(count++, slice)];
        if (slice.kernel === 'step') {
          pass.setPipeline(groupStep.pipeline);
          pass.setBindGroup(0, stepGroup, offset);
          pass.dispatchWorkgroups(this.#groupStep.workgroups(slice.count, this.#lanes));
        } else {
          pass.setPipeline(this.#flush.pipeline);
          pass.setBindGroup(0, flushGroup, offset);
          pass.dispatchWorkgroups(this.#flushWorkgroups(slice, lease.columns));
        }
        work += slice.work;
      }
      pass.end();
      // Writes and submits take effect in the order they are made.
      queue.writeBuffer(lease.buffers.slice, 0, writer.bytes(count));
      queue.submit([encoder.finish()]);
      const submitted = performance.now();
      const { share } = cursor;
      const done = queue.onSubmittedWorkDone().then(() => {
        const now = performance.now();
        const from = Math.max(submitted, finished);
        this.#pace.observe(work, now - from);
        this.#onProgress(share);
        rest = this.#pacing.worked(from, now);
        finished = now;
      });
      await this.#gpu.settle(pending);
      pending = done;
      if (!this.#pacing.rests) continue;
      await this.#gpu.settle(done);
      if (rest !== null) await rest;
    }
    await this.#gpu.settle(pending);
    this.#onComputed(finished - begun);
  }

  #flushWorkgroups(slice: Slice, columns: number): number {
    return Math.min(MOST_WORKGROUPS, Math.ceil((slice.count * columns) / this.#lanes));
  }
}

function mostNegatives(plan: Plan): number {
  let most = 0;
  for (let group = 0; group < plan.groups; group++) {
    most = Math.max(most, plan.negativeStart[group + 1]! - plan.negativeStart[group]!);
  }
  return most;
}
