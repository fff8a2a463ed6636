// Parity: the sequential reference beside word2vec.c and gensim on one corpus, over seeds, by one scorer.
import { createHash } from 'node:crypto';
import { createReadStream, existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { readParsed, reading } from '../../coordinator/settings/input-files.ts';
import { parsePairs, parseQuestions } from '../../word2vec/evaluation/question-files.ts';
import { type Circumstances, circumstances, record } from '../record.ts';
import { gensim } from './gensim.ts';
import type { ParityOptions } from './options.ts';
import { reference } from './reference.ts';
import { ANALOGIES, type Difference, differences, type ScoredRun, scoresOf, type Spread, spreads } from './scores.ts';
import type { ParityRun, ParitySettings, Program, ProgramName } from './settings.ts';
import { word2vecC } from './word2vec-c.ts';

interface Entry extends Circumstances {
  readonly corpus: { readonly file: string; readonly bytes: number; readonly sha256: string };
  readonly settings: ParitySettings;
  /** What each program is. */
  readonly programs: Readonly<Partial<Record<ProgramName, string>>>;
  readonly runs: readonly ScoredRun[];
  readonly spreads: readonly Spread[];
  readonly differences: readonly Difference[];
}

export async function runParity(options: ParityOptions): Promise<void> {
  const about = circumstances();
  const { corpus, dim, window, negative, sample, minCount, epochs, alpha } = options;
  const settings: ParitySettings = { dim, window, negative, sample, minCount, epochs, alpha };
  // Read before anything is trained: a typing error shows at once.
  if (options.questions !== undefined) await readParsed(options.questions, parseQuestions);
  for (const file of options.similarity ?? []) await readParsed(file, parsePairs);
  const text = { file: basename(corpus), ...(await fingerprint(corpus)) };
  const temporary = mkdtempSync(join(tmpdir(), 'tributary-bench-'));
  try {
    const programs = await programsOf(options, temporary);
    const runs = await trainAll(
      programs,
      options,
      settings,
      vectorFolder(options.folder ?? temporary, text.sha256, settings),
    );
    const all = spreads(runs);
    const entry: Entry = {
      ...about,
      corpus: text,
      settings,
      programs: Object.fromEntries([...programs].map(([name, program]) => [name, program.about])),
      runs,
      spreads: all,
      differences: differences(all),
    };
    record('parity', entry);
    process.stdout.write(options.json ? `${JSON.stringify(entry)}\n` : tables(entry));
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
}

/** @throws TributaryError FILE_NOT_FOUND, FILE_NOT_READABLE */
async function fingerprint(corpus: string): Promise<{ readonly bytes: number; readonly sha256: string }> {
  const hash = createHash('sha256');
  let bytes = 0;
  await reading(corpus, async () => {
    for await (const piece of createReadStream(corpus)) {
      hash.update(piece as Buffer);
      bytes += (piece as Buffer).length;
    }
  });
  return { bytes, sha256: hash.digest('hex') };
}

/** One for each text and settings, so that vectors of others are not taken for these. */
function vectorFolder(folder: string, sha256: string, settings: ParitySettings): string {
  const name = createHash('sha256')
    .update(JSON.stringify([sha256, settings]))
    .digest('hex')
    .slice(0, 12);
  mkdirSync(join(folder, name), { recursive: true });
  return join(folder, name);
}

async function programsOf(options: ParityOptions, folder: string): Promise<ReadonlyMap<ProgramName, Program>> {
  const makers: Readonly<Record<ProgramName, () => Program | Promise<Program>>> = {
    'word2vec.c': () => word2vecC(options.corpus, folder, options.seeds),
    gensim: () => gensim(options.corpus),
    reference: () => reference(options.corpus),
  };
  const programs = new Map<ProgramName, Program>();
  for (const name of options.programs) programs.set(name, await makers[name]());
  return programs;
}

/** All runs, `jobs` at a time, in the order of seeds, so that after a while there is something of everything. */
async function trainAll(
  programs: ReadonlyMap<ProgramName, Program>,
  options: ParityOptions,
  settings: ParitySettings,
  folder: string,
): Promise<ScoredRun[]> {
  const runs: ParityRun[] = options.objectives.flatMap((objective) =>
    options.seeds.flatMap((seed) => options.programs.map((program) => ({ program, objective, seed }))),
  );
  const scored: ScoredRun[] = [];
  const start = performance.now();
  const waiting = runs.entries();
  const work = async (): Promise<void> => {
    for (const [at, run] of waiting) {
      const out = join(folder, `${run.program}-${run.objective}-e${settings.epochs}-s${run.seed}.bin`);
      const seconds = existsSync(out) ? null : await trainInto(out, programs.get(run.program)!, run, settings);
      const one = { ...run, seconds, ...(await scoresOf(out, options)) };
      if (options.folder === undefined) rmSync(out);
      scored[at] = one;
      const done = scored.filter(() => true).length;
      const left = ((performance.now() - start) / done) * (runs.length - done);
      process.stderr.write(`parity: ${done} of ${runs.length}, about ${minutes(left)} left: ${lineOf(one)}\n`);
    }
  };
  await Promise.all(Array.from({ length: options.jobs }, work));
  return scored;
}

/** Vectors come into being under another name, so that a run that was cut short is not taken for one. */
async function trainInto(out: string, program: Program, run: ParityRun, settings: ParitySettings): Promise<number> {
  const start = performance.now();
  await program.train(run, settings, `${out}.part`);
  renameSync(`${out}.part`, out);
  return (performance.now() - start) / 1000;
}

function minutes(ms: number): string {
  return `${Math.ceil(ms / 60_000)} min`;
}

function lineOf({ program, objective, seed, seconds, scores }: ScoredRun): string {
  const figures = scores.map(({ measure, value }) => `${measure} ${shown(measure, value)}`);
  const time = seconds === null ? 'already there' : `${seconds.toFixed(0)} s`;
  return [`${program} ${objective} seed ${seed}`, time, ...figures].join(', ');
}

function shown(measure: string, value: number): string {
  return measure === ANALOGIES ? `${value.toFixed(2)} %` : value.toFixed(4);
}

function tables({ spreads: all, differences: apart }: Entry): string {
  const lines = all.map(({ objective, measure, program, runs, mean, sd }) => {
    const spread = sd === null ? '' : ` ± ${shown(measure, sd)}`;
    return `${objective.padEnd(9)}${measure.padEnd(18)}${program.padEnd(11)}${shown(measure, mean)}${spread} (${runs})`;
  });
  const verdicts = apart.map(({ objective, measure, others, difference, bar }) => {
    const sign = difference < 0 ? '−' : '+';
    const verdict = Math.abs(difference) <= bar ? 'within' : 'beyond';
    const figures = `${sign}${shown(measure, Math.abs(difference))} from ${shown(measure, others)}`;
    return `${objective.padEnd(9)}${measure.padEnd(18)}reference  ${figures}: ${verdict} ${shown(measure, bar)}`;
  });
  return `${[...lines, '', ...verdicts].join('\n')}\n`;
}
