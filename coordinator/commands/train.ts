// tributary train: a run from corpus to vectors, with its pages served meanwhile.
import { setTimeout as sleep } from 'node:timers/promises';
import type { Command } from 'commander';
import { NearestNeighbours } from '../../word2vec/similarity.ts';
import type { WordVectors } from '../../word2vec/vector-file.ts';
import { EXIT } from '../errors.ts';
import type { TrainingFigures, TrainingResult } from '../library/conclusion.ts';
import { TrainingRun } from '../library/training-run.ts';
import type { ResultPaths } from '../run/results.ts';
import { trainOptions } from '../settings/train-options.ts';
import type { TrainOptions } from '../settings/train-options.ts';
import { evaluationText } from './eval.ts';
import type { TrainOutput } from './train-output.ts';
import { duration, trainOutput } from './train-output.ts';

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

async function train(corpus: readonly string[], options: TrainOptions, command: Command): Promise<void> {
  const output = trainOutput(options.json);
  const given = (name: keyof TrainOptions): boolean => command.getOptionValueSource(name) === 'cli';
  const training: TrainingRun = await TrainingRun.open(corpus, options, given, {
    log: (event) => output.log(event),
    vocabulary: (words, tokens) => {
      const { epochs } = training.status.config;
      output.event('vocabulary', { words, tokens, epochs, counts: training.facts.counts });
    },
  });
  listening(training, options, output);
  const interruption = onInterrupt();
  output.start(() => training.status);
  try {
    const result = await Promise.race([training.result, interruption.asked]);
    output.stop();
    if (result === 'interrupted') {
      await interrupted(training, output);
      return;
    }
    conclusion(training, result, output);
    if (options.exit) return;
    output.event('serving', { url: training.url }, `\nServing on at ${training.url} for queries; end with Ctrl-C.`);
    await interruption.asked;
  } finally {
    output.stop();
    await training.close();
    await interruption.settled();
  }
}

/** Where to go, and what to know. */
function listening({ url, urls, token, out, target }: TrainingRun, options: TrainOptions, output: TrainOutput): void {
  const dashboard = `${url}dashboard`;
  const file = options.operatorTokenFile;
  output.event(
    'listening',
    { url, urls, dashboard, out, target },
    `\n  Volunteers open   ${urls.join('\n                    ')}\n  Dashboard         ${dashboard}\n  Operator token    ${file === undefined ? token : `in ${file}`}\n  Results           ${out}${target === undefined ? '' : `, in the end also\n                    ${target}`}\n`,
  );
  if (options.json && file === undefined) process.stderr.write(`operator token: ${token}\n`);
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

/** Says what is kept, and how to go on. */
async function interrupted(training: TrainingRun, output: TrainOutput): Promise<void> {
  process.exitCode = EXIT.interrupted;
  const { out } = training;
  if (training.hasModel) {
    output.hush();
    process.stderr.write('Interrupted: writing a checkpoint …\n');
  }
  const { checkpoint, tokens, counted } = await training.interrupt();
  const goOn = (verb: 'Go' | 'go'): string => `${verb} on with:\n  npm start -- --resume ${out}`;
  if (tokens !== null) {
    const { done, total } = tokens;
    output.event(
      'interrupted',
      { checkpoint, done: Math.round(done), total },
      `Interrupted at ${((100 * done) / total).toFixed(1)} %. The checkpoint is written; ${goOn('go')}`,
    );
    return;
  }
  const text =
    checkpoint !== null
      ? `Interrupted before training went on: the checkpoint is as it was. ${goOn('Go')}`
      : counted
        ? `Interrupted while counting: what is counted is kept. ${goOn('Go')}`
        : 'Interrupted while counting: nothing to keep.';
  output.event('interrupted', { checkpoint, counted }, text);
}

function conclusion({ target }: TrainingRun, result: TrainingResult, output: TrainOutput): void {
  const { files, local, vectors, warning, ...figures } = result;
  const { evaluation } = figures;
  output.event(
    'done',
    { ...files, ...(target === undefined ? {} : { local }), ...figures },
    summary(vectors, figures, files, evaluation === null ? '' : `\n${evaluationText(evaluation)}\n`, warning),
  );
}

const PROBES = ['father', 'king', 'president', 'water', 'three', 'red', 'went', 'church'];

function summary(
  vectors: WordVectors,
  figures: TrainingFigures,
  paths: ResultPaths,
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
function qualityText({ heldOut, probe }: TrainingFigures): string {
  const lines = probe.map(({ file, rho, found }) => `${file}: rho ${rho?.toFixed(4) ?? '-'} over ${found} pairs`);
  if (heldOut !== null && heldOut.loss !== null && heldOut.untrained !== null) {
    const { loss, untrained, lines: count } = heldOut;
    lines.unshift(`Held-out loss: ${loss.toFixed(3)} (untrained ${untrained.toFixed(3)}), ${count} lines`);
  }
  return lines.map((line) => `\n${line}\n`).join('');
}
