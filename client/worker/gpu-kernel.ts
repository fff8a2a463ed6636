// A compute pipeline with an explicit layout: the uniforms of a lease and of a dispatch, and storage by name.
import { BINDING, LEASE, SLICE } from '../../shaders/layout.ts';
import preludeSource from '../../shaders/prelude.wgsl?raw';
import { GpuError } from './gpu-error.ts';

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

/** Before all else where subgroups are used. Whether a branch is the same for a subgroup is beyond the analysis. */
const SUBGROUP_DIRECTIVES = 'enable subgroups;\ndiagnostic(off, subgroup_uniformity);\n';

/** Compiles one kernel, its `source` after prelude.wgsl. Rejects with the compiler's message when it is refused. */
export async function loadKernel(
  device: GPUDevice,
  source: string,
  entryPoint: string,
  constants: Readonly<Record<string, number>>,
  storage: KernelStorage,
  subgroups = false,
): Promise<Kernel> {
  const visibility = GPUShaderStage.COMPUTE;
  const entries: GPUBindGroupLayoutEntry[] = [
    { binding: BINDING.lease, visibility, buffer: { type: 'uniform', minBindingSize: LEASE.bytes } },
    {
      binding: BINDING.slice,
      visibility,
      buffer: { type: 'uniform', minBindingSize: SLICE.bytes, hasDynamicOffset: true },
    },
    ...storage.read.map((name) => ({
      binding: BINDING[name],
      visibility,
      buffer: { type: 'read-only-storage' as const },
    })),
    ...storage.write.map((name) => ({ binding: BINDING[name], visibility, buffer: { type: 'storage' as const } })),
  ];
  const code = (subgroups ? SUBGROUP_DIRECTIVES : '') + preludeSource + source;
  const layout = device.createBindGroupLayout({ label: entryPoint, entries });
  const module = device.createShaderModule({ label: entryPoint, code });
  const pipeline = await device
    .createComputePipelineAsync({
      label: entryPoint,
      layout: device.createPipelineLayout({ bindGroupLayouts: [layout] }),
      compute: { module, entryPoint, constants },
    })
    .catch(async (cause: unknown) => {
      // The rejection says that the module is invalid, not why.
      const { messages } = await module.getCompilationInfo();
      const why = messages.filter(({ type }) => type === 'error').map((each) => `${each.lineNum}: ${each.message}`);
      throw why.length === 0 ? cause : new GpuError('GPU_FAULT', `${entryPoint} ${why.join('; ')}`, cause);
    });
  return { pipeline, layout, bindings: ['lease', 'slice', ...storage.read, ...storage.write] };
}
