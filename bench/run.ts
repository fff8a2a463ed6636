// Whole runs on the sample corpus beside word2vec.c on the same text with the same settings: time, and quality by one
// scorer.
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { evaluateModel } from '../coordinator/library/evaluation.ts';
import { readParsed, readVectors } from '../coordinator/settings/input-files.ts';
import { TributaryError } from '../coordinator/errors.ts';
import { DEFAULT_ALPHA as GRID_ALPHA } from '../coordinator/run/config.ts';
import { scoreCategories } from '../word2vec/evaluation/categories.ts';
import { parsePairs } from '../word2vec/evaluation/question-files.ts';
import { type Circumstances, circumstances, record } from './record.ts';
import { sampleText } from './sample-text.ts';
import { type Build, buildWord2vecC, DEFAULT_ALPHA, type SharedSettings } from './word2vec-c.ts';

const PROGRAM = fileURLToPath(new URL('../scripts/tributary.mjs', import.meta.url));
const SETTINGS: SharedSettings = { dim: 100, window: 5, negative: 5, sample: 1e-3, minCount: 5, epochs: 5 };
/** Each program with its own learning rate and with the other's, so that the rates' share of the quality shows. */
const BASELINES: readonly { readonly build: Build; readonly alpha: number }[] = [
  { build: 'word2vec.c', alpha: DEFAULT_ALPHA },
  { build: 'word2vec.c -Ofast', alpha: GRID_ALPHA },
];
const RUNS: readonly { readonly local: number; readonly alpha: number }[] = [
  { local: 1, alpha: GRID_ALPHA },
  { local: 2, alpha: GRID_ALPHA },
  { local: 1, alpha: DEFAULT_ALPHA },
];
/** Tokens that two programs may count apart on the same text. */
const TOKENS_TOLERANCE = 0.001;

/** How good vectors are. */
interface Quality {
  readonly words: number;
  /** Of the built-in probe: words whose nearest word is of their own kind, and words asked. */
  readonly categories: { readonly correct: number; readonly found: number };
  /** Spearman's ρ and the pairs it is of; null without --similarity. */
  readonly similarity: { readonly rho: number | null; readonly found: number } | null;
}

interface Row extends Quality {
  readonly name: string;
  /** Learning rate at the start. */
  readonly alpha: number;
  /** Training alone, wall clock; of word2vec.c its processor time, which on one thread is the same or less. */
  readonly trainingSeconds: number;
  /** The whole process: start, counting, training, writing files. */
  readonly totalSeconds: number;
  /** Words of the vocabulary over training time, all epochs. */
  readonly wordsPerSecond: number;
  readonly timesWord2vecC: number;
}

interface Entry extends Circumstances {
  readonly settings: SharedSettings;
  /** Words of the vocabulary in all epochs, before subsampling. */
  readonly tokens: number;
  readonly rows: readonly Row[];
}

interface Options {
  readonly json: boolean;
  /** Rated word pairs. */
  readonly similarity: string | undefined;
}

/** Takes one row; its quality is scored here. */
type Report = (figures: Omit<Row, keyof Quality | 'timesWord2vecC'>, vectors: string) => Promise<void>;

/** The last line of `train --json`, as far as it is used here. */
interface Done {
  readonly event: 'done';
  readonly vectors: string;
  readonly tokens: number;
  readonly seconds: number;
}

export async function benchRun({ json, similarity: given }: Options): Promise<void> {
  const about = circumstances();
  // npm changes to the project's folder; the path is meant from where the command was given.
  const similarity = given === undefined ? undefined : resolve(process.env['INIT_CWD'] ?? '.', given);
  // Read before anything is trained: a typing error shows at once.
  if (similarity !== undefined) await readParsed(similarity, parsePairs);
  const rows: Row[] = [];
  let yardstick: number | undefined;
  const report: Report = async (figures, vectors) => {
    yardstick ??= figures.wordsPerSecond;
    const quality = await score(vectors, similarity);
    const row: Row = { ...figures, timesWord2vecC: figures.wordsPerSecond / yardstick, ...quality };
    rows.push(row);
    if (!json) print(row);
  };
  const text = await sampleText();
  const tokens = vocabularyTokens(text) * SETTINGS.epochs;
  const program = buildWord2vecC(text);
  try {
    for (const { build, alpha } of BASELINES) {
      const trained = program.train(build, SETTINGS, alpha);
      // Its speed counts the ends of lines as words, its time does not depend on what is counted.
      const trainingSeconds = (tokens + text.split('\n').length * SETTINGS.epochs) / trained.wordsPerSecond;
      const times = { trainingSeconds, totalSeconds: trained.seconds, wordsPerSecond: tokens / trainingSeconds };
      await report({ name: build, alpha, ...times }, trained.vectors);
    }
  } finally {
    program.dispose();
  }
  await runs(tokens, report);
  const entry: Entry = { ...about, settings: SETTINGS, tokens, rows };
  record('run', entry);
  if (json) process.stdout.write(`${JSON.stringify(entry)}\n`);
}

