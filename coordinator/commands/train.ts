// tributary train: a run from corpus to vectors, with its pages served meanwhile.
import { existsSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Command } from 'commander';
import type { HeldOutStatus, ProbeStatus } from '../../protocol/status.ts';
import { scoreCategories } from '../../word2vec/evaluation/categories.ts';
import { NearestNeighbours } from '../../word2vec/similarity.ts';
import type { WordVectors } from '../../word2vec/vector-file.ts';
import { EXIT, TributaryError } from '../errors.ts';
import { Traffic } from '../leases/traffic.ts';
import { startLocalVolunteers } from '../local/local-volunteers.ts';
import { hasCheckpoint } from '../run/checkpoint.ts';
import { MOST_COUNTING_THREADS } from '../run/config.ts';
import { hasCounts, wasCounting } from '../run/counting-folder.ts';
import { lockFolder } from '../run/folder-lock.ts';
import { claimRemote, removeRemoteIfEmpty, uploadResults } from '../run/remote-results.ts';
import { takeUp } from '../run/resume.ts';
import { writeResults } from '../run/results.ts';
import { Run } from '../run/run.ts';
import { randomToken, readToken } from '../server/operator-token.ts';
import { isSecureWithoutTls, startServer } from '../server/server.ts';
import type { TlsKeys } from '../server/tls.ts';
import { PACKAGE_FOLDER, VERSION } from '../version.ts';
import { aboutRun } from '../settings/about-options.ts';
import { evaluateModel } from '../library/evaluation.ts';
import { evaluationText } from './eval.ts';
import { readAccess } from '../settings/hdfs-options.ts';
import { trainOptions } from '../settings/train-options.ts';
import type { TrainOptions } from '../settings/train-options.ts';
import type { TrainOutput } from './train-output.ts';
import { duration, trainOutput } from './train-output.ts';
import { claim, freshConfig, readProbes, refuseFixedOptions, removeIfEmpty, tlsKeys } from '../settings/train-setup.ts';

export function register(program: Command): void {
  const command = program
    .command('train')
    .summary('train vectors from a corpus, with everyone who opens the URL')
    .description(
      'Counts the words of a corpus and trains word vectors, skip-gram or CBOW, on the GPUs of those who open the URL it ' +
        'prints. Writes vectors.bin, vectors.txt (both load in gensim), vocab.txt and run.json.',
    )
    .argument(
      '[corpus...]',
      'webhdfs://HOST:PORT/path, a local file, directory or glob (text, .gz, .bz2, .zst), or sample:',
    )
    .addHelpText(
      'after',
      '\nExamples:\n  tributary train sample: --local 1\n  tributary train webhdfs://namenode:9870/corpora/enwiki --host 0.0.0.0 --tls self-signed' +
        '\n  tributary train --resume runs/2026-05-01T10-00-00Z\n\nExit codes: 0 trained, 1 failed, 2 bad usage, 130 interrupted (with a checkpoint).',
    );
  for (const option of trainOptions()) command.addOption(option);
  command.action((corpus: string[], options: TrainOptions) => train(corpus, options, command));
}

interface Access {
  readonly tls: TlsKeys | null;
  readonly token: string;
  /** Folder of the built pages. */
  readonly pages: string;
  /** What the operator should know before the run begins. */
  readonly warnings: readonly string[];
}

async function train(corpus: readonly string[], options: TrainOptions, command: Command): Promise<void> {
  const output = trainOutput(options.json);
  if (options.resume !== undefined) refuseFixedOptions(corpus, command);
  const fresh = options.resume === undefined ? freshConfig(corpus, command) : null;
  const tls = await tlsKeys(options);
  const hdfs = await readAccess(options);
  const probes = await readProbes(options.probe);
  const token = options.operatorTokenFile === undefined ? randomToken() : await readToken(options.operatorTokenFile);
  const pages = join(PACKAGE_FOLDER, 'dist', 'client');
  if (!existsSync(join(pages, 'index.html'))) {
    throw new TributaryError('PAGES_MISSING', `the built pages are not in ${pages}`, { hint: 'Run: npm run build' });
  }
  const out = fresh?.out ?? options.resume!;
  if (fresh !== null) await claim(out);
  // A folder without a checkpoint is refused when it is read.
  const known = existsSync(join(out, 'checkpoint')) || wasCounting(out);
  const lock = fresh !== null || known ? await lockFolder(out) : null;
  let madeRemote = false;
  try {
    const taken = fresh === null ? await takeUp(out) : null;
    const resumed = taken?.resumed ?? null;
    const { training, target } = fresh ?? taken!;
    // A resumed run has claimed it, and may have written there already.
    if (fresh?.target !== undefined) madeRemote = await claimRemote(fresh.target, hdfs.options);
    const threads = Math.min(MOST_COUNTING_THREADS, availableParallelism());
    const counting = { threads, memoryMiB: options.countMemory };
    const config = { training, target, counting, corpusOptions: hdfs.options, out, probes, version: VERSION };
    const run = new Run(config, resumed);
    await serve(run, options, output, { tls, token, pages, warnings: hdfs.warnings });
  } finally {
    await lock?.release();
    const isGone = fresh !== null && (await removeIfEmpty(out));
    if (isGone && madeRemote) await removeRemoteIfEmpty(fresh.target!, hdfs.options);
  }
}

