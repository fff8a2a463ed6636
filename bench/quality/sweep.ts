// Runs the measurements of a sweep, each as a process of its own, and keeps every result as soon as it is there.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Command } from 'commander';
import { wholeNumber } from '../../coordinator/settings/option-values.ts';
import { EXIT, TributaryError } from '../../coordinator/errors.ts';
import { type Circumstances, circumstances, entries, record } from '../record.ts';
import { corpus, path, paths } from './options.ts';
import type { QualityResult } from './result.ts';
import { QUESTIONS, SWEEPS, type Variant } from './sweeps.ts';

const PROGRAM = fileURLToPath(new URL('../main.ts', import.meta.url));
/** Name of the file of results. */
export const RESULTS = 'quality';

/** What a sweep keeps of each measurement. */
export interface SweepEntry extends Circumstances, QualityResult {
  readonly sweep: string;
  readonly variant: string;
  readonly seed: number;
  /** Further options as they were given, without folders. */
  readonly given: readonly string[];
}

interface SweepOptions {
  readonly corpus: string;
  readonly questions?: string;
  readonly similarity?: readonly string[];
  readonly seeds: readonly number[];
  readonly jobs: number;
  readonly only?: string;
  readonly again: boolean;
}

interface Job {
  readonly variant: Variant;
  readonly seed: number;
}

function seeds(text: string): readonly number[] {
  return text.split(',').map((one) => wholeNumber(0, 4294967295)(one));
}

export function sweepCommand(): Command {
  return new Command('npm run bench -- sweep')
    .summary('the measurements of a sweep, kept in bench/results/quality.json; those that are there are not repeated')
    .argument('<name>', `one of ${Object.keys(SWEEPS).join(', ')}`)
    .argument('[options...]', 'after --: further options of bench -- quality for every measurement')
    .requiredOption('--corpus <file>', 'text to train on', corpus)
    .option('--questions <file>', 'analogy questions to score with', path)
    .option('--similarity <file...>', 'word pairs with human scores to compare with', paths)
    .option('--seeds <list>', 'seeds, divided by commas', seeds, [1])
    .option('--jobs <n>', 'measurements at once', wholeNumber(1, 64), 1)
    .option('--only <text>', 'only those with this text in their names')
    .option('--again', 'also those that are there already', false)
    .showHelpAfterError('(--help shows what there is)')
    .action(sweep);
}

async function sweep(name: string, given: readonly string[], options: SweepOptions): Promise<void> {
  const variants = SWEEPS[name];
  if (variants === undefined) {
    throw new TributaryError('BENCH_OPTIONS', `there is no sweep ${name}`, {
      hint: `There are ${Object.keys(SWEEPS).join(', ')}.`,
      exit: EXIT.usage,
    });
  }
  const kept = options.again ? [] : (entries(RESULTS) as readonly SweepEntry[]);
  const known = [basename(options.corpus), ...given.map((text) => basename(text))];
  const keyOf = (variant: string, seed: number, with_: readonly string[]): string =>
    JSON.stringify([name, variant, seed, with_]);
  const there = new Set(
    kept.filter((entry) => entry.sweep === name).map((entry) => keyOf(entry.variant, entry.seed, entry.given)),
  );
  const wanted = variants.filter((variant) => options.only === undefined || variant.name.includes(options.only));
  const jobs = options.seeds
    .flatMap((seed) => wanted.map((variant): Job => ({ variant, seed })))
    .filter(({ variant, seed }) => !there.has(keyOf(variant.name, seed, known)));
  const begun = performance.now();
  let done = 0;
  const queue = jobs.values();
  const work = async (): Promise<void> => {
    for (const job of queue) {
      const about = circumstances();
      const result = await measure(job, options, given);
      const entry: SweepEntry = {
        ...about,
        sweep: name,
        variant: job.variant.name,
        seed: job.seed,
        given: known,
        ...result,
      };
      record(RESULTS, entry);
      const left = ((performance.now() - begun) / ++done) * (jobs.length - done);
      const eta = left > 0 ? `, about ${Math.ceil(left / 60_000)} min left` : '';
      process.stderr.write(`${name}: ${job.variant.name}, seed ${job.seed} (${done} of ${jobs.length}${eta})\n`);
    }
  };
  await Promise.all(Array.from({ length: Math.min(options.jobs, jobs.length) }, work));
}

/** @throws TributaryError RUN_FAILED, with the last lines of what it said */
async function measure(
  { variant, seed }: Job,
  options: SweepOptions,
  given: readonly string[],
): Promise<QualityResult> {
  const { corpus, questions, similarity = [] } = options;
  const chosen = variant.options.map((text) => (text === QUESTIONS ? (questions ?? '') : text));
  const files = [
    ...(questions === undefined ? [] : ['--questions', questions]),
    ...similarity.flatMap((file) => ['--similarity', file]),
  ];
  const command = ['quality', '--corpus', corpus, ...files, '--seed', String(seed), ...given, ...chosen, '--json'];
  const child = spawn(process.execPath, [...process.execArgv, PROGRAM, ...command], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const exit = once(child, 'close');
  let output = '';
  let said = '';
  child.stdout.setEncoding('utf8').on('data', (piece: string) => (output += piece));
  child.stderr.setEncoding('utf8').on('data', (piece: string) => (said = (said + piece).slice(-2000)));
  const [code] = (await exit) as [number | null];
  if (code !== 0) {
    throw new TributaryError('RUN_FAILED', `${variant.name} ended with ${code}:\n${said}`, {
      hint: `Run it by hand: npm run -s bench -- ${command.join(' ')}`,
    });
  }
  return withoutPaths(JSON.parse(output) as QualityResult);
}

/** Results are kept: no folder of this machine is in them. */
function withoutPaths(result: QualityResult): QualityResult {
  const bare = <T extends QualityResult['sequential'] | QualityResult['simulated']>(part: T): T =>
    part === undefined
      ? part
      : { ...part, similarity: part.similarity.map((one) => ({ ...one, file: basename(one.file) })) };
  const { config, sequential, simulated } = result;
  return {
    config,
    ...(sequential === undefined ? {} : { sequential: bare(sequential) }),
    ...(simulated === undefined ? {} : { simulated: bare(simulated) }),
  };
}
