// Moves a lease between typed arrays and GPU buffers, in the layout of shaders/layout.ts.
import {
  BINDING,
  GROUP,
  LARGEST,
  LARGEST_REACH,
  LEASE,
  MOST_SLICES,
  SLICE,
  SLICE_STRIDE,
} from '../../shaders/layout.ts';
import type { LeaseLoss, LeaseRows, StepSize } from '../../word2vec/engine.ts';
import type { Plan } from '../../word2vec/plan.ts';
import type { GpuBuffers } from './gpu-buffers.ts';
import type { GpuDevice } from './gpu-device.ts';
import { GpuError } from './gpu-error.ts';
import type { BindingName, Kernel } from './gpu-kernel.ts';
import { largestReach } from './gpu-slices.ts';

/** The lease at hand on the GPU, valid until the next upload. */
export interface GpuLease {
  /** Those of `slice` hold MOST_SLICES, SLICE_STRIDE apart. */
  readonly buffers: Readonly<Record<BindingName, GPUBuffer>>;
  /** What a binding of each covers; the buffers may be larger. */
  readonly bytes: Readonly<Record<BindingName, number>>;
  /** Columns of a row in units of vec4. */
  readonly columns: number;
}

/** Sends rows, plan and parameters. @throws GpuError LEASE_TOO_LARGE, or SATURATED for rows that are no vectors */
export function uploadLease(queue: GPUQueue, pool: GpuBuffers, plan: Plan, rows: LeaseRows, step: StepSize): GpuLease {
  const columns = Math.ceil(rows.dim / 4);
  const inputBytes = plan.inputIds.length * columns * 16;
  const outputBytes = plan.outputIds.length * columns * 16;
  const extents = Uint32Array.of(largestBits(rows.input), largestBits(rows.output));
  checkExtents(extents, 'as leased');
  const reach = largestReach(plan, step.alpha);
  if (!(reach <= LARGEST_REACH)) {
    throw new GpuError(
      'SATURATED',
      `steps of a row may reach ${reach} times another row: the learning rate is no rate`,
    );
  }

  const storage = GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_DST;
  const result = storage | GPUBufferUsage.COPY_SRC;
  const uniform = GPUBufferUsage.UNIFORM | GPUBufferUsage.COPY_DST;
  const sections = planSections(plan);
  const bytes = {
    lease: LEASE.bytes,
    slice: SLICE.bytes,
    inputRows: inputBytes,
    outputRows: outputBytes,
    inputSteps: inputBytes,
    outputSteps: outputBytes,
    plan: sections.end * 4,
    extents: (plan.minibatches + 1) * 8,
    losses: plan.groups * GROUP * 8,
  };
  const buffers = {
    lease: pool.hold('lease', bytes.lease, uniform),
    slice: pool.hold('slice', MOST_SLICES * SLICE_STRIDE, uniform),
    inputRows: pool.hold('inputRows', bytes.inputRows, result),
    outputRows: pool.hold('outputRows', bytes.outputRows, result),
    inputSteps: pool.hold('inputSteps', bytes.inputSteps, storage),
    outputSteps: pool.hold('outputSteps', bytes.outputSteps, storage),
    plan: pool.hold('plan', bytes.plan, storage),
    extents: pool.hold('extents', bytes.extents, result),
    losses: pool.hold('losses', bytes.losses, result),
  };
  queue.writeBuffer(buffers.lease, 0, leaseBytes(sections.at, columns, step, plan.targets === 'labelled'));
  queue.writeBuffer(buffers.inputRows, 0, padded(rows.input, rows.dim));
  queue.writeBuffer(buffers.outputRows, 0, padded(rows.output, rows.dim));
  for (const [values, at] of sections.write) queue.writeBuffer(buffers.plan, at * 4, values);
  // Later minibatches begin at 0 and are raised by the flush before them.
  const allExtents = new Uint32Array((plan.minibatches + 1) * 2);
  allExtents.set(extents);
  queue.writeBuffer(buffers.extents, 0, allExtents);
  return { buffers, bytes, columns };
}

export function bindLease(device: GPUDevice, kernel: Kernel, lease: GpuLease): GPUBindGroup {
  const entries = kernel.bindings.map((name) => {
    // No more than the lease has: beyond it neither a read nor a write reaches what an earlier one left.
    return { binding: BINDING[name], resource: { buffer: lease.buffers[name], size: lease.bytes[name] } };
  });
  return device.createBindGroup({ layout: kernel.layout, entries });
}

