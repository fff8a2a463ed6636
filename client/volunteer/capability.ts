// What this tab can train with, found out before the volunteer is asked to start.
import type { EngineChoice } from '../worker/api.ts';

export type Capability =
  | { readonly kind: 'probing' }
  /** `device` is the adapter's own name: untrusted text. */
  | { readonly kind: 'webgpu'; readonly device: string }
  /** The CPU engine is used; `why` says why it is not WebGPU, `simd` whether it can do so with WebAssembly SIMD. */
  | { readonly kind: 'cpu'; readonly why: string; readonly simd: boolean }
  /** WebGPU was demanded in the address and is missing: starting will fail. */
  | { readonly kind: 'missing'; readonly why: string };

/** The browser's facts, as arguments so that each case can be tried. */
export interface Surroundings {
  readonly isSecureContext: boolean;
  readonly gpu: Pick<GPU, 'requestAdapter'> | undefined;
  readonly simd: boolean;
}

/** A function that answers a vector of sixteen bytes' population counts: valid only where SIMD is known. */
const SIMD_MODULE = [
  0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 10, 1, 8, 0, 65, 0, 253, 15, 253, 98, 11,
];

/** Whether this browser compiles WebAssembly SIMD; without it the CPU engine runs in plain JavaScript. */
export function knowsSimd(): boolean {
  return typeof WebAssembly === 'object' && WebAssembly.validate(new Uint8Array(SIMD_MODULE));
}

const INSECURE =
  'WebGPU exists only on secure pages (https, or localhost), and this page came over plain http. ' +
  'Ask whoever runs this for an https address to use the GPU.';
const NO_WEBGPU =
  'This browser has no WebGPU (or has it switched off). Current versions of Chrome, Edge, Firefox and Safari have it on most systems.';
const NO_ADAPTER =
  'This browser has WebGPU but offers no graphics adapter: the GPU or its driver may be too old, blocked, or switched off in the settings.';

/** The part of the address after `?` may force an engine; anything else is `auto`. */
export function engineChoice(search: string): EngineChoice {
  const asked = new URLSearchParams(search).get('engine');
  return asked === 'cpu' || asked === 'webgpu' ? asked : 'auto';
}

export function adapterName(info: Pick<GPUAdapterInfo, 'vendor' | 'architecture' | 'device' | 'description'>): string {
  if (info.description !== '') return info.description;
  return [info.vendor, info.architecture, info.device].filter((part) => part !== '').join(' ') || 'unnamed GPU';
}

/** Asks for an adapter but never for a device: nothing runs on the GPU. */
export async function probeCapability(
  choice: EngineChoice,
  { isSecureContext, gpu, simd }: Surroundings,
): Promise<Capability> {
  if (choice === 'cpu')
    return { kind: 'cpu', why: 'The address of this page asks for the CPU engine (?engine=cpu).', simd };
  const without = (why: string): Capability =>
    choice === 'webgpu' ? { kind: 'missing', why } : { kind: 'cpu', why, simd };
  if (!isSecureContext) return without(INSECURE);
  if (gpu === undefined) return without(NO_WEBGPU);
  try {
    const adapter = await gpu.requestAdapter({ powerPreference: 'high-performance' });
    return adapter === null ? without(NO_ADAPTER) : { kind: 'webgpu', device: adapterName(adapter.info) };
  } catch (error) {
    return without(`${NO_ADAPTER} (${error instanceof Error ? error.message : String(error)})`);
  }
}
