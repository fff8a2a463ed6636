// The WGSL engine: trains a plan on the GPU in fixed-point minibatches, bit-equal from one run to the next.
import flushSource from '../../shaders/flush.wgsl?raw';
import groupStepSource from '../../shaders/group-step.wgsl?raw';
import { BATCH_STRIDE, MAX_NEGATIVES, MOST_WORKGROUPS } from '../../shaders/layout.ts';
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

export interface WebGpuOptions {
  /** Told once when the device goes away by itself; not after `dispose`. The engine is of no use from then on. */
  readonly onLost?: (reason: string) => void;
}

/** Invocations of a workgroup of both kernels. */
const LANES = 64;

export class WebGpuEngine implements Engine {
  readonly kind = 'webgpu';
  readonly device: string;
  readonly #gpu: GpuDevice;
  readonly #buffers: GpuBuffers;
  readonly #groupStep: Kernel;
  readonly #flush: Kernel;
  readonly #pace = new Pace();
  #busy = false;

  private constructor(gpu: GpuDevice, groupStep: Kernel, flush: Kernel) {
    this.device = gpu.name;
    this.#gpu = gpu;
    this.#buffers = new GpuBuffers(gpu.device);
    this.#groupStep = groupStep;
    this.#flush = flush;
  }

  /**
   * Takes an adapter and compiles the kernels; works in a page and in a dedicated worker.
   * @throws GpuError WEBGPU_MISSING, NO_ADAPTER, or DEVICE_LOST and GPU_FAULT while compiling
   */
  static async create(options: WebGpuOptions = {}): Promise<WebGpuEngine> {
    const gpu = await GpuDevice.request(options.onLost ?? (() => {}));
    const rows = ['inputRows', 'outputRows'] as const;
    const steps = ['inputSteps', 'outputSteps'] as const;
    const kernels = Promise.all([
      loadKernel(gpu.device, groupStepSource, 'groupStep', LANES, {
        read: [...rows, 'plan', 'extents'],
        write: [...steps, 'losses'],
      }),
      loadKernel(gpu.device, flushSource, 'flush', LANES, { read: ['plan'], write: [...rows, ...steps, 'extents'] }),
    ]);
    await gpu.settle(kernels);
    return new WebGpuEngine(gpu, ...(await kernels));
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
      const lease = uploadLease(this.#gpu.device.queue, this.#buffers, plan, rows, step);
      await this.#run(plan, lease);
      return await readLease(this.#gpu, this.#buffers, plan, rows, lease);
    } finally {
      this.#busy = false;
    }
  }

  dispose(): void {
    this.#gpu.close();
  }

  /** Submits the minibatches in order, two submits in flight at most, each as long as the pace says. */
  async #run(plan: Plan, lease: GpuLease): Promise<void> {
    const { queue } = this.#gpu.device;
    const step = bindLease(this.#gpu.device, this.#groupStep, lease);
    const flush = bindLease(this.#gpu.device, this.#flush, lease);
    let finished = 0;
    let pending: Promise<void> = Promise.resolve();
    for (let batch = 0; batch < plan.minibatches; ) {
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
        pass.setPipeline(this.#groupStep.pipeline);
        pass.setBindGroup(0, step, offset);
        pass.dispatchWorkgroups(plan.batchStart[batch + 1]! - plan.batchStart[batch]!);
        pass.setPipeline(this.#flush.pipeline);
        pass.setBindGroup(0, flush, offset);
        pass.dispatchWorkgroups(Math.min(MOST_WORKGROUPS, Math.ceil(flushColumns(plan, batch, lease.columns) / LANES)));
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

/** @throws GpuError LEASE_TOO_LARGE when the kernels cannot hold a group or a minibatch */
function checkPlan(plan: Plan): void {
  for (let group = 0; group < plan.groups; group++) {
    const negatives = plan.negativeStart[group + 1]! - plan.negativeStart[group]!;
    if (negatives > MAX_NEGATIVES) {
      throw new GpuError('LEASE_TOO_LARGE', `a group has ${negatives} negatives, the kernel holds ${MAX_NEGATIVES}`);
    }
  }
  for (let batch = 0; batch < plan.minibatches; batch++) {
    const groups = plan.batchStart[batch + 1]! - plan.batchStart[batch]!;
    if (groups > MOST_WORKGROUPS) {
      throw new GpuError('LEASE_TOO_LARGE', `a minibatch has ${groups} groups, a dispatch holds ${MOST_WORKGROUPS}`);
    }
  }
}