/** Fetches rows and loss once the minibatches are submitted; `rows` change only when all is well. */
export async function readLease(
  gpu: GpuDevice,
  pool: GpuBuffers,
  plan: Plan,
  rows: LeaseRows,
  { buffers, columns }: GpuLease,
): Promise<LeaseLoss> {
  const parts = [
    { name: 'inputResult', source: buffers.inputRows, from: 0, bytes: plan.inputIds.length * columns * 16 },
    { name: 'outputResult', source: buffers.outputRows, from: 0, bytes: plan.outputIds.length * columns * 16 },
    { name: 'lossResult', source: buffers.losses, from: 0, bytes: plan.groups * GROUP * 8 },
    { name: 'extentResult', source: buffers.extents, from: plan.minibatches * 8, bytes: 8 },
  ];
  const encoder = gpu.device.createCommandEncoder();
  const staged = parts.map(({ name, source, from, bytes }) => {
    const buffer = pool.hold(name, bytes, GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST);
    encoder.copyBufferToBuffer(source, from, buffer, 0, bytes);
    return { buffer, bytes };
  });
  gpu.device.queue.submit([encoder.finish()]);
  await gpu.settle(Promise.all(staged.map(({ buffer, bytes }) => buffer.mapAsync(GPUMapMode.READ, 0, bytes))));
  try {
    const [input, output, losses, extents] = staged.map(({ buffer, bytes }) => buffer.getMappedRange(0, bytes));
    checkExtents(new Uint32Array(extents!), 'while training');
    unpad(new Float32Array(input!), rows.input, rows.dim);
    unpad(new Float32Array(output!), rows.output, rows.dim);
    const perSlot = new Float32Array(losses!);
    let positive = 0;
    let negative = 0;
    for (let at = 0; at < perSlot.length; at += 2) {
      positive += perSlot[at]!;
      negative += perSlot[at + 1]!;
    }
    return { positive, negative };
  } finally {
    for (const { buffer } of staged) buffer.unmap();
  }
}

type Section = 'groupOutputs' | 'negativeStart' | 'negatives' | `${'input' | 'output'}Flush${'Rows' | 'Hits'}`;

/** Lays the plan's arrays one after the other. Positions in elements. */
function planSections(plan: Plan): { write: [Uint32Array, number][]; at: Record<Section, number>; end: number } {
  let end = 0;
  const write: [Uint32Array, number][] = [];
  const place = (values: Uint32Array): number => {
    const at = end;
    write.push([values, at]);
    end += values.length;
    return at;
  };
  place(plan.groupInputs);
  const at = {
    groupOutputs: place(plan.groupOutputs),
    negativeStart: place(plan.negativeStart),
    negatives: place(plan.negatives),
    inputFlushRows: place(plan.inputFlush.rows),
    inputFlushHits: place(plan.inputFlush.hits),
    outputFlushRows: place(plan.outputFlush.rows),
    outputFlushHits: place(plan.outputFlush.hits),
  };
  return { write, at, end };
}

function leaseBytes(at: Record<Section, number>, columns: number, step: StepSize, skips: boolean): ArrayBuffer {
  const view = new DataView(new ArrayBuffer(LEASE.bytes));
  view.setUint32(LEASE.columns, columns, true);
  for (const [name, begin] of Object.entries(at)) view.setUint32(LEASE[name as Section], begin, true);
  view.setFloat32(LEASE.alpha, step.alpha, true);
  view.setFloat32(LEASE.damping, step.damping * step.alpha, true);
  view.setUint32(LEASE.skips, skips ? 1 : 0, true);
  return view.buffer;
}

/** Largest |value| as bits of an f32: these order as integers, with infinities and NaN above all numbers. */
function largestBits(values: Float32Array<ArrayBuffer>): number {
  const bits = new Uint32Array(values.buffer, values.byteOffset, values.length);
  let largest = 0;
  for (let at = 0; at < bits.length; at++) {
    const magnitude = bits[at]! & 0x7fffffff;
    if (magnitude > largest) largest = magnitude;
  }
  return largest;
}

function checkExtents(extents: Uint32Array<ArrayBuffer>, when: string): void {
  const [input, output] = new Float32Array(extents.buffer, extents.byteOffset, 2);
  if (!(input! <= LARGEST && output! <= LARGEST)) {
    throw new GpuError(
      'SATURATED',
      `rows ${when} reach ${Math.max(input!, output!)} in a component, the limit is ${LARGEST}: training diverges`,
    );
  }
}

/** Rows with each padded by zeros to a multiple of four components. */
function padded(values: Float32Array<ArrayBuffer>, dim: number): Float32Array<ArrayBuffer> {
  const width = Math.ceil(dim / 4) * 4;
  if (width === dim) return values;
  const wide = new Float32Array((values.length / dim) * width);
  for (let from = 0, to = 0; from < values.length; from += dim, to += width)
    wide.set(values.subarray(from, from + dim), to);
  return wide;
}

function unpad(wide: Float32Array<ArrayBuffer>, into: Float32Array<ArrayBuffer>, dim: number): void {
  const width = Math.ceil(dim / 4) * 4;
  if (width === dim) into.set(wide);
  else
    for (let from = 0, to = 0; to < into.length; from += width, to += dim)
      into.set(wide.subarray(from, from + dim), to);
}