/** Serves the pages while the run trains, and after it unless told to exit. */
async function serve(run: Run, options: TrainOptions, output: TrainOutput, access: Access): Promise<void> {
  const { config } = run;
  const { tls, token } = access;
  run.watch({ log: (event) => output.log(event) });
  const server = await startServer(run, {
    host: options.host,
    port: options.port,
    about: aboutRun(options),
    ...access,
  }).catch(async (error: unknown) => {
    await run.close();
    throw error;
  });
  // Closed from the last to the first: the run is there until nobody can reach it.
  const closers: (() => Promise<void>)[] = [() => run.close(), () => server.close()];
  run.watch({
    vocabulary: (words, tokens) => {
      const { counts } = run.facts;
      output.event('vocabulary', { words, tokens, epochs: config.training.epochs, counts });
    },
  });
  const dashboard = `${server.url}dashboard`;
  output.event(
    'listening',
    { url: server.url, urls: server.urls, dashboard, out: config.out, target: config.target },
    `\n  Volunteers open   ${server.urls.join('\n                    ')}\n  Dashboard         ${dashboard}\n  Operator token    ${options.operatorTokenFile === undefined ? token : `in ${options.operatorTokenFile}`}\n  Results           ${config.out}${config.target === undefined ? '' : `, in the end also\n                    ${config.target}`}\n`,
  );
  if (options.json && options.operatorTokenFile === undefined) process.stderr.write(`operator token: ${token}\n`);
  if (tls === null && !isSecureWithoutTls(options.host)) {
    run.note(
      'warning',
      `browsers offer WebGPU only on https or localhost: volunteers who reach ${options.host} without TLS will use their CPU; give --tls self-signed or --tls-cert, or put a TLS proxy in front`,
    );
  }
  for (const warning of access.warnings) run.note('warning', warning);
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
    await interruption.settled();
  }
}

/** Errors after which a checkpoint would not match the journal, would replace a good one by noise, or is written. */
const NOTHING_TO_KEEP: ReadonlySet<string> = new Set(['JOURNAL_UNWRITABLE', 'DIVERGED', 'UPLOAD_FAILED']);

