// The WGSL kernels as a ladder, D = 100, 300, 900: pairs and words a second, and the share of the memory roofline.
import { TributaryError } from '../coordinator/errors.ts';
import { LANES } from '../shaders/layout.ts';
import type { LeaseShape, Plan } from '../word2vec/plan.ts';
import { Planner } from '../word2vec/planner.ts';
import type { Adapter } from './browser/adapter.ts';
import type { RungName } from './browser/rungs.ts';
import { type Circumstances, circumstances, record } from './record.ts';
import { NEGATIVE, sampleLeases, samplePairs } from './sample-leases.ts';
import { adapterName, openTab, type Tab } from './tab.ts';
import type { TrialLimits } from './trial.ts';
import type { TabTrial } from './browser/engines.ts';

const DIMS = [100, 300, 900] as const;
const MINIBATCH = 768;
const LADDER = ['naive', 'direct', 'tiled', 'subgroup'] as const satisfies readonly RungName[];
const isKernel = (engine: string): boolean => LADDER.some((rung) => rung === engine);
/** The ladder is climbed again while that ends in time, and the best of each rung kept: other processes only slow one. */
const TIME_MS = 90_000;
const MOST_ROUNDS = 3;
/** g of the grids inside the tab: two workgroups, and the most at which balance and quality hold. */
const GRIDS = [2, 16] as const;
/** The software adapter trains some thousand pairs a second at D = 900, a GPU some million. */
const SIZES = {
  software: { leasePairs: MINIBATCH * 3, leases: 1, limits: { least: 4, most: 4, ms: 0 } },
  hardware: { leasePairs: MINIBATCH * 130, leases: 4, limits: { least: 5, most: 100, ms: 3000 } },
} as const;
/** Engines sum the loss in 32 bits and in other orders; more than that apart, one of them did other work. */
const LOSS_TOLERANCE = 0.01;

interface Speed {
  /** A kernel, the CPU engine beside them, or a grid inside the tab of g × g sub-blocks. */
  readonly engine: RungName | 'cpu' | `grid ${number}`;
  readonly dim: number;
  /** Of the dispatches alone; of the whole `train` for the CPU engine. */
  readonly pairsPerSecond: number;
  /** With rows and plan sent to the adapter and rows read back; null where nothing is sent or it was not measured. */
  readonly pairsPerSecondWithTransfers: number | null;
  /** On a software adapter, per second of processor time, which busy neighbours do not change; null elsewhere. */
  readonly pairsPerProcessorSecond: number | null;
}

interface Rung extends Speed {
  readonly wordsPerSecond: number;
  /** The least bytes that the minibatches must read and write, times the leases a second; null where there are none. */
  readonly bytesPerSecond: number | null;
  /** Of the bandwidth that a copy kernel reached on this adapter. Caches can make it exceed 1. */
  readonly roofline: number | null;
}

interface Entry extends Circumstances {
  readonly chromium: string;
  readonly adapter: Adapter & { readonly name: string };
  readonly negative: number;
  readonly minibatch: number;
  readonly pairsPerWord: number;
  readonly rungs: readonly Rung[];
  /** Rungs that this adapter or this version does not have, and why. */
  readonly absent: Readonly<Record<string, string>>;
}

export async function benchKernel(options: { readonly json: boolean; readonly gpu: boolean }): Promise<void> {
  const about = circumstances();
  const pairs = await samplePairs(1);
  const pairsPerWord = pairs.inputs.length / pairs.words;
  const { leasePairs, leases: most, limits } = options.gpu ? SIZES.hardware : SIZES.software;
  const leases = sampleLeases(pairs, 1, leasePairs, 1).slice(0, most);
  const tab = await openTab([leases], options.gpu);
  try {
    const found = await tab.adapter();
    const adapter = { name: adapterName(found), ...found };
    if (!options.json) printAdapter(adapter);
    const best = new Map<string, Rung>();
    const note = (speed: Speed): void => {
      const { engine, dim, pairsPerSecond } = speed;
      const before = best.get(`${engine} ${dim}`);
      if (before !== undefined && before.pairsPerSecond >= pairsPerSecond) return;
      const bytesPerSecond = isKernel(engine) ? pairsPerSecond * bytesOfPair(leases, dim) : null;
      const roofline = bytesPerSecond === null ? null : bytesPerSecond / adapter.copyBytesPerSecond;
      const wordsPerSecond = pairsPerSecond / pairsPerWord;
      best.set(`${engine} ${dim}`, { ...speed, wordsPerSecond, bytesPerSecond, roofline });
    };
    const begun = performance.now();
    const mayClimb = (rounds: number): boolean =>
      rounds === 0 || (rounds < MOST_ROUNDS && ((performance.now() - begun) * (rounds + 1)) / rounds < TIME_MS);
    for (let rounds = 0; mayClimb(rounds); rounds++) {
      for (const dim of DIMS) await climb(tab, adapter, leases[0]!.inputs.length, dim, limits, note);
    }
    const rungs = [...best.values()];
    if (!options.json) for (const rung of rungs) print(rung);
    const entry: Entry = {
      ...about,
      chromium: tab.chromium,
      adapter,
      negative: NEGATIVE,
      minibatch: MINIBATCH,
      pairsPerWord,
      rungs,
      absent: absentRungs(adapter),
    };
    record('kernel', entry);
    if (options.json) process.stdout.write(`${JSON.stringify(entry)}\n`);
  } finally {
    await tab.close();
  }
}

/**
 * Every rung once, from the CPU engine, whose loss is the yardstick, up.
 * @throws TributaryError LOSS_DIFFERS where a kernel did other work
 */
