// A run's checkpoints: its state at one moment goes to disk, and the journal knows of it.
import { join } from 'node:path';
import { writeCheckpoint } from './checkpoint.ts';
import { forgetCounting } from './counting-folder.ts';
import type { Episodes } from './episodes.ts';
import { type RunFigures, snapshot } from './snapshot.ts';
import type { Training } from './training.ts';

export class Archive {
  readonly #out: string;
  readonly #episodes: Episodes;
  readonly #note: (text: string) => void;

  /** @param out the run's folder @param note for the log */
  constructor(out: string, episodes: Episodes, note: (text: string) => void) {
    this.#out = out;
    this.#episodes = episodes;
    this.#note = note;
  }

  /**
   * The state as of this call, on disk. Resolves with the tokens trained that it holds.
   * @throws TributaryError CHECKPOINT_UNWRITABLE, JOURNAL_UNWRITABLE
   */
  async write(number: number, training: Training, figures: RunFigures): Promise<number> {
    const { journal } = training;
    const { state, matrices } = snapshot(number, training, this.#episodes, figures);
    journal.sync();
    await writeCheckpoint(join(this.#out, 'checkpoint'), state, matrices);
    journal.write({ kind: 'checkpoint', checkpoint: number });
    await forgetCounting(this.#out);
    this.#note(`checkpoint ${number} written`);
    return state.tokensDone;
  }
}
