// What the tab's WebGPU adapter is, and the memory bandwidth that a kernel which only copies reaches on it.
import copySource from './copy.wgsl?raw';

export interface Adapter {
  readonly vendor: string;
  readonly architecture: string;
  readonly description: string;
  /** It computes on the processor. */
  readonly software: boolean;
  /** Invocations of a subgroup, least and most; null where it has none. */
  readonly subgroups: readonly [least: number, most: number] | null;
  /** It has the feature `shader-f16`. */
  readonly f16: boolean;
  /** Bytes read and written per second by a copy kernel: the roof of every kernel that memory limits. */
  readonly copyBytesPerSecond: number;
}

/** Bytes of a buffer: beyond the caches of most devices, within the limits of all. */
const BYTES = 60 * 2 ** 20;
const WARM_UPS = 2;
const MEASURE_MS = 1500;
/** Copies per measurement, so that a GPU's wait for the end of a submit does not count. */
const COPIES = { software: 1, hardware: 20 } as const;

/** @throws Error where the browser has no adapter */
export async function describeAdapter(): Promise<Adapter> {
  const adapter = await navigator.gpu.requestAdapter({ powerPreference: 'high-performance' });
  if (adapter === null) throw new Error('the browser has no WebGPU adapter');
  const { info } = adapter;
  const software = info.isFallbackAdapter || info.architecture === 'swiftshader';
  const device = await adapter.requestDevice();
  try {
    return {
      vendor: info.vendor,
      architecture: info.architecture,
      description: info.description,
      software,
      subgroups: adapter.features.has('subgroups') ? [info.subgroupMinSize, info.subgroupMaxSize] : null,
      f16: adapter.features.has('shader-f16'),
      copyBytesPerSecond: await copyBandwidth(device, software ? COPIES.software : COPIES.hardware),
    };
  } finally {
    device.destroy();
  }
}

/** The best of repeated measurements: other processes can only slow a copy. */
async function copyBandwidth(device: GPUDevice, copies: number): Promise<number> {
  const module = device.createShaderModule({ code: copySource });
  const pipeline = await device.createComputePipelineAsync({ layout: 'auto', compute: { module } });
  const buffers = [0, 1].map((binding) => ({
    binding,
    resource: { buffer: device.createBuffer({ size: BYTES, usage: GPUBufferUsage.STORAGE }) },
  }));
  const group = device.createBindGroup({ layout: pipeline.getBindGroupLayout(0), entries: buffers });
  let best = Infinity;
  const end = performance.now() + MEASURE_MS;
  for (let round = 0; round <= WARM_UPS || performance.now() < end; round++) {
    const encoder = device.createCommandEncoder();
    const pass = encoder.beginComputePass();
    pass.setPipeline(pipeline);
    pass.setBindGroup(0, group);
    for (let copy = 0; copy < copies; copy++) pass.dispatchWorkgroups(BYTES / 16 / 64);
    pass.end();
    const start = performance.now();
    device.queue.submit([encoder.finish()]);
    await device.queue.onSubmittedWorkDone();
    if (round >= WARM_UPS) best = Math.min(best, performance.now() - start);
  }
  return (2 * BYTES * copies * 1000) / best;
}