async function climb(
  tab: Tab,
  adapter: Adapter,
  leasePairs: number,
  dim: number,
  limits: TrialLimits,
  note: (speed: Speed) => void,
): Promise<void> {
  const request = { minibatch: MINIBATCH, dim, limits };
  const yardstick = await tab.train(0, { ...request, engine: 'cpu' });
  const { pairsPerSecond } = yardstick;
  note({ engine: 'cpu', dim, pairsPerSecond, pairsPerSecondWithTransfers: null, pairsPerProcessorSecond: null });
  /** What `work` takes of the GPU process beyond what `start`, its first lease, takes: compiling is in both. */
  const processor = async <T>(start: () => Promise<unknown>, work: () => Promise<T>): Promise<[T, number | null]> => {
    if (!adapter.software) return [await work(), null];
    const times = [await tab.gpuProcessorMs()];
    await start();
    times.push(await tab.gpuProcessorMs());
    const result = await work();
    return [result, (await tab.gpuProcessorMs()) - 2 * times[1]! + times[0]!];
  };
  const perSecond = (leases: number, ms: number | null): number | null =>
    ms === null ? null : (leasePairs * leases * 1000) / ms;
  for (const rung of LADDER) {
    if (rung === 'subgroup' && adapter.subgroups === null) continue;
    const train = (own: TrialLimits): Promise<TabTrial> =>
      tab.train(0, { ...request, limits: own, engine: 'webgpu', rung });
    const [trial, ms] = await processor(
      () => train({ least: 1, most: 1, ms: 0 }),
      () => train(limits),
    );
    if (!(Math.abs(trial.loss / yardstick.loss - 1) <= LOSS_TOLERANCE)) {
      const losses = `has a loss of ${trial.loss} where the CPU engine has ${yardstick.loss}`;
      throw new TributaryError('LOSS_DIFFERS', `the ${rung} kernel at D = ${dim} ${losses}`, {
        hint: 'The kernel is wrong: run npm test.',
      });
    }
    note({
      engine: rung,
      dim,
      pairsPerSecond: trial.computedPairsPerSecond!,
      pairsPerSecondWithTransfers: trial.pairsPerSecond,
      pairsPerProcessorSecond: perSecond(trial.trained - 1, ms),
    });
  }
  const lanes = adapter.software ? LANES.software : LANES.hardware;
  for (const g of GRIDS) {
    const time = (repeats: number): Promise<number> => tab.grid(0, { g, dim, lanes, repeats });
    const [best, ms] = await processor(
      () => time(1),
      () => time(limits.least),
    );
    const pairsPerProcessorSecond = perSecond(limits.least - 1, ms);
    note({
      engine: `grid ${g}`,
      dim,
      pairsPerSecond: best,
      pairsPerSecondWithTransfers: null,
      pairsPerProcessorSecond,
    });
  }
}

/**
 * The least memory traffic of a pair in bytes, if nothing is cached from one group to the next: a group reads each of
 * its rows once and adds to each one's step (a read and a write); a flush reads and writes row and step.
 */
function bytesOfPair(leases: readonly LeaseShape[], dim: number): number {
  const planner = new Planner();
  const row = Math.ceil(dim / 4) * 16;
  let bytes = 0;
  let pairs = 0;
  for (const lease of leases) {
    const plan = planner.plan(lease);
    const flushed = plan.inputFlush.rows.length + plan.outputFlush.rows.length;
    bytes += row * (3 * rowsOfGroups(plan) + 4 * flushed);
    pairs += lease.inputs.length;
  }
  return bytes / pairs;
}

/** Rows that groups have, in all. Benchmarks plan no group of negatives alone: each pair has an input and a target. */
function rowsOfGroups(plan: Plan): number {
  return 2 * plan.positiveDots + plan.negatives.length;
}

function absentRungs(adapter: Adapter): Record<string, string> {
  const f16 = adapter.f16 ? 'this adapter has shader-f16' : 'this adapter has no shader-f16';
  return {
    ...(adapter.subgroups === null ? { subgroup: 'this adapter has no subgroups' } : {}),
    f16: `no kernel stores rows in f16 (docs/performance.md); ${f16}`,
  };
}

function printAdapter(adapter: Entry['adapter']): void {
  const { name, vendor, architecture, software, subgroups, f16, copyBytesPerSecond } = adapter;
  const features = `subgroups ${subgroups === null ? 'none' : subgroups.join(' to ')}, f16 ${f16 ? 'yes' : 'no'}`;
  process.stdout.write(
    `${name} (vendor ${vendor || 'unknown'}, architecture ${architecture || 'unknown'}), ` +
      `${software ? 'SOFTWARE: ratios only, no GPU' : 'hardware'}, ${features}, copies ${gigabytes(copyBytesPerSecond)}\n`,
  );
}

function print({
  engine,
  dim,
  pairsPerSecond,
  wordsPerSecond,
  pairsPerProcessorSecond,
  bytesPerSecond,
  roofline,
}: Rung): void {
  const thousands = (value: number): string => `${(value / 1000).toFixed(1)} k`.padStart(10);
  const share = roofline === null ? '' : `${gigabytes(bytesPerSecond!)}, ${(100 * roofline).toFixed(0)} % of the copy`;
  const processor = pairsPerProcessorSecond === null ? '' : `${thousands(pairsPerProcessorSecond)} pairs/processor s`;
  process.stdout.write(
    `D=${String(dim).padEnd(4)} ${engine.padEnd(9)}${thousands(pairsPerSecond)} pairs/s ${thousands(wordsPerSecond)} words/s${processor}  ${share}\n`,
  );
}

function gigabytes(bytesPerSecond: number): string {
  return `${(bytesPerSecond / 1e9).toFixed(2)} GB/s`;
}
