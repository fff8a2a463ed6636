// The WGSL engine: trains a plan on the GPU in fixed-point minibatches, bit-equal from one run to the next.
import flushSource from '../../shaders/flush.wgsl?raw';
import groupStepSource from '../../shaders/group-step.wgsl?raw';
import { BATCH_STRIDE, LANES, MOST_WORKGROUPS, NEGATIVE_STEPS } from '../../shaders/layout.ts';
import type { Engine, LeaseLoss, LeaseRows, StepSize } from '../../word2vec/engine.ts';
import type { Plan } from '../../word2vec/plan.ts';
import { GpuBuffers } from './gpu-buffers.ts';
import { GpuDevice } from './gpu-device.ts';
import { GpuError } from './gpu-error.ts';
import type { GpuLease } from './gpu-lease.ts';
import { bindLease, readLease, uploadLease } from './gpu-lease.ts';
import type { Kernel } from './gpu-kernel.ts';
import { loadKernel } from './gpu-kernel.ts';
import { Pace } from './gpu-pace.ts';

interface WebGpuOptions {
  /** Told once when the device goes away by itself; not after `dispose`. The engine is of no use from then on. */
  readonly onLost?: (reason: string) => void;
  /** Invocations per workgroup, a power of two up to 256; by default what suits the adapter. */
  readonly lanes?: number;
}

export class WebGpuEngine implements Engine {
  readonly kind = 'webgpu';
  readonly device: string;
  readonly #gpu: GpuDevice;
  readonly #buffers: GpuBuffers;
  readonly #lanes: number;
  readonly #flush: Kernel;
  /** One per NEGATIVE_STEPS, compiled when first needed. */
  readonly #groupSteps = new Map<number, Kernel>();
  readonly #pace = new Pace();
  #busy = false;

  private constructor(gpu: GpuDevice, lanes: number, flush: Kernel) {
    this.device = gpu.name;
    this.#gpu = gpu;
    this.#buffers = new GpuBuffers(gpu.device);
    this.#lanes = lanes;
    this.#flush = flush;
  }

  /**
   * Takes an adapter and compiles the kernels; works in a page and in a dedicated worker.
   * @throws GpuError WEBGPU_MISSING, NO_ADAPTER, or DEVICE_LOST and GPU_FAULT while compiling
   */
  static async create(options: WebGpuOptions = {}): Promise<WebGpuEngine> {
    const gpu = await GpuDevice.request(options.onLost ?? (() => {}));
    const lanes = options.lanes ?? (gpu.software ? LANES.software : LANES.hardware);
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
    const engine = new WebGpuEngine(gpu, lanes, await flush);
    await engine.#groupStepFor(NEGATIVE_STEPS[0]);
    return engine;
  }

