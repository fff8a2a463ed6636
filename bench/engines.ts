// Speed of every engine on real text, beside word2vec.c on the same text in the same run, and of the planner.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { BatchedReference } from '../word2vec/batched-reference.ts';
import { CpuEngine } from '../word2vec/cpu-engine.ts';
import type { Engine } from '../word2vec/engine.ts';
import { Planner, type LeaseShape } from '../word2vec/plan.ts';
import { hashAt } from '../word2vec/random.ts';
import { MIN_COUNT, NEGATIVE, SAMPLE, sampleLeases, samplePairs, WINDOW } from './sample-leases.ts';
import { timeWord2vecC } from './word2vec-c.ts';

const DIM = 100;
const LEASE_PAIRS = 768 * 130;
const ROUNDS = 6;
const RESULTS = new URL('results/engines.json', import.meta.url);

interface Speed {
  readonly name: string;
  readonly parts: number;
  readonly pairsPerSecond: number;
  readonly wordsPerSecond: number;
}

export async function benchEngines(json: boolean): Promise<void> {
  const pairs = samplePairs(1);
  const pairsPerWord = pairs.inputs.length / pairs.words;
  const speeds: Speed[] = [];
  const report = (name: string, parts: number, pairsPerSecond: number): void => {
    const speed = { name, parts, pairsPerSecond, wordsPerSecond: pairsPerSecond / pairsPerWord };
    speeds.push(speed);
    if (!json) print(speed);
  };
  const args = ['-size', DIM, '-window', WINDOW, '-negative', NEGATIVE, '-sample', SAMPLE, '-min-count', MIN_COUNT];
  const c = timeWord2vecC(pairs.text, [...args, '-hs', 0, '-cbow', 0, '-iter', 1].map(String));
  if ('reason' in c) process.stderr.write(`word2vec.c left out: ${c.reason}\n`);
  else report('word2vec.c', 1, c.wordsPerSecond * pairsPerWord);

  for (const parts of [1, 4]) {
    const leases = sampleLeases(pairs, parts, LEASE_PAIRS, 1).slice(0, 4);
    report('Planner.plan', parts, timePlanner(leases));
    report('reference', parts, await timeEngine(new BatchedReference(), leases.slice(0, 1), 1));
    for (const kernel of ['plain', 'simd'] as const) {
      const engine = await CpuEngine.create({ kernel });
      report(engine.device, parts, await timeEngine(engine, leases, ROUNDS));
    }
  }
  record({ dim: DIM, pairsPerWord, speeds });
  if (json) process.stdout.write(`${JSON.stringify({ dim: DIM, pairsPerWord, speeds })}\n`);
}

function timePlanner(leases: readonly LeaseShape[]): number {
  const planner = new Planner();
  return fastest(leases, ROUNDS, (lease) => {
    const start = process.cpuUsage();
    planner.plan(lease);
    return spent(start);
  });
}

async function timeEngine(engine: Engine, leases: readonly LeaseShape[], rounds: number): Promise<number> {
  const times: { pairs: number; ms: number }[] = [];
  for (let round = 0; round < rounds; round++) {
    for (const lease of leases) {
      const plan = new Planner().plan(lease);
      const rows = (count: number, key: number): Float32Array<ArrayBuffer> =>
        Float32Array.from({ length: count * DIM }, (_, at) => (hashAt(key, at) / 2147483648 - 1) / Math.sqrt(DIM));
      const lent = { input: rows(plan.inputIds.length, 1), output: rows(plan.outputIds.length, 2), dim: DIM };
      const start = process.cpuUsage();
      await engine.train(plan, lent, { alpha: 0.05, damping: 0.25 });
      times.push({ pairs: lease.inputs.length, ms: spent(start) });
    }
  }
  engine.dispose();
  return typical(times);
}

function fastest(leases: readonly LeaseShape[], rounds: number, time: (lease: LeaseShape) => number): number {
  const times: { pairs: number; ms: number }[] = [];
  for (let round = 0; round < rounds; round++) {
    for (const lease of leases) times.push({ pairs: lease.inputs.length, ms: time(lease) });
  }
  return typical(times);
}

/** Milliseconds of processor time since `start`: the unit of word2vec.c's own figure, and blind to busy neighbours. */
function spent(start: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(start);
  return (user + system) / 1000;
}

/** Pairs a second of the median lease: the first ones are spent warming up, and other processes disturb some. */
function typical(times: readonly { readonly pairs: number; readonly ms: number }[]): number {
  const speeds = times.map(({ pairs, ms }) => (pairs * 1000) / ms).sort((a, b) => a - b);
  return speeds[Math.floor(speeds.length / 2)]!;
}

function print({ name, parts, pairsPerSecond, wordsPerSecond }: Speed): void {
  const figures = `${Math.round(pairsPerSecond / 1000)} k pairs/s  ${Math.round(wordsPerSecond / 1000)} k words/s`;
  process.stdout.write(`${name.padEnd(28)} P=${parts}  ${figures}\n`);
}

/** Appends to bench/results/engines.json. */
function record(result: object): void {
  mkdirSync(new URL('.', RESULTS), { recursive: true });
  const past: unknown = existsSync(RESULTS) ? JSON.parse(readFileSync(RESULTS, 'utf8')) : [];
  const commit = execFileSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8' }).trim();
  const entry = { device: `${cpus()[0]?.model ?? 'unknown'}, ${cpus().length} cores`, node: process.version };
  const all = [...(Array.isArray(past) ? past : []), { date: new Date().toISOString(), commit, ...entry, ...result }];
  writeFileSync(RESULTS, `${JSON.stringify(all, null, 2)}\n`);
}
