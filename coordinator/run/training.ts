// What a run consists of once its vocabulary is known.
import type { Curriculum } from '../../word2vec/curriculum.ts';
import { learningRate } from '../../word2vec/curriculum.ts';
import { GridTablesCache } from '../../word2vec/grid-tables.ts';
import { fingerprint, keptCounts } from '../../word2vec/vocabulary.ts';
import type { DeskEvent } from '../leases/desk-types.ts';
import { LeaseDesk } from '../leases/lease-desk.ts';
import { Model } from '../model/model.ts';
import { Downpour } from '../schedule/downpour.ts';
import { Grid } from '../schedule/grid.ts';
import type { Scheduler } from '../schedule/scheduler.ts';
import type { Schedule, TrainingConfig } from './config.ts';
import { SCHEDULE } from './config.ts';
import type { Journal, JournalWriter } from './journal.ts';
import type { ResumedRun } from './resume.ts';

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
  readonly desk: LeaseDesk;
  readonly journal: J;
  readonly schedule: Schedule;
}

export interface TrainingEdges {
  now(): number;
  tokensDone(): number;
  report(event: DeskEvent): void;
}

/** A fresh model, or the one of the checkpoint; no episode yet. */
export function assembleTraining<J extends JournalWriter>(
  config: TrainingConfig,
  { words, counts }: CountedWords,
  resumed: ResumedRun | null,
  journal: J,
  edges: TrainingEdges,
  schedule: Schedule = SCHEDULE,
): Training<J> {
  const total = counts.reduce((sum, count) => sum + count, 0);
  const kept = keptCounts(counts, config.sample).reduce((sum, count) => sum + count, 0);
  const totalTokens = total * config.epochs;
  const model = resumed?.model ?? Model.fresh(words.length, config.dim, config.seed);
  const { chunkPairs, flightOfRun: runShare, flightOfDone: doneShare } = schedule;
  const nextLease = resumed?.nextLease ?? 1;
  const downpour = config.schedule === 'downpour';
  const grid = downpour
    ? new Downpour(chunkPairs, { totalTokens, runShare, doneShare, tokensDone: edges.tokensDone }, nextLease)
    : new Grid(chunkPairs, nextLease);
  const tables = new GridTablesCache(counts, config.sample, config.seed, { model: 'skipgram', hs: false });
  const desk = new LeaseDesk({ ...config, ...schedule, counts }, model, grid, tables, {
    now: edges.now,
    alpha: () => learningRate(config.alpha, edges.tokensDone(), totalTokens),
    report: edges.report,
  });
  return {
    words,
    counts,
    fingerprint: fingerprint({ words, counts, total }),
    curriculum: {
      ...schedule,
      epochTokens: total,
      epochs: config.epochs,
      keptShare: kept / total,
      maxParts: downpour ? 1 : Math.max(1, Math.min(schedule.maxParts, Math.floor(words.length / schedule.partRows))),
    },
    totalTokens,
    model,
    grid,
    desk,
    journal,
    schedule,
  };
}
