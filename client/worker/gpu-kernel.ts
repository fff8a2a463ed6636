// A compute pipeline with an explicit layout: the uniforms of a lease and of a minibatch, and storage by name.
import { BATCH, BINDING, LEASE } from '../../shaders/layout.ts';

export type BindingName = keyof typeof BINDING;

export interface Kernel {
  readonly pipeline: GPUComputePipeline;
  readonly layout: GPUBindGroupLayout;
  readonly bindings: readonly BindingName[];
}

export interface KernelStorage {
  readonly read: readonly BindingName[];
  readonly write: readonly BindingName[];
}

/** Compiles one kernel. Rejects with the compiler's message when the WGSL is refused. */
export async function loadKernel(
  device: GPUDevice,
  source: string,
  entryPoint: string,
  constants: Record<string, number>,
  storage: KernelStorage,
): Promise<Kernel> {
  const visibility = GPUShaderStage.COMPUTE;
  const entries: GPUBindGroupLayoutEntry[] = [
    { binding: BINDING.lease, visibility, buffer: { type: 'uniform', minBindingSize: LEASE.bytes } },
    {
      binding: BINDING.batch,
      visibility,
      buffer: { type: 'uniform', minBindingSize: BATCH.bytes, hasDynamicOffset: true },
    },
    ...storage.read.map((name) => ({
      binding: BINDING[name],
      visibility,
      buffer: { type: 'read-only-storage' as const },
    })),
    ...storage.write.map((name) => ({ binding: BINDING[name], visibility, buffer: { type: 'storage' as const } })),
  ];
  const layout = device.createBindGroupLayout({ label: entryPoint, entries });
  const pipeline = await device.createComputePipelineAsync({
    label: entryPoint,
    layout: device.createPipelineLayout({ bindGroupLayouts: [layout] }),
    compute: {
      module: device.createShaderModule({ label: entryPoint, code: source }),
      entryPoint,
      constants,
    },
  });
  return { pipeline, layout, bindings: ['lease', 'batch', ...storage.read, ...storage.write] };
}
