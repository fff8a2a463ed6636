// The page of the engine benchmark: trains the leases that the server hands out, with the engine it is asked for.
import { WebGpuEngine } from '../../client/worker/webgpu-engine.ts';
import { CpuEngine } from '../../word2vec/cpu-engine.ts';
import type { Engine } from '../../word2vec/engine.ts';
import { unpackLeases } from '../lease-pack.ts';
import { timeEngine, type Trial, type TrialLimits } from '../trial.ts';

export interface TabRequest {
  readonly engine: Engine['kind'] & ('webgpu' | 'cpu');
  /** Address of the packed leases, on the page's own server. */
  readonly leases: string;
  readonly minibatch: number;
  readonly dim: number;
  readonly limits: TrialLimits;
}

export interface TabTrial extends Trial {
  readonly device: string;
  /** The adapter computes on the processor. */
  readonly software: boolean;
}

declare global {
  interface Window {
    /** Rejects with the engine's own error where it cannot be made. */
    trainLeases: (request: TabRequest) => Promise<TabTrial>;
  }
}

window.trainLeases = async ({ engine: kind, leases: address, minibatch, dim, limits }) => {
  const response = await fetch(address);
  if (!response.ok) throw new Error(`${address} answers with HTTP status ${response.status}`);
  const leases = unpackLeases(await response.arrayBuffer()).map((lease) => Object.assign({}, lease, { minibatch }));
  const engine = kind === 'webgpu' ? await WebGpuEngine.create() : await CpuEngine.create();
  try {
    const trial = await timeEngine(engine, leases, dim, limits, () => performance.now());
    return { ...trial, device: engine.device, software: kind === 'webgpu' && (await isSoftware()) };
  } finally {
    engine.dispose();
  }
};

/** Whether the adapter that the engine takes is one that computes on the processor. */
async function isSoftware(): Promise<boolean> {
  const adapter = await navigator.gpu.requestAdapter({ powerPreference: 'high-performance' });
  return adapter === null || adapter.info.isFallbackAdapter || adapter.info.architecture === 'swiftshader';
}
