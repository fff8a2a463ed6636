// tributary train: a run from corpus to vectors, with its pages served meanwhile.
import { existsSync } from 'node:fs';
import { mkdir, readdir, rmdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { Command } from 'commander';
import { scoreCategories } from '../../word2vec/evaluation/categories.ts';
import { NearestNeighbours } from '../../word2vec/similarity.ts';
import type { WordVectors } from '../../word2vec/vector-file.ts';
import { parseHostMap } from '../corpus/host-map.ts';
import type { CorpusOptions } from '../corpus/source.ts';
import { EXIT, TributaryError } from '../errors.ts';
import { startLocalVolunteers } from '../local/local-volunteers.ts';
import type { RunConfig, TrainingConfig } from '../run/config.ts';
import { resumeRun } from '../run/resume.ts';
import type { ResumedRun } from '../run/resume.ts';
import { writeResults } from '../run/results.ts';
import { Run } from '../run/run.ts';
import { randomToken, readToken } from '../server/operator-token.ts';
import { isSecureWithoutTls, startServer } from '../server/server.ts';
import type { TlsKeys } from '../server/tls.ts';
import { readTls, selfSigned } from '../server/tls.ts';
import { PACKAGE_FOLDER, VERSION } from '../version.ts';
import { evaluateModel, evaluationText } from './eval.ts';
import { FIXED_BY_CHECKPOINT, trainOptions } from './train-options.ts';
import type { TrainOptions } from './train-options.ts';
import type { TrainOutput } from './train-output.ts';
import { duration, trainOutput } from './train-output.ts';

export function register(program: Command): void {
  const command = program
    .command('train')
    .summary('train vectors from a corpus, with everyone who opens the URL')
    .description(
      'Counts the words of a corpus and trains word vectors: skip-gram with negative sampling, on the GPUs of those who ' +
        'open the URL it prints. Writes vectors.bin, vectors.txt (both load in gensim), vocab.txt and run.json.',
    )
    .argument('[corpus...]', 'webhdfs://HOST:PORT/path, a local file, directory or glob (text, .gz, .bz2), or sample:')
    .addHelpText(
      'after',
      '\nExamples:\n  tributary train sample: --local 1\n  tributary train webhdfs://namenode:9870/corpora/enwiki --host 0.0.0.0 --tls self-signed' +
        '\n  tributary train --resume runs/2026-05-01T10-00-00Z\n\nExit codes: 0 trained, 1 failed, 2 bad usage, 130 interrupted (with a checkpoint).',
    );
  for (const option of trainOptions()) command.addOption(option);
  command.action((corpus: string[], options: TrainOptions) => train(corpus, options, command));
}

async function train(corpus: readonly string[], options: TrainOptions, command: Command): Promise<void> {
  const output = trainOutput(options.json);
  const resumed = options.resume === undefined ? null : await takeUp(options.resume, corpus, command);
  const config =
    resumed === null
      ? freshConfig(corpus, options)
      : {
          training: resumed.state.training,
          corpusOptions: corpusOptions(options),
          out: options.resume!,
          version: VERSION,
        };
  const tls = await tlsKeys(options);
  const token = options.operatorTokenFile === undefined ? randomToken() : await readToken(options.operatorTokenFile);
  const pages = join(PACKAGE_FOLDER, 'dist', 'client');
  if (!existsSync(join(pages, 'index.html'))) {
    throw new TributaryError('PAGES_MISSING', `the built pages are not in ${pages}`, { hint: 'Run: npm run build' });
  }
  if (resumed === null) await claim(config.out);
  const run = new Run(config, resumed);
  run.watch({ log: (event) => output.log(event) });
  const server = await startServer(run, { host: options.host, port: options.port, tls, token, pages }).catch(
    async (error: unknown) => {
      await run.close();
      await removeIfEmpty(config.out);
      throw error;
    },
  );
  // Closed from the last to the first: the run is there until nobody can reach it.
  const closers: (() => Promise<void>)[] = [() => run.close(), () => server.close()];
  run.watch({
    vocabulary: (words, tokens) => output.event('vocabulary', { words, tokens, epochs: config.training.epochs }),
  });
  const dashboard = `${server.url}dashboard`;
  output.event(
    'listening',
    { url: server.url, urls: server.urls, dashboard, out: config.out },
    `\n  Volunteers open   ${server.urls.join('\n                    ')}\n  Dashboard         ${dashboard}\n  Operator token    ${options.operatorTokenFile === undefined ? token : `in ${options.operatorTokenFile}`}\n  Results           ${config.out}\n`,
  );
  if (options.json && options.operatorTokenFile === undefined) process.stderr.write(`operator token: ${token}\n`);
  if (tls === null && !isSecureWithoutTls(options.host)) {
    run.note(
      'warning',
      `browsers offer WebGPU only on https or localhost: volunteers who reach ${options.host} without TLS will use their CPU; give --tls self-signed or --tls-cert, or put a TLS proxy in front`,
    );
  }
  const interruption = onInterrupt();
  output.start(run);
  try {
    const outcome = await Promise.race([work(run, options, closers), interruption.asked]);
    if (outcome === 'interrupted') {
      await interrupted(run, output, config.out);
      return;
    }
    output.stop();
    await conclude(run, outcome, options, output);
    if (options.exit) return;
    output.event('serving', { url: server.url }, `\nServing on at ${server.url} for queries; end with Ctrl-C.`);
    await interruption.asked;
  } catch (error) {
    output.stop();
    throw await keepWork(run, error, config.out);
  } finally {
    output.stop();
    for (const close of closers.reverse()) await close();
    await removeIfEmpty(config.out);
  }
}

/** Errors after which a checkpoint would not match the journal, or would replace a good one by noise. */
const NOTHING_TO_KEEP: ReadonlySet<string> = new Set(['JOURNAL_UNWRITABLE', 'DIVERGED']);

/** After a failure: what is trained goes to a checkpoint, and the error says how to go on. */
async function keepWork(run: Run, error: unknown, out: string): Promise<unknown> {
  const final = error instanceof TributaryError && NOTHING_TO_KEEP.has(error.code);
  if (run.training === null || final) return error;
  const { code, message, hint, exit } =
    error instanceof TributaryError
      ? error
      : { code: 'INTERNAL', message: String((error as Error).stack ?? error), hint: undefined, exit: EXIT.failed };
  let kept: string;
  try {
    await run.checkpoint();
    kept = `The work so far is in ${join(out, 'checkpoint')}: go on with --resume ${out}`;
  } catch (second) {
    kept = `No checkpoint could be written (${second instanceof Error ? second.message : String(second)}); --resume ${out} goes on from the last one, if there is one.`;
  }
  return new TributaryError(code, message, { hint: hint === undefined ? kept : `${hint} ${kept}`, exit, cause: error });
}

/** A run that came to nothing leaves no empty folder behind. */
async function removeIfEmpty(out: string): Promise<void> {
  try {
    await rmdir(out);
  } catch (error) {
    // ENOTEMPTY (EEXIST on some systems): there is a run in it. ENOENT: somebody was faster.
    const code = (error as NodeJS.ErrnoException).code ?? '';
    if (!['ENOTEMPTY', 'EEXIST', 'ENOENT'].includes(code))
      process.stderr.write(`${out} is empty and could not be removed (${code})\n`);
  }
}

/** Prepares and trains. Answers how the training ended. */
async function work(run: Run, options: TrainOptions, closers: (() => Promise<void>)[]): Promise<'trained' | 'stopped'> {
  const { desk } = await run.prepare();
  if (options.local > 0) {
    const local = startLocalVolunteers(desk, options.local, (error) => {
      run.note('error', `a local volunteer failed: ${error.message}`);
      // A script would wait for ever; people see that nobody is here, and may open the URL.
      if (options.exit && desk.volunteers.length === 0) run.fail(localFailed(error));
    });
    closers.push(() => local.close());
  }
  return run.ended();
}

function localFailed(cause: Error): TributaryError {
  return new TributaryError('LOCAL_FAILED', `the last local volunteer failed: ${cause.message}`, {
    hint: 'Leave --exit away, and let tabs join.',
    cause,
  });
}

async function takeUp(folder: string, corpus: readonly string[], command: Command): Promise<ResumedRun> {
  const given = FIXED_BY_CHECKPOINT.filter((name) => command.getOptionValueSource(name) === 'cli').map(
    (name) => `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`,
  );
  if (corpus.length > 0) given.unshift('a corpus');
  if (given.length > 0) {
    throw new TributaryError(
      'RESUME_OPTIONS',
      `--resume takes the run's settings from its checkpoint; ${given.join(', ')} cannot be given again`,
      {
        hint: 'Leave them out, or start a new run without --resume.',
        exit: EXIT.usage,
      },
    );
  }
  return resumeRun(folder);
}

function freshConfig(corpus: readonly string[], options: TrainOptions): RunConfig {
  const out = options.out ?? join('runs', new Date().toISOString().slice(0, 19).replaceAll(':', '-') + 'Z');
  const config: TrainingConfig = {
    corpus: corpus.length > 0 ? corpus.map(fixedPlace) : ['sample:'],
    vocab: options.vocab === '' ? '' : fixedPlace(options.vocab),
    dim: options.dim,
    window: options.window,
    negative: options.negative,
    sample: options.sample,
    minCount: options.minCount,
    maxVocab: options.maxVocab,
    epochs: options.epochs,
    alpha: options.alpha,
    seed: options.seed,
    schedule: options.schedule,
    batch: options.batch,
    rowsDown: options.rows,
    rowsUp: options.rows,
  };
  return { training: config, corpusOptions: corpusOptions(options), out, version: VERSION };
}

/** A local path is made absolute, so that the run can be resumed from any folder. */
function fixedPlace(spec: string): string {
  return spec === '' || spec.startsWith('sample:') || /^[A-Za-z][A-Za-z0-9+.-]+:\/\//.test(spec) ? spec : resolve(spec);
}

/** Makes the folder; one with anything in it is somebody's work. */
async function claim(out: string): Promise<void> {
  let entries: string[] = [];
  try {
    await mkdir(out, { recursive: true });
    entries = await readdir(out);
  } catch (cause) {
    throw new TributaryError(
      'OUT_UNUSABLE',
      `cannot make the folder ${out}: ${cause instanceof Error ? cause.message : String(cause)}`,
      {
        hint: 'Give --out a folder that can be made.',
        cause,
      },
    );
  }
  if (entries.length > 0) {
    throw new TributaryError('OUT_EXISTS', `${out} exists and is not empty`, {
      hint: `Give --out another folder, or --resume ${out} to go on with that run.`,
      exit: EXIT.failed,
    });
  }
}

function corpusOptions(options: TrainOptions): CorpusOptions {
  return {
    hdfsUser: options.hdfsUser,
    hdfsTokenFile: options.hdfsTokenFile,
    hdfsHostMap: options.hdfsHostMap === undefined ? undefined : parseHostMap(options.hdfsHostMap),
  };
}

async function tlsKeys(options: TrainOptions): Promise<TlsKeys | null> {
  if (options.tlsCert !== undefined && options.tlsKey !== undefined) return readTls(options.tlsCert, options.tlsKey);
  if (options.tlsCert !== undefined || options.tlsKey !== undefined) {
    throw new TributaryError('TLS_FILES', '--tls-cert and --tls-key belong together', {
      hint: 'Give both, or --tls self-signed.',
      exit: EXIT.usage,
    });
  }
  return options.tls === undefined ? null : selfSigned(options.host);
}

/** A terminal and a supervisor may both pass the same Ctrl-C on: signals so close together, in ms, are one. */
const SAME_SIGNAL_MS = 1000;

/** The first signal asks for the end; a later one ends the process at once. */
function onInterrupt(): { readonly asked: Promise<'interrupted'> } {
  const asked = new Promise<'interrupted'>((onAsked) => {
    let first: number | null = null;
    const handler = (): void => {
      const now = performance.now();
      first ??= now;
      if (now - first > SAME_SIGNAL_MS) process.exit(EXIT.interrupted);
      onAsked('interrupted');
    };
    // For as long as the process lives: while it closes, the same signal may come again.
    process.on('SIGINT', handler);
    process.on('SIGTERM', handler);
  });
  return { asked };
}

async function interrupted(run: Run, output: TrainOutput, out: string): Promise<void> {
  output.stop();
  process.exitCode = EXIT.interrupted;
  if (run.training === null) {
    const resumable = existsSync(join(out, 'checkpoint', 'latest'));
    const text = resumable
      ? `Interrupted before training went on: the checkpoint is as it was. Go on with:\n  npm start -- --resume ${out}`
      : 'Interrupted while counting: nothing to keep.';
    output.event('interrupted', { checkpoint: resumable ? join(out, 'checkpoint') : null }, text);
    return;
  }
  output.hush();
  process.stderr.write('Interrupted: writing a checkpoint …\n');
  run.pause();
  await run.checkpoint();
  const total = run.training.totalTokens;
  output.event(
    'interrupted',
    { checkpoint: join(out, 'checkpoint'), done: Math.round(run.facts.tokensDone), total },
    `Interrupted at ${((100 * run.facts.tokensDone) / total).toFixed(1)} %. The checkpoint is written; go on with:\n  npm start -- --resume ${out}`,
  );
}

/** Writes the results and says how good they are. */
async function conclude(
  run: Run,
  outcome: 'trained' | 'stopped',
  options: TrainOptions,
  output: TrainOutput,
): Promise<void> {
  const training = run.training!;
  const { model, words } = training;
  const seconds = run.trainedSeconds;
  await run.checkpoint();
  const vectors: WordVectors = { words, dim: model.dim, values: model.input };
  const categories = scoreCategories(vectors);
  const files = {
    ...(options.questions === undefined ? {} : { questions: options.questions }),
    ...(options.similarity === undefined ? {} : { similarity: options.similarity }),
  };
  const evaluation =
    options.questions === undefined && options.similarity === undefined ? null : await evaluateModel(vectors, files);
  const share = run.facts.tokensDone / training.totalTokens;
  const figures = {
    outcome,
    words: words.length,
    dim: model.dim,
    tokens: Math.round(run.facts.tokensDone),
    seconds,
    wordsPerSecond: seconds > 0 ? run.facts.tokensDone / seconds : 0,
    loss: run.loss.value,
    categories,
    evaluation,
  };
  const record = {
    tributary: VERSION,
    node: process.version,
    finished: new Date().toISOString(),
    configuration: run.config.training,
    corpus: run.facts.opened,
    vocabulary: training.fingerprint,
    ...figures,
    leases: run.facts.leases,
  };
  const paths = await writeResults(run.config.out, vectors, training.counts, record);
  run.complete(
    outcome === 'trained' ? 'all epochs are trained' : `stopped by the operator at ${(100 * share).toFixed(1)} %`,
  );
  output.event(
    'done',
    { ...paths, ...figures },
    summary(vectors, figures, paths, evaluation === null ? '' : `\n${evaluationText(evaluation)}\n`),
  );
}

const PROBES = ['father', 'king', 'president', 'water', 'three', 'red', 'went', 'church'];

function summary(
  vectors: WordVectors,
  figures: {
    outcome: string;
    words: number;
    tokens: number;
    seconds: number;
    wordsPerSecond: number;
    categories: ReturnType<typeof scoreCategories>;
  },
  paths: { vectors: string; vectorsText: string; vocabulary: string; run: string },
  evaluation: string,
): string {
  const known = new Set(vectors.words);
  const probes = PROBES.filter((word) => known.has(word)).slice(0, 5);
  // A corpus in another language: words that are neither the commonest nor rare.
  const step = Math.max(1, Math.min(100, Math.floor(vectors.words.length / 5)));
  for (let id = step; probes.length < 4 && id < vectors.words.length; id += step) probes.push(vectors.words[id]!);
  const index = new NearestNeighbours(vectors);
  const width = Math.max(...probes.map((word) => word.length));
  const neighbours = probes.map(
    (word) =>
      `  ${word.padEnd(width)}  ${index
        .nearest([word], [], 6)
        .map((one) => one.word)
        .join(', ')}`,
  );
  const { correct, found, words, chance } = figures.categories;
  const kinds =
    found >= 20
      ? `\nWords of one kind: ${correct} of ${found} have their nearest in their own kind (${((100 * correct) / found).toFixed(0)} %, chance ${(100 * chance).toFixed(0)} %; ${words} asked)\n`
      : '';
  return [
    `\n${figures.outcome === 'trained' ? 'Trained' : 'Stopped'}: ${figures.words.toLocaleString('en')} words, ${figures.tokens.toLocaleString('en')} tokens in ${duration(figures.seconds)} (${Math.round(figures.wordsPerSecond).toLocaleString('en')} words/s)`,
    `\nNearest neighbours:\n${neighbours.join('\n')}`,
    `${kinds}${evaluation}`,
    `Files:\n  ${Object.values(paths).join('\n  ')}`,
  ].join('\n');
}
