// One measurement: the volunteers and the sequential run on the same text, scored alike.
import { readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { readParsed } from '../../coordinator/settings/input-files.ts';
import { parsePairs, parseQuestions } from '../../word2vec/evaluation/question-files.ts';
import { EXIT, TributaryError } from '../../coordinator/errors.ts';
import { AS_IT_STANDS } from '../../coordinator/ingest/normalisation.ts';
import type { Counted } from '../../coordinator/ingest/requests.ts';
import { IngestThread } from '../../coordinator/ingest/ingest-thread.ts';
import type { Model } from '../../coordinator/model/model.ts';
import type { Schedule, TrainingConfig } from '../../coordinator/run/config.ts';
import { defaultAlpha, COUNT_MEMORY_MIB, SCHEDULE, scheduleOf } from '../../coordinator/run/config.ts';
import { writeResults } from '../../coordinator/run/results.ts';
import { fingerprint } from '../../word2vec/vocabulary.ts';
import type { QualityOptions } from './options.ts';
import type { QualityConfig, QualityResult, ReferenceConfig, SequentialResult, SimulatedResult } from './result.ts';
import { simulatedResult } from './result.ts';
import type { ScoredModel } from './scores.ts';
import { Scorer } from './scores.ts';
import { sequentialModel } from './sequential.ts';
import { simulate } from './simulation.ts';
import type { MeasuredText } from './text.ts';
import { measuredText } from './text.ts';

/** Told how far it is: what is under way, and its share that is done. */
export type QualityProgress = (what: string, share: number) => void;

/** @throws TributaryError for everything that can be mended: options, files, a reference of other settings */
export async function measureQuality(options: QualityOptions, progress: QualityProgress): Promise<QualityResult> {
  trainingOf(options, ''); // what cannot be is said before anything is read
  const earlier = options.reference === undefined ? null : await readReference(options.reference);
  // Read before anything is trained: a typing error shows at once.
  if (options.questions !== undefined) await readParsed(options.questions, parseQuestions);
  for (const file of options.similarity ?? []) await readParsed(file, parsePairs);
  progress('reading the corpus', 0);
  const text = await measuredText(options.corpus, options.maxWords);
  const ingest = new IngestThread({ progress: () => undefined, note: () => undefined });
  try {
    const memory = COUNT_MEMORY_MIB * 2 ** 20;
    const { vocab, minCount, maxVocab } = options;
    await ingest.open({
      corpus: [text.file],
      options: {},
      vocab,
      memory,
      normalisation: AS_IT_STANDS,
      splitBytes: SCHEDULE.splitBytes,
    });
    const counted = await ingest.count({ minCount, maxVocab, threads: 1, folder: '' });
    const config = describe(options, text, counted);
    const scorer = new Scorer(counted.heldOut.lines, options, options);
    if (earlier !== null) refuseOther(earlier.config, config.sequential);
    // The volunteers first: their mistakes show soonest.
    const simulated = options.skipVolunteers
      ? {}
      : { simulated: await volunteersPart(options, text, counted, ingest, scorer, progress) };
    if (earlier !== null) return { config, sequential: earlier.result, ...simulated };
    if (options.skipReference) return { config, ...simulated };
    progress('sequential run', 0);
    return { config, sequential: await sequentialPart(options, text, counted, scorer), ...simulated };
  } finally {
    await ingest.close();
    text.dispose();
  }
}

async function volunteersPart(
  options: QualityOptions,
  text: MeasuredText,
  counted: Counted,
  ingest: IngestThread,
  scorer: Scorer,
  progress: QualityProgress,
): Promise<SimulatedResult> {
  const config = trainingOf(options, text.file);
  const { words, counts } = counted;
  const scored = ({ dim, input, output }: Model): ScoredModel => ({ words, counts, dim, input, output });
  const questions =
    options.curveAnalogies && options.questions !== undefined
      ? await readParsed(options.questions, parseQuestions)
      : null;
  const run = await simulate({
    config,
    counted,
    ingest,
    schedule: scheduleGiven(options),
    fleet: fleetOf(options),
    ingestSpeed: options.ingestSpeed,
    threads: options.threads,
    measure: options.curve || options.curveAnalogies ? (model) => scorer.goodness(scored(model), questions) : null,
    progress: (share) => progress('volunteers', share),
  });
  const model = scored(run.model);
  const result = simulatedResult(run, await scorer.score(model));
  await save(options, 'simulated', model, result);
  return result;
}

async function sequentialPart(
  options: QualityOptions,
  text: MeasuredText,
  counted: Counted,
  scorer: Scorer,
): Promise<SequentialResult> {
  const { model: kind, hs, sequentialAlpha: alpha } = options;
  const settings = { ...options, alpha, objective: hs ? ('hs' as const) : kind };
  const { model, pairs, seconds } = await sequentialModel(text.file, counted, settings, options.seed);
  const tokens = counted.counts.reduce((sum, count) => sum + count, 0) * options.epochs;
  const scores = await scorer.score(model);
  const result = { ...scores, tokens, pairs, seconds, pairsPerSecond: pairs / seconds };
  await save(options, 'sequential', model, result);
  return result;
}

async function save({ save: folder }: QualityOptions, who: string, model: ScoredModel, result: object): Promise<void> {
  if (folder === undefined) return;
  const { words, dim, input, counts } = model;
  await writeResults(join(folder, who), { words, dim, values: input }, counts, result);
}

/** @throws TributaryError BENCH_OPTIONS for what no run can be made of */
function trainingOf(options: QualityOptions, file: string): TrainingConfig {
  const { vocab, dim, window, negative, sample, minCount, maxVocab, epochs, seed, batch, rowsDown, rowsUp } = options;
  const { model, hs, schedule } = options;
  const refuse = (message: string): TributaryError =>
    new TributaryError('BENCH_OPTIONS', message, { exit: EXIT.usage, hint: 'Leave one of them out.' });
  if (model === 'cbow' && hs) throw refuse('--model cbow and --hs do not go together');
  if (model === 'cbow' && schedule === 'grid') throw refuse('--model cbow needs --schedule downpour');
  if (options.curveAnalogies && options.questions === undefined)
    throw new TributaryError('BENCH_OPTIONS', '--curve-analogies needs questions', {
      exit: EXIT.usage,
      hint: 'Give --questions FILE.',
    });
  if (schedule === 'grid' && options.descent !== undefined) throw refuse('--descent belongs to --schedule downpour');
  const descent = schedule === 'grid' ? null : (options.descent ?? 'saturation');
  const alpha = options.alpha ?? defaultAlpha(descent);
  const text = { corpus: [file], vocab, ...AS_IT_STANDS, sentence: 'line', minCount, maxVocab } as const;
  const objective = { model, hs, dim, window, negative, sample, epochs };
  return { ...text, ...objective, alpha, seed, schedule, descent, batch, rowsDown, rowsUp };
}

/** The objective's schedule with the options in its place. */
function scheduleGiven(options: QualityOptions): Schedule {
  const given = Object.keys(SCHEDULE).filter((name) => name in options) as (keyof Schedule & keyof QualityOptions)[];
  return { ...scheduleOf(options), ...Object.fromEntries(given.map((name) => [name, options[name]])) };
}

function fleetOf(options: QualityOptions): QualityConfig['volunteers'] {
  const { volunteers, pairsPerSecond, speeds: spread, bandwidth, rtt, deaths, seed } = options;
  return { volunteers, pairsPerSecond, spread, bandwidth, rtt, deaths, seed };
}

/** No path of this machine is in it: results are kept. */
function describe(options: QualityOptions, text: MeasuredText, { words, counts, heldOut }: Counted): QualityConfig {
  const { dim, window, negative, sample, epochs, seed, sequentialAlpha } = options;
  const { model, hs } = options;
  const { alpha, schedule, descent, batch, rowsDown, rowsUp, minCount, maxVocab } = trainingOf(options, text.file);
  const total = counts.reduce((sum, count) => sum + count, 0);
  const evaluation = [...(options.questions === undefined ? [] : [options.questions]), ...(options.similarity ?? [])];
  const all = scheduleGiven(options);
  const names = Object.keys(SCHEDULE).filter((name) => name in options || name === 'damping') as (keyof Schedule)[];
  return {
    sequential: {
      corpus: basename(options.corpus),
      corpusWords: text.words,
      heldOutLines: heldOut.lines.length,
      vocabulary: fingerprint({ words, counts, total }),
      model,
      hs,
      dim,
      window,
      negative,
      sample,
      epochs,
      seed,
      alpha: sequentialAlpha,
      evaluation: evaluation.map((file) => basename(file)),
    },
    training: { alpha, schedule, descent, batch, rowsDown, rowsUp, minCount, maxVocab },
    schedule: Object.fromEntries(names.map((name) => [name, all[name]])),
    volunteers: fleetOf(options),
  };
}

async function readReference(file: string): Promise<{ config: ReferenceConfig; result: SequentialResult }> {
  const refuse = (message: string, cause?: unknown): TributaryError =>
    new TributaryError('BENCH_REFERENCE', `${file}: ${message}`, {
      hint: 'Give --reference what an earlier `bench -- quality --json` printed.',
      exit: EXIT.usage,
      cause,
    });
  let parsed: Partial<QualityResult>;
  try {
    parsed = JSON.parse(await readFile(file, 'utf8')) as Partial<QualityResult>;
  } catch (cause) {
    throw refuse(cause instanceof Error ? cause.message : String(cause), cause);
  }
  if (parsed?.sequential === undefined || parsed.config === undefined) throw refuse('it holds no sequential run');
  return { config: parsed.config.sequential, result: parsed.sequential };
}

function refuseOther(earlier: ReferenceConfig, wanted: ReferenceConfig): void {
  const names = Object.keys(wanted) as (keyof ReferenceConfig)[];
  const other = names.filter((name) => JSON.stringify(earlier[name]) !== JSON.stringify(wanted[name]));
  if (other.length === 0) return;
  const list = other.map((name) => `${name} ${JSON.stringify(earlier[name])}, now ${JSON.stringify(wanted[name])}`);
  throw new TributaryError('BENCH_REFERENCE', `the sequential run had other settings: ${list.join('; ')}`, {
    hint: 'Leave --reference out, or give the same settings.',
    exit: EXIT.usage,
  });
}
