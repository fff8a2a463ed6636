// The WGSL kernels as a ladder, D = 100, 300, 900: pairs and words a second, and the share of the memory roofline.
import { TributaryError } from '../coordinator/errors.ts';
import { type LeaseShape, type Plan, Planner } from '../word2vec/plan.ts';
import type { Adapter } from './browser/adapter.ts';
import type { RungName } from './browser/rungs.ts';
import { type Circumstances, circumstances, record } from './record.ts';
import { NEGATIVE, sampleLeases, samplePairs } from './sample-leases.ts';
import { adapterName, openTab, type Tab } from './tab.ts';
import type { TabTrial } from './browser/engines.ts';

const DIMS = [100, 300, 900] as const;
const MINIBATCH = 768;
const LADDER = ['naive', 'direct', 'tiled', 'subgroup'] as const satisfies readonly RungName[];
/** The software adapter trains some thousand pairs a second at D = 900, a GPU some million. */
const SIZES = {
  software: { leasePairs: MINIBATCH * 5, leases: 1, limits: { least: 3, most: 6, ms: 2000 } },
  hardware: { leasePairs: MINIBATCH * 130, leases: 4, limits: { least: 5, most: 100, ms: 3000 } },
} as const;
/** Engines sum the loss in 32 bits and in other orders; more than that apart, one of them did other work. */
const LOSS_TOLERANCE = 0.01;

interface Rung {
  /** A kernel, or the CPU engine beside them. */
  readonly engine: RungName | 'cpu';
  readonly dim: number;
  /** Of the dispatches alone; of the whole `train` for the CPU engine. */
  readonly pairsPerSecond: number;
  readonly wordsPerSecond: number;
  /** With rows and plan sent to the adapter and rows read back. */
  readonly pairsPerSecondWithTransfers: number;
  /** The least bytes that the algorithm must read and write, times the leases a second; null for the CPU engine. */
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
  const rungs: Rung[] = [];
  try {
    const adapter = { name: '', ...(await tab.adapter()) };
    adapter.name = adapterName(adapter);
    if (!options.json) printAdapter(adapter);
    for (const dim of DIMS) {
      const bytesPerPair = bytesOfPair(leases, dim);
      const yardstick = await tab.train(0, { engine: 'cpu', minibatch: MINIBATCH, dim, limits });
      const note = (engine: Rung['engine'], trial: TabTrial): void => {
        const pairsPerSecond = trial.computedPairsPerSecond ?? trial.pairsPerSecond;
        const bytesPerSecond = engine === 'cpu' ? null : pairsPerSecond * bytesPerPair;
        const rung = {
          engine,
          dim,
          pairsPerSecond,
          wordsPerSecond: pairsPerSecond / pairsPerWord,
          pairsPerSecondWithTransfers: trial.pairsPerSecond,
          bytesPerSecond,
          roofline: bytesPerSecond === null ? null : bytesPerSecond / adapter.copyBytesPerSecond,
        };
        rungs.push(rung);
        if (!options.json) print(rung);
      };
      note('cpu', yardstick);
      for (const rung of LADDER) {
        if (rung === 'subgroup' && adapter.subgroups === null) continue;
        note(rung, await climb(tab, rung, dim, limits, yardstick));
      }
    }
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

/** @throws TributaryError LOSS_DIFFERS where the kernel did other work than the CPU engine */
async function climb(
  tab: Tab,
  rung: RungName,
  dim: number,
  limits: (typeof SIZES)[keyof typeof SIZES]['limits'],
  { loss }: TabTrial,
): Promise<TabTrial> {
  const trial = await tab.train(0, { engine: 'webgpu', rung, minibatch: MINIBATCH, dim, limits });
  if (Math.abs(trial.loss / loss - 1) <= LOSS_TOLERANCE) return trial;
  const losses = `has a loss of ${trial.loss} where the CPU engine has ${loss}`;
  throw new TributaryError('LOSS_DIFFERS', `the ${rung} kernel at D = ${dim} ${losses}`, {
    hint: 'The kernel is wrong: run npm test.',
  });
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
    grid: 'no kernel trains a grid inside the tab (docs/performance.md)',
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

function print({ engine, dim, pairsPerSecond, wordsPerSecond, bytesPerSecond, roofline }: Rung): void {
  const thousands = (value: number): string => `${(value / 1000).toFixed(1)} k`.padStart(10);
  const share = roofline === null ? '' : `${gigabytes(bytesPerSecond!)}, ${(100 * roofline).toFixed(0)} % of the copy`;
  process.stdout.write(
    `D=${String(dim).padEnd(4)} ${engine.padEnd(9)}${thousands(pairsPerSecond)} pairs/s ${thousands(wordsPerSecond)} words/s  ${share}\n`,
  );
}

function gigabytes(bytesPerSecond: number): string {
  return `${(bytesPerSecond / 1e9).toFixed(2)} GB/s`;
}
