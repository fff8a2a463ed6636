// A run as it stands at one moment, as a checkpoint holds it.
import type { Opened } from '../ingest/requests.ts';
import type { CheckpointState } from './checkpoint.ts';
import { CHECKPOINT_FORMAT } from './checkpoint.ts';
import type { Episodes } from './episodes.ts';
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
