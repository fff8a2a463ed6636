// What `bench -- quality` answers: one object, its configuration with it.
import type { Schedule, TrainingConfig } from '../../coordinator/run/config.ts';
import type { FleetRules } from './fleet.ts';
import type { Scores } from './scores.ts';
import type { CurvePoint, EpisodeFigures, Simulated } from './simulation.ts';

/** Everything that the sequential run depends on: results with equal ones share it. */
export interface ReferenceConfig {
  /** Name of the corpus, and its words, those held out included. */
  readonly corpus: string;
  readonly corpusWords: number;
  readonly heldOutLines: number;
  /** Of the words and counts. */
  readonly vocabulary: string;
  readonly model: 'skipgram' | 'cbow';
  readonly hs: boolean;
  readonly dim: number;
  readonly window: number;
  readonly negative: number;
  readonly sample: number;
  readonly epochs: number;
  readonly seed: number;
  readonly alpha: number;
  /** Names of the evaluation sets. */
  readonly evaluation: readonly string[];
}

export interface QualityConfig {
  readonly sequential: ReferenceConfig;
  readonly training: Pick<
    TrainingConfig,
    'alpha' | 'schedule' | 'descent' | 'batch' | 'rowsDown' | 'rowsUp' | 'minCount' | 'maxVocab'
  >;
  readonly schedule: Partial<Schedule>;
  readonly volunteers: FleetRules;
}

export interface SequentialResult extends Scores {
  /** Words of the corpus trained, over all epochs. */
  readonly tokens: number;
  readonly pairs: number;
  /** Of training, as the clock on the wall has it. */
  readonly seconds: number;
  readonly pairsPerSecond: number;
}

export interface BytesPerWord {
  readonly down: { readonly total: number; readonly rows: number; readonly pairs: number; readonly overhead: number };
  readonly up: { readonly total: number; readonly deltas: number; readonly overhead: number };
}

export interface SimulatedResult extends Scores {
  readonly outcome: 'trained' | 'diverged';
  readonly tokens: number;
  readonly pairs: number;
  /** Of simulated time, from the joining to the last result. */
  readonly seconds: number;
  /** Per word of the corpus trained. */
  readonly bytesPerWord: BytesPerWord;
  /** Share of the volunteers' time spent in training: of all together, of the least busy, and weighted by speed. */
  readonly utilisation: { readonly mean: number; readonly least: number; readonly bySpeed: number };
  readonly leases: Simulated['leases'];
  readonly deaths: number;
  readonly episodes: readonly EpisodeFigures[];
  /** With --curve: how good it was after each episode. */
  readonly curve: readonly CurvePoint[];
  /** What computing this took by the clock on the wall and of processor time; `engineShare` is of the latter. Starting comes before and is not in it. */
  readonly speed: {
    readonly seconds: number;
    readonly pairsPerSecond: number;
    readonly processorSeconds: number;
    readonly engineSeconds: number;
    readonly startSeconds: number;
    readonly threads: number;
    readonly engineShare: number;
  };
}

export interface QualityResult {
  readonly config: QualityConfig;
  readonly sequential?: SequentialResult;
  readonly simulated?: SimulatedResult;
}

export function simulatedResult(run: Simulated, scores: Scores): SimulatedResult {
  const { tokens, pairs, seconds, traffic, volunteers, cost, leases, episodes, curve, diverged } = run;
  const { down, up } = traffic.per(Math.max(1, tokens));
  const sum = (of: (one: Simulated['volunteers'][number]) => number): number =>
    volunteers.reduce((total, one) => total + of(one), 0);
  return {
    ...scores,
    outcome: diverged ? 'diverged' : 'trained',
    tokens: Math.round(tokens),
    pairs,
    seconds,
    bytesPerWord: {
      down: { ...down, total: down.rows + down.pairs + down.overhead },
      up: { ...up, total: up.deltas + up.overhead },
    },
    utilisation: {
      mean: sum((one) => one.busyMs) / sum((one) => one.presentMs),
      least: Math.min(...volunteers.map((one) => one.busyMs / one.presentMs)),
      bySpeed: sum((one) => one.busyMs * one.pairsPerSecond) / sum((one) => one.presentMs * one.pairsPerSecond),
    },
    leases,
    deaths: sum((one) => one.deaths),
    episodes,
    curve,
    speed: {
      seconds: cost.seconds,
      pairsPerSecond: pairs / cost.seconds,
      processorSeconds: cost.processorSeconds,
      engineSeconds: cost.engineSeconds,
      startSeconds: cost.startSeconds,
      threads: cost.threads,
      engineShare: cost.engineSeconds / cost.processorSeconds,
    },
  };
}