  /**
   * @throws GpuError DEVICE_LOST (make a new engine), LEASE_TOO_LARGE, SATURATED, ENGINE_BUSY or GPU_FAULT; `rows`
   * are then as they were.
   */
  async train(plan: Plan, rows: LeaseRows, step: StepSize): Promise<LeaseLoss> {
    if (this.#busy) throw new GpuError('ENGINE_BUSY', 'this engine trains one lease at a time');
    if (plan.minibatches === 0) return { positive: 0, negative: 0 };
    checkPlan(plan);
    this.#busy = true;
    try {
      const groupStep = await this.#groupStepFor(mostNegatives(plan));
      const lease = uploadLease(this.#gpu.device.queue, this.#buffers, plan, rows, step);
      await this.#run(plan, lease, groupStep);
      return await readLease(this.#gpu, this.#buffers, plan, rows, lease);
    } finally {
      this.#busy = false;
    }
  }

  dispose(): void {
    this.#gpu.close();
  }

  /** The kernel for groups of so many negatives. */
  async #groupStepFor(negatives: number): Promise<Kernel> {
    const step = NEGATIVE_STEPS.find((most) => most >= negatives);
    if (step === undefined) {
      throw new GpuError(
        'LEASE_TOO_LARGE',
        `a group has ${negatives} negatives, the kernel holds ${NEGATIVE_STEPS.at(-1)}`,
      );
    }
    const ready = this.#groupSteps.get(step);
    if (ready !== undefined) return ready;
    const constants = { LANES: this.#lanes, NEGATIVES: step };
    const loading = loadKernel(this.#gpu.device, groupStepSource, 'groupStep', constants, {
      read: ['inputRows', 'outputRows', 'plan', 'extents'],
      write: ['inputSteps', 'outputSteps', 'losses'],
    });
    await this.#gpu.settle(loading);
    const kernel = await loading;
    this.#groupSteps.set(step, kernel);
    return kernel;
  }

  /** Submits the minibatches in order, two submits in flight at most, each as long as the pace says. */
  async #run(plan: Plan, lease: GpuLease, groupStep: Kernel): Promise<void> {
    const { queue } = this.#gpu.device;
    const step = bindLease(this.#gpu.device, groupStep, lease);
    const flush = bindLease(this.#gpu.device, this.#flush, lease);
    let finished = 0;
    let pending: Promise<void> = Promise.resolve();
    for (let batch = 0; batch < plan.minibatches;) {
      const { quota } = this.#pace;
      const encoder = this.#gpu.device.createCommandEncoder();
      if (batch === 0) {
        encoder.clearBuffer(lease.buffers.inputSteps);
        encoder.clearBuffer(lease.buffers.outputSteps);
      }
      const pass = encoder.beginComputePass();
      let work = 0;
      do {
        const offset = [batch * BATCH_STRIDE];
        pass.setPipeline(groupStep.pipeline);
        pass.setBindGroup(0, step, offset);
        pass.dispatchWorkgroups(plan.batchStart[batch + 1]! - plan.batchStart[batch]!);
        pass.setPipeline(this.#flush.pipeline);
        pass.setBindGroup(0, flush, offset);
        pass.dispatchWorkgroups(
          Math.min(MOST_WORKGROUPS, Math.ceil(flushColumns(plan, batch, lease.columns) / this.#lanes)),
        );
        work += dots(plan, batch) * lease.columns;
        batch++;
      } while (batch < plan.minibatches && work + dots(plan, batch) * lease.columns <= quota);
      pass.end();
      queue.submit([encoder.finish()]);
      const submitted = performance.now();
      const done = queue.onSubmittedWorkDone().then(() => {
        const now = performance.now();
        this.#pace.observe(work, now - Math.max(submitted, finished));
        finished = now;
      });
      await this.#gpu.settle(pending);
      pending = done;
    }
    await this.#gpu.settle(pending);
  }
}

/** Invocations that the flush of a minibatch has work for. */
function flushColumns(plan: Plan, batch: number, columns: number): number {
  const { inputFlush, outputFlush } = plan;
  const inputs = inputFlush.start[batch + 1]! - inputFlush.start[batch]!;
  const outputs = outputFlush.start[batch + 1]! - outputFlush.start[batch]!;
  return (inputs + outputs) * columns;
}

/** Dot products of a minibatch, empty slots included, up to the factor GROUP: proportional to its time. */
function dots(plan: Plan, batch: number): number {
  const first = plan.batchStart[batch]!;
  const end = plan.batchStart[batch + 1]!;
  return end - first + plan.negativeStart[end]! - plan.negativeStart[first]!;
}

function mostNegatives(plan: Plan): number {
  let most = 0;
  for (let group = 0; group < plan.groups; group++) {
    most = Math.max(most, plan.negativeStart[group + 1]! - plan.negativeStart[group]!);
  }
  return most;
}

/** @throws GpuError LEASE_TOO_LARGE when a minibatch does not fit a dispatch */
function checkPlan(plan: Plan): void {
  for (let batch = 0; batch < plan.minibatches; batch++) {
    const groups = plan.batchStart[batch + 1]! - plan.batchStart[batch]!;
    if (groups > MOST_WORKGROUPS) {
      throw new GpuError('LEASE_TOO_LARGE', `a minibatch has ${groups} groups, a dispatch holds ${MOST_WORKGROUPS}`);
    }
  }
}
