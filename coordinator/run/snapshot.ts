// A run as it stands at one moment, as a checkpoint holds it.
import type { Opened } from '../ingest/requests.ts';
import type { CheckpointState } from './checkpoint.ts';
import { CHECKPOINT_FORMAT } from './checkpoint.ts';
import type { Episodes } from './episodes.ts';
import type { HeldOutLines } from '../ingest/held-out-lines.ts';
import type { Run } from './run.ts';
import type { Matrices } from './safetensors.ts';
import type { Training } from './training.ts';
import { copyMatrices } from './training.ts';

export interface Snapshot {
  readonly state: CheckpointState;
  readonly matrices: Matrices;
}

/** What the run itself keeps books of. */
export type RunFigures = { readonly corpus: Opened } & Pick<
  CheckpointState,
  'training' | 'target' | 'tokensDone' | 'trainedSeconds' | 'loss' | 'heldOut' | 'textFaults' | 'counts' | 'steering'
>;

/** Taken within one turn of the event loop: no result comes in between. */
export function snapshot(number: number, training: Training, episodes: Episodes, figures: RunFigures): Snapshot {
  const { model, grid, journal } = training;
  const { files, bytes, listing } = figures.corpus;
  const { position, number: nextEpisode } = episodes.next;
  return {
    state: {
      format: CHECKPOINT_FORMAT,
      number,
      vocabulary: training.fingerprint,
      rows: model.rows,
      journalSeq: journal.seq,
      nextLease: grid.nextLease,
      nextEpisode,
      next: position,
      modelVersion: model.version,
      episodes: episodes.snapshot(training),
      ...figures,
      corpus: { files, bytes, layout: listing.layout, pins: listing.pins },
    },
    // Copied at once: rows move on while the file is written.
    matrices: copyMatrices(training),
  };
}

/** What a checkpoint holds beside the matrices and the schedule, as of now. */
export function runFigures(run: Run, { limit, lines }: HeldOutLines): RunFigures {
  const { training, target } = run.config;
  const { opened, tokensDone, textFaults, counts } = run.facts;
  return {
    // It may change before the file is written.
    training: { ...training },
    target,
    corpus: opened!,
    tokensDone,
    textFaults,
    trainedSeconds: run.trainedSeconds,
    loss: run.loss.value,
    counts: counts!,
    steering: run.steering.state,
    heldOut: { limit, lines: lines.length, best: run.quality!.best },
  };
}