/** After a failure: what is trained goes to a checkpoint, and the error says how to go on. */
async function keepWork(run: Run, error: unknown, out: string): Promise<unknown> {
  const final = error instanceof TributaryError && NOTHING_TO_KEEP.has(error.code);
  if (final) return error;
  if (run.training === null) return error instanceof TributaryError ? keepCounts(error, out) : error;
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

/** After a failure while counting that passes, or can be mended: how to go on with what is counted. */
function keepCounts(error: TributaryError, out: string): TributaryError {
  const { code, message, hint, exit } = error;
  if (!/^(HDFS_|CORPUS_UNREADABLE$|CORPUS_CORRUPT$)/.test(code) || !hasCounts(out)) return error;
  const kept = `What is counted is kept: go on with --resume ${out}`;
  return new TributaryError(code, message, { hint: hint === undefined ? kept : `${hint} ${kept}`, exit, cause: error });
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
  // This process' own volunteers compute honestly: numbers that cannot be come from training that diverges.
  const diverges = /^(NOT_FINITE|NORM_CAP):/.test(cause.message);
  return new TributaryError('LOCAL_FAILED', `the last local volunteer failed: ${cause.message}`, {
    hint: diverges
      ? 'Training diverges: start a new run with a lower --alpha.'
      : 'Leave --exit away, and let tabs join.',
    cause,
  });
}

/** A terminal and a supervisor may both pass the same Ctrl-C on: signals so close together, in ms, are one. */
const SAME_SIGNAL_MS = 1000;
/** Within so many ms the second copy has come. */
const SECOND_COPY_MS = 250;

/** The first signal asks for the end; a later one ends the process at once. */
function onInterrupt(): { readonly asked: Promise<'interrupted'>; settled(): Promise<void> } {
  let first: number | null = null;
  const asked = new Promise<'interrupted'>((onAsked) => {
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
  // A process on its way out handles no signals: the second copy of a Ctrl-C must find this one at work.
  const settled = async (): Promise<void> => {
    if (first !== null) await sleep(Math.max(0, first + SECOND_COPY_MS - performance.now()));
  };
  return { asked, settled };
}

async function interrupted(run: Run, output: TrainOutput, out: string): Promise<void> {
  output.stop();
  process.exitCode = EXIT.interrupted;
  if (run.training === null) {
    const counted = await run.counting.interrupt();
    const resumable = hasCheckpoint(join(out, 'checkpoint'));
    const goOn = `Go on with:\n  npm start -- --resume ${out}`;
    const text = resumable
      ? `Interrupted before training went on: the checkpoint is as it was. ${goOn}`
      : counted
        ? `Interrupted while counting: what is counted is kept. ${goOn}`
        : 'Interrupted while counting: nothing to keep.';
    output.event('interrupted', { checkpoint: resumable ? join(out, 'checkpoint') : null, counted }, text);
    return;
  }
  output.hush();
  process.stderr.write('Interrupted: writing a checkpoint …\n');
  run.pause();
  // Results that came while it was written are not in it: they are trained again.
  const done = await run.checkpoint();
  const total = run.training.totalTokens;
  output.event(
    'interrupted',
    { checkpoint: join(out, 'checkpoint'), done: Math.round(done), total },
    `Interrupted at ${((100 * done) / total).toFixed(1)} %. The checkpoint is written; go on with:\n  npm start -- --resume ${out}`,
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
  const quality = run.quality!;
  await quality.conclude(run.facts.tokensDone);
  await run.checkpoint();
  const vectors: WordVectors = { words, dim: model.dim, values: model.input };
  const categories = scoreCategories(vectors);
  const files = {
    ...(options.questions === undefined ? {} : { questions: options.questions }),
    ...(options.similarity === undefined ? {} : { similarity: options.similarity }),
  };
  const evaluation =
    options.questions === undefined && options.similarity === undefined ? null : await evaluateModel(vectors, files);
  const { tokensDone, tokensBefore, trafficGone } = run.facts;
  const share = tokensDone / training.totalTokens;
  const figures = {
    outcome,
    words: words.length,
    dim: model.dim,
    tokens: Math.round(run.facts.tokensDone),
    seconds,
    wordsPerSecond: seconds > 0 ? run.facts.tokensDone / seconds : 0,
    loss: run.loss.value,
    bytesPerWord: Traffic.sum(trafficGone, training.desk.volunteers).per(Math.max(1, tokensDone - tokensBefore)),
    heldOut: quality.heldOut,
    probe: quality.probe,
    diverged: quality.warning !== null,
    categories,
    evaluation,
  };
  const record = {
    tributary: VERSION,
    node: process.version,
    finished: new Date().toISOString(),
    configuration: run.config.training,
    changes: run.steering.state.changes,
    target: run.config.target,
    corpus: run.facts.opened,
    counts: run.facts.counts,
    textFaults: run.facts.textFaults,
    vocabulary: training.fingerprint,
    ...figures,
    leases: run.facts.leases,
  };
  const { out, target, corpusOptions } = run.config;
  const local = await writeResults(out, vectors, training.counts, record);
  const paths =
    target === undefined ? local : await uploadResults(target, run.bulletin.announced(corpusOptions), local, out);
  const end =
    outcome === 'trained' ? 'all epochs are trained' : `stopped by the operator at ${(100 * share).toFixed(1)} %`;
  run.complete(quality.warning === null ? end : `${end}, but ${quality.warning}`);
  output.event(
    'done',
    { ...paths, ...(target === undefined ? {} : { local }), ...figures },
    summary(vectors, figures, paths, evaluation === null ? '' : `\n${evaluationText(evaluation)}\n`, quality.warning),
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
    loss: number | null;
    heldOut: HeldOutStatus | null;
    probe: readonly ProbeStatus[];
    categories: ReturnType<typeof scoreCategories>;
  },
  paths: { vectors: string; vectorsText: string; vocabulary: string; run: string },
  evaluation: string,
  warning: string | null,
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
    `${kinds}${qualityText(figures)}${evaluation}`,
    `Files:\n  ${Object.values(paths).join('\n  ')}`,
    ...(warning === null ? [] : [`\nWarning: these vectors are hardly worth having: ${warning}.`]),
  ].join('\n');
}

/** What was measured on text that was not trained, a line each. */
function qualityText({ heldOut, probe }: { heldOut: HeldOutStatus | null; probe: readonly ProbeStatus[] }): string {
  const lines = probe.map(({ file, rho, found }) => `${file}: rho ${rho?.toFixed(4) ?? '-'} over ${found} pairs`);
  if (heldOut !== null && heldOut.loss !== null && heldOut.untrained !== null) {
    const { loss, untrained, lines: count } = heldOut;
    lines.unshift(`Held-out loss: ${loss.toFixed(3)} (untrained ${untrained.toFixed(3)}), ${count} lines`);
  }
  return lines.map((line) => `\n${line}\n`).join('');
}
