// Moves a lease between typed arrays and GPU buffers, in the layout of shaders/layout.ts.
import { BATCH, BATCH_STRIDE, BINDING, GROUP, LARGEST, LEASE } from '../../shaders/layout.ts';
import type { LeaseLoss, LeaseRows, StepSize } from '../../word2vec/engine.ts';
import type { Plan } from '../../word2vec/plan.ts';
import type { FlushList } from '../../word2vec/row-census.ts';
import type { GpuBuffers } from './gpu-buffers.ts';
import type { GpuDevice } from './gpu-device.ts';
import { GpuError } from './gpu-error.ts';
import type { BindingName, Kernel } from './gpu-kernel.ts';

/** The lease at hand on the GPU, valid until the next upload. */
export interface GpuLease {
  readonly buffers: Readonly<Record<BindingName, GPUBuffer>>;
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

  const storage = GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_DST;
  const result = storage | GPUBufferUsage.COPY_SRC;
  const uniform = GPUBufferUsage.UNIFORM | GPUBufferUsage.COPY_DST;
  const sections = planSections(plan);
  const buffers = {
    lease: pool.hold('lease', LEASE.bytes, uniform),
    batch: pool.hold('batch', plan.minibatches * BATCH_STRIDE, uniform),
    inputRows: pool.hold('inputRows', inputBytes, result),
    outputRows: pool.hold('outputRows', outputBytes, result),
    inputSteps: pool.hold('inputSteps', inputBytes, storage),
    outputSteps: pool.hold('outputSteps', outputBytes, storage),
    plan: pool.hold('plan', sections.end * 4, storage),
    extents: pool.hold('extents', (plan.minibatches + 1) * 8, result),
    losses: pool.hold('losses', plan.groups * GROUP * 8, result),
  };
  queue.writeBuffer(buffers.lease, 0, leaseBytes(sections.at, columns, step));
  queue.writeBuffer(buffers.batch, 0, batchBytes(plan, step));
  queue.writeBuffer(buffers.inputRows, 0, padded(rows.input, rows.dim));
  queue.writeBuffer(buffers.outputRows, 0, padded(rows.output, rows.dim));
  for (const [values, at] of sections.write) queue.writeBuffer(buffers.plan, at * 4, values);
  // Later minibatches begin at 0 and are raised by the flush before them.
  const allExtents = new Uint32Array((plan.minibatches + 1) * 2);
  allExtents.set(extents);
  queue.writeBuffer(buffers.extents, 0, allExtents);
  return { buffers, columns };
}

export function bindLease(device: GPUDevice, kernel: Kernel, lease: GpuLease): GPUBindGroup {
  const entries = kernel.bindings.map((name) => {
    const size = name === 'batch' ? { size: BATCH.bytes } : {};
    return { binding: BINDING[name], resource: { buffer: lease.buffers[name], ...size } };
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

function leaseBytes(sections: Record<Section, number>, columns: number, step: StepSize): ArrayBuffer {
  const view = new DataView(new ArrayBuffer(LEASE.bytes));
  view.setUint32(LEASE.columns, columns, true);
  for (const [name, at] of Object.entries(sections)) view.setUint32(LEASE[name as Section], at, true);
  view.setFloat32(LEASE.alpha, step.alpha, true);
  view.setFloat32(LEASE.damping, step.damping * step.alpha, true);
  return view.buffer;
}

function batchBytes(plan: Plan, step: StepSize): ArrayBuffer {
  const view = new DataView(new ArrayBuffer(plan.minibatches * BATCH_STRIDE));
  const { inputFlush, outputFlush } = plan;
  for (let batch = 0; batch < plan.minibatches; batch++) {
    const at = batch * BATCH_STRIDE;
    view.setUint32(at + BATCH.number, batch, true);
    view.setUint32(at + BATCH.firstGroup, plan.batchStart[batch]!, true);
    view.setUint32(at + BATCH.inputFirst, inputFlush.start[batch]!, true);
    view.setUint32(at + BATCH.inputCount, inputFlush.start[batch + 1]! - inputFlush.start[batch]!, true);
    view.setUint32(at + BATCH.outputFirst, outputFlush.start[batch]!, true);
    view.setUint32(at + BATCH.outputCount, outputFlush.start[batch + 1]! - outputFlush.start[batch]!, true);
    view.setFloat32(at + BATCH.inputReach, step.alpha * mostHits(inputFlush, batch), true);
    view.setFloat32(at + BATCH.outputReach, step.alpha * mostHits(outputFlush, batch), true);
  }
  return view.buffer;
}

function mostHits(list: FlushList, batch: number): number {
  let most = 0;
  for (let at = list.start[batch]!; at < list.start[batch + 1]!; at++) most = Math.max(most, list.hits[at]!);
  return most;
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
