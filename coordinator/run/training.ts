// What a run consists of once its vocabulary is known.
import type { Curriculum } from '../../word2vec/curriculum.ts';
import { learningRate, withTargets } from '../../word2vec/curriculum.ts';
import { GridTablesCache } from '../../word2vec/grid-tables.ts';
import { fingerprint, keptCounts } from '../../word2vec/vocabulary.ts';
import type { Descent, DescentRule } from '../descent/descent.ts';
import { makeDescent } from '../descent/make.ts';
import type { Audit, DeskEvent } from '../leases/desk-types.ts';
import { LeaseDesk } from '../leases/lease-desk.ts';
import { Addition, Merging } from '../leases/merge.ts';
import { Model } from '../model/model.ts';
import { Downpour } from '../schedule/downpour.ts';
import { Grid } from '../schedule/grid.ts';
import type { Scheduler } from '../schedule/scheduler.ts';
import type { Schedule, TrainingConfig } from './config.ts';
import { scheduleOf } from './config.ts';
import type { Journal, JournalWriter } from './journal.ts';
import type { ResumedRun } from './resume.ts';
import type { Matrices } from './safetensors.ts';
import type { FlightShares } from './steering.ts';

export interface CountedWords {
  readonly words: readonly string[];
  /** Corpus count of each word, descending. Shape (V). */
  readonly counts: Float64Array;
}

/** @template J who is told what happens: the journal of a run, or whoever stands in for it */
export interface Training<J extends JournalWriter = Journal> extends CountedWords {
  /** Of the vocabulary: words and counts. */
  readonly fingerprint: string;
  readonly curriculum: Curriculum;
  /** In-vocabulary tokens over all epochs. */
  readonly totalTokens: number;
  readonly model: Model;
  readonly grid: Scheduler;
  /** What downpour may have in flight; null on the grid. */
  readonly flight: FlightShares | null;
  /** null on the grid. */
  readonly descent: Descent | null;
  readonly desk: LeaseDesk;
  readonly journal: J;
  readonly schedule: Schedule;
}

export interface TrainingEdges {
  now(): number;
  tokensDone(): number;
  report(event: DeskEvent): void;
  /** null: nothing is checked by replay. */
  readonly audit: Audit | null;
}

/** A fresh model, or the one of the checkpoint; no episode yet. */
export function assembleTraining<J extends JournalWriter>(
  config: TrainingConfig,
  { words, counts }: CountedWords,
  resumed: ResumedRun | null,
  journal: J,
  edges: TrainingEdges,
  schedule: Schedule = scheduleOf(config),
): Training<J> {
  const total = counts.reduce((sum, count) => sum + count, 0);
  const kept = keptCounts(counts, config.sample).reduce((sum, count) => sum + count, 0);
  const totalTokens = total * config.epochs;
  const model = resumed?.model ?? Model.fresh(words.length, config.dim, config.seed);
  const { hs } = config;
  const tables = new GridTablesCache(counts, config.sample, config.seed, { model: config.model, hs });
  const { chunkPairs, flightOfRun, flightOfDone } = schedule;
  const nextLease = resumed?.nextLease ?? 1;
  const descent = config.descent === null ? null : resumedDescent(config.descent, model, resumed);
  const shares = { run: flightOfRun, done: flightOfDone };
  const grid =
    descent === null
      ? new Grid(chunkPairs, nextLease)
      : new Downpour(chunkPairs, { totalTokens, shares, tokensDone: edges.tokensDone }, nextLease);
  const updateDots = hs ? tables.targetsPerPair : 1 + config.negative;
  const merge = descent === null ? new Addition(model) : new Merging(model, descent, updateDots);
  const deskEdges = {
    now: edges.now,
    alpha: () => learningRate(config.alpha, edges.tokensDone(), totalTokens),
    report: edges.report,
    audit: edges.audit,
  };
  const desk = new LeaseDesk({ ...config, ...schedule, counts }, model, grid, tables, deskEdges, merge);
  const affordable = Math.max(1, Math.min(schedule.maxParts, Math.floor(words.length / schedule.partRows)));
  const curriculum = {
    ...schedule,
    epochTokens: total,
    epochs: config.epochs,
    keptShare: kept / total,
    maxParts: descent === null ? affordable : 1,
  };
  return {
    words,
    counts,
    fingerprint: fingerprint({ words, counts, total }),
    curriculum: hs ? withTargets(curriculum, tables.targetsPerPair) : curriculum,
    totalTokens,
    model,
    grid,
    flight: descent === null ? null : shares,
    descent,
    desk,
    journal,
    schedule,
  };
}

/** The rule, with what it remembered when the checkpoint was made. */
function resumedDescent(rule: DescentRule, { rows, dim }: Model, resumed: ResumedRun | null): Descent {
  const descent = makeDescent(rule, rows, dim);
  for (const [name, values] of Object.entries(descent.tensors))
    if (resumed !== null) values.set(resumed.tensors[name]!);
  return descent;
}

/** Everything of shape (V, D) that a checkpoint holds, as it is now. */
export function copyMatrices({ model, descent }: Pick<Training, 'model' | 'descent'>): Matrices {
  const { rows, dim, input, output } = model;
  const more: Record<string, Float32Array<ArrayBuffer>> = {};
  for (const [name, values] of Object.entries(descent?.tensors ?? {})) more[name] = values.slice();
  return { rows, dim, input: input.slice(), output: output.slice(), more };
}