async function runs(tokens: number, report: Report): Promise<void> {
  // Builds first where a source is newer than dist/, so that no run's time holds a build.
  const built = spawnSync(process.execPath, [PROGRAM, '--version'], { stdio: ['ignore', 'ignore', 'inherit'] });
  if (built.status !== 0) throw runFailed('tributary --version failed');
  const folder = mkdtempSync(join(tmpdir(), 'tributary-bench-'));
  try {
    for (const [at, { local, alpha }] of RUNS.entries()) {
      const start = performance.now();
      const done = await train(local, alpha, join(folder, String(at)));
      const totalSeconds = (performance.now() - start) / 1000;
      if (Math.abs(done.tokens / tokens - 1) > TOKENS_TOLERANCE) {
        throw runFailed(`the run trained ${done.tokens} tokens, word2vec.c's text has ${tokens}`);
      }
      const times = { trainingSeconds: done.seconds, totalSeconds, wordsPerSecond: tokens / done.seconds };
      await report({ name: `tributary --local ${local}`, alpha, ...times }, done.vectors);
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** One whole run. @throws TributaryError RUN_FAILED, with the last lines of its log */
async function train(local: number, alpha: number, out: string): Promise<Done> {
  const { dim, window, negative, sample, minCount, epochs } = SETTINGS;
  const numbers = { dim, window, negative, sample, 'min-count': minCount, epochs, alpha, local, port: 0 };
  const options = Object.entries(numbers).flatMap(([name, value]) => [`--${name}`, String(value)]);
  const command = [PROGRAM, 'train', 'sample:', ...options, '--out', out, '--exit', '--json'];
  const child = spawn(process.execPath, command, { stdio: ['ignore', 'pipe', 'pipe'] });
  const exit = once(child, 'exit');
  let log = '';
  child.stderr.setEncoding('utf8').on('data', (piece: string) => (log = (log + piece).slice(-2000)));
  let done: Done | undefined;
  for await (const line of createInterface({ input: child.stdout })) {
    const event = JSON.parse(line) as Done | { readonly event: 'progress' };
    if (event.event === 'done') done = event;
  }
  const [code] = (await exit) as [number | null];
  if (code !== 0 || done === undefined) throw runFailed(`train --local ${local} ended with ${code}:\n${log}`);
  return done;
}

function runFailed(message: string): TributaryError {
  return new TributaryError('RUN_FAILED', message, { hint: 'Run it by hand: npm start -- --exit' });
}

/** Occurrences of the words that are seen often enough. */
function vocabularyTokens(text: string): number {
  const tally = new Map<string, number>();
  for (const word of text.split(/\s+/)) tally.set(word, (tally.get(word) ?? 0) + 1);
  return [...tally.values()].reduce((sum, count) => sum + (count >= SETTINGS.minCount ? count : 0), 0);
}

async function score(path: string, similarity: string | undefined): Promise<Quality> {
  const vectors = await readVectors(path);
  const { correct, found } = scoreCategories(vectors);
  const quality = { words: vectors.words.length, categories: { correct, found } };
  if (similarity === undefined) return { ...quality, similarity: null };
  const [pairs] = (await evaluateModel(vectors, { similarity: [similarity] })).similarity;
  return { ...quality, similarity: { rho: pairs!.rho, found: pairs!.found } };
}

function print(row: Row): void {
  const { name, alpha, trainingSeconds, totalSeconds, wordsPerSecond, timesWord2vecC, categories, similarity } = row;
  const time = `${trainingSeconds.toFixed(1).padStart(6)} s training ${totalSeconds.toFixed(1).padStart(6)} s in all`;
  const speed = `${String(Math.round(wordsPerSecond / 1000)).padStart(5)} k words/s ${timesWord2vecC.toFixed(2).padStart(6)} ×`;
  const rho =
    similarity === null ? '' : `  similarity ${similarity.rho?.toFixed(3) ?? '-'} (${similarity.found} pairs)`;
  process.stdout.write(
    `${name.padEnd(19)} α=${String(alpha).padEnd(6)}${time} ${speed}  kinds ${categories.correct} of ${categories.found}${rho}\n`,
  );
}
