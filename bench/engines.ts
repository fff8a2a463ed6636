// Speed of every engine on the same leases of real text, in Node and in a Chromium tab, beside word2vec.c in one run.
import { BatchedReference } from '../word2vec/batched-reference.ts';
import { CpuEngine } from '../word2vec/cpu-engine.ts';
import type { LeaseShape } from '../word2vec/plan.ts';
import { TributaryError } from '../coordinator/errors.ts';
import { type Circumstances, circumstances, record } from './record.ts';
import { MIN_COUNT, NEGATIVE, SAMPLE, sampleLeases, samplePairs, WINDOW } from './sample-leases.ts';
import { openTab, type Tab } from './tab.ts';
import { timeEngine, timePlanner, type Trial, type TrialLimits } from './trial.ts';
import { BUILDS, type Build, buildWord2vecC, DEFAULT_ALPHA } from './word2vec-c.ts';

const DIM = 100;
const MINIBATCHES = [768, 192] as const;
const LEASE_PAIRS = 768 * 130;
/** Leases per set of parts; each engine goes through them in turn. */
const LEASES = 4;
const PARTS = [1, 4] as const;
const LIMITS = {
  once: { least: 1, most: 1, ms: 0 },
  processor: { least: 9, most: 24, ms: 2000 },
  // The software adapter takes more than a second for a lease, a GPU milliseconds.
  gpu: { least: 3, most: 200, ms: 4000 },
} as const satisfies Record<string, TrialLimits>;
/** Engines sum the loss in 32 bits and in other orders; more than that apart, one of them did other work. */
const LOSS_TOLERANCE = 0.01;

interface Speed {
  readonly name: string;
  readonly device: string;
  /** P: the leases are of block (P−1, P−1). word2vec.c has no parts: 1. */
  readonly parts: number;
  /** Pairs per minibatch; 1 for word2vec.c. */
  readonly minibatch: number;
  /** Processor time of the process, which is blind to busy neighbours, or wall clock. */
  readonly clock: 'processor' | 'wall';
  readonly pairsPerSecond: number;
  readonly wordsPerSecond: number;
  /** Speed over that of word2vec.c as its makefile builds it. */
  readonly timesWord2vecC: number;
}

interface Entry extends Circumstances {
  readonly chromium: string;
  readonly dim: number;
  readonly negative: number;
  readonly pairsPerWord: number;
  readonly speeds: readonly Speed[];
}

export async function benchEngines(options: { readonly json: boolean; readonly gpu: boolean }): Promise<void> {
  const about = circumstances();
  const pairs = await samplePairs(1);
  const pairsPerWord = pairs.inputs.length / pairs.words;
  const speeds: Speed[] = [];
  const leases = PARTS.map((parts) => sampleLeases(pairs, parts, LEASE_PAIRS, 1).slice(0, LEASES));
  const tab = await openTab(leases, options.gpu);
  try {
    const yardstick = timeWord2vecC(pairs.text, pairs.words);
    const report = (speed: Omit<Speed, 'wordsPerSecond' | 'timesWord2vecC'>): void => {
      const wordsPerSecond = speed.pairsPerSecond / pairsPerWord;
      const whole = { ...speed, wordsPerSecond, timesWord2vecC: wordsPerSecond / yardstick['word2vec.c'] };
      speeds.push(whole);
      if (!options.json) print(whole);
    };
    for (const [name, wordsPerSecond] of Object.entries(yardstick)) {
      const pairsPerSecond = wordsPerSecond * pairsPerWord;
      report({ name, device: about.processor, parts: 1, minibatch: 1, clock: 'processor', pairsPerSecond });
    }
    for (const [set, parts] of PARTS.entries()) {
      const losses = new Losses();
      for (const speed of await nodeSpeeds(leases[set]!, losses)) report({ ...speed, parts, clock: 'processor' });
      for (const speed of await tabSpeeds(tab, set, losses)) report({ ...speed, parts, clock: 'wall' });
    }
  } finally {
    await tab.close();
  }
  const entry: Entry = { ...about, chromium: tab.chromium, dim: DIM, negative: NEGATIVE, pairsPerWord, speeds };
  record('engines', entry);
  if (options.json) process.stdout.write(`${JSON.stringify(entry)}\n`);
}

