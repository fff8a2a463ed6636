// The page of the engine benchmark: trains the leases that the server hands out, with the engine it is asked for.
import { WebGpuEngine } from '../../client/worker/webgpu-engine.ts';
import { CpuEngine } from '../../word2vec/cpu-engine.ts';
import type { Engine } from '../../word2vec/engine.ts';
import type { LeaseShape } from '../../word2vec/plan.ts';
import { unpackLeases } from '../lease-pack.ts';
import { timeEngine, type Trial, type TrialLimits } from '../trial.ts';
import { type Adapter, describeAdapter } from './adapter.ts';
import { type GridRequest, timeGrid } from './grid.ts';
import { type RungName, RUNGS } from './rungs.ts';

export interface TabRequest {
  readonly engine: Engine['kind'] & ('webgpu' | 'cpu');
  /** The kernel of the WGSL engine; by default its own choice. */
  readonly rung?: RungName;
  /** Address of the packed leases, on the page's own server. */
  readonly leases: string;
  readonly minibatch: number;
  readonly dim: number;
  readonly limits: TrialLimits;
}

export interface TabTrial extends Trial {
  readonly device: string;
  /** Of the fastest lease, its dispatches alone, transfers left out; null for the CPU. */
  readonly computedPairsPerSecond: number | null;
  /** The adapter computes on the processor. */
  readonly software: boolean;
}

declare global {
  interface Window {
    /** Rejects with the engine's own error where it cannot be made. */
    trainLeases: (request: TabRequest) => Promise<TabTrial>;
    describeAdapter: () => Promise<Adapter>;
    timeGrid: (request: GridRequest) => Promise<number>;
  }
}

window.describeAdapter = describeAdapter;

window.timeGrid = async (request) => timeGrid((await fetchLeases(request.leases))[0]!, request);

async function fetchLeases(address: string): Promise<LeaseShape[]> {
  const response = await fetch(address);
  if (!response.ok) throw new Error(`${address} answers with HTTP status ${response.status}`);
  return unpackLeases(await response.arrayBuffer());
}

window.trainLeases = async ({ engine: kind, rung, leases: address, minibatch, dim, limits }) => {
  const leases = (await fetchLeases(address)).map((lease) => Object.assign({}, lease, { minibatch }));
  const computed: number[] = [];
  const engine = kind === 'webgpu' ? await gpuEngine(rung, (ms) => computed.push(ms)) : await CpuEngine.create();
  try {
    const trial = await timeEngine(engine, leases, dim, limits, () => performance.now());
    const speeds = computed.map((ms, at) => (leases[at % leases.length]!.inputs.length * 1000) / ms);
    return {
      ...trial,
      device: engine.device,
      software: kind === 'webgpu' && (await isSoftware()),
      computedPairsPerSecond: speeds.length === 0 ? null : Math.max(...speeds),
    };
  } finally {
    engine.dispose();
  }
};

function gpuEngine(rung: RungName | undefined, onComputed: (ms: number) => void): Promise<WebGpuEngine> {
  return WebGpuEngine.create(rung === undefined ? { onComputed } : { groupStep: RUNGS[rung], onComputed });
}

/** Whether the adapter that the engine takes is one that computes on the processor. */
async function isSoftware(): Promise<boolean> {
  const adapter = await navigator.gpu.requestAdapter({ powerPreference: 'high-performance' });
  return adapter === null || adapter.info.isFallbackAdapter || adapter.info.architecture === 'swiftshader';
}