/** Words a second of each build over one epoch, in words of the vocabulary as all other figures. */
function timeWord2vecC(text: string, words: number): Readonly<Record<Build, number>> {
  const program = buildWord2vecC(text);
  const settings = { dim: DIM, window: WINDOW, negative: NEGATIVE, sample: SAMPLE, minCount: MIN_COUNT, epochs: 1 };
  // It counts the ends of lines as words.
  const share = words / (words + text.split('\n').length);
  try {
    const time = (build: Build): number => program.train(build, settings, DEFAULT_ALPHA).wordsPerSecond * share;
    return Object.fromEntries((Object.keys(BUILDS) as Build[]).map((build) => [build, time(build)])) as Record<
      Build,
      number
    >;
  } finally {
    program.dispose();
  }
}

type Measured = Pick<Speed, 'name' | 'device' | 'minibatch' | 'pairsPerSecond'>;

async function nodeSpeeds(leases: readonly LeaseShape[], losses: Losses): Promise<Measured[]> {
  const [minibatch] = MINIBATCHES;
  const clock = processorMs;
  const named = (name: string, device: string, pairsPerSecond: number): Measured => ({
    name,
    device,
    minibatch,
    pairsPerSecond,
  });
  const speeds = [named('Planner, Node', 'one thread', await timePlanner(leases, LIMITS.processor, clock))];
  const reference = await timeEngine(new BatchedReference(), leases, DIM, LIMITS.once, clock);
  losses.expect(minibatch, reference);
  speeds.push(named('reference, Node', 'one thread', reference.pairsPerSecond));
  for (const kernel of ['plain', 'simd'] as const) {
    const engine = await CpuEngine.create({ kernel });
    const trial = await timeEngine(engine, leases, DIM, LIMITS.processor, clock);
    engine.dispose();
    losses.check(engine.device, minibatch, trial);
    speeds.push(named('CpuEngine, Node', engine.device, trial.pairsPerSecond));
  }
  const smaller = leases.map((lease) => Object.assign({}, lease, { minibatch: MINIBATCHES[1] }));
  losses.expect(MINIBATCHES[1], await timeEngine(new BatchedReference(), smaller, DIM, LIMITS.once, clock));
  return speeds;
}

async function tabSpeeds(tab: Tab, set: number, losses: Losses): Promise<Measured[]> {
  const speeds: Measured[] = [];
  for (const [engine, minibatch] of [
    ['cpu', MINIBATCHES[0]],
    ...MINIBATCHES.map((size) => ['webgpu', size] as const),
  ] as const) {
    const limits = engine === 'cpu' ? LIMITS.processor : LIMITS.gpu;
    const trial = await tab.train(set, { engine, minibatch, dim: DIM, limits });
    losses.check(trial.device, minibatch, trial);
    const name = engine === 'cpu' ? 'CpuEngine, tab' : 'WebGpuEngine, tab';
    speeds.push({ name, device: trial.device, minibatch, pairsPerSecond: trial.pairsPerSecond });
  }
  return speeds;
}

/** The reference's loss of a lease, by minibatch size: an engine that is fast and wrong is no result. */
class Losses {
  readonly #expected = new Map<number, number>();

  expect(minibatch: number, { loss }: Trial): void {
    this.#expected.set(minibatch, loss);
  }

  /** @throws TributaryError LOSS_DIFFERS */
  check(device: string, minibatch: number, { loss }: Trial): void {
    const expected = this.#expected.get(minibatch) ?? Number.NaN;
    if (Math.abs(loss / expected - 1) <= LOSS_TOLERANCE) return;
    throw new TributaryError('LOSS_DIFFERS', `${device} has a loss of ${loss} where the reference has ${expected}`, {
      hint: 'The engine is wrong: run npm test.',
    });
  }
}

/** Milliseconds of processor time of this process: the unit of word2vec.c's own figure. */
function processorMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

function print({ name, device, parts, minibatch, clock, pairsPerSecond, wordsPerSecond, timesWord2vecC }: Speed): void {
  const thousands = (value: number): string => `${Math.round(value / 1000)} k`.padStart(7);
  const figures = `${thousands(pairsPerSecond)} pairs/s ${thousands(wordsPerSecond)} words/s`;
  const times = `${timesWord2vecC.toFixed(2).padStart(6)} × word2vec.c`;
  process.stdout.write(
    `${name.padEnd(18)} P=${parts} B=${String(minibatch).padEnd(4)}${figures} ${times}  ${clock.padEnd(9)}  ${device}\n`,
  );
}
