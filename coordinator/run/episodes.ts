// The episodes in memory: made from the corpus one ahead of training, retired when all their chunks are done.
import { episodeEnd, partCount } from '../../word2vec/curriculum.ts';
import { TributaryError } from '../errors.ts';
import type { IngestThread } from '../ingest/ingest-thread.ts';
import type { CorpusPosition, Episode } from '../leases/episode.ts';
import type { CheckpointEpisode, CheckpointState } from './checkpoint.ts';
import type { JournalWriter } from './journal.ts';
import type { Training as Whole } from './training.ts';

type Training = Whole<JournalWriter>;
type PairSource = Pick<IngestThread, 'prepare' | 'giveBack'>;

/** An episode made again from a checkpoint, with the state of its chunks. */
export interface RestoredEpisode {
  readonly episode: Episode;
  readonly chunks: Uint8Array;
}

const START: CorpusPosition = { epoch: 0, split: 0, line: 0, token: 0, tokens: 0, beyond: 0 };

export class Episodes {
  readonly #ingest: PairSource;
  readonly #open = new Map<number, Episode>();
  #next: CorpusPosition;
  #nextNumber: number;
  #preparing = false;

  constructor(ingest: PairSource, from: CheckpointState | null) {
    this.#ingest = ingest;
    this.#next = from?.next ?? START;
    this.#nextNumber = from?.nextEpisode ?? 0;
  }

  /** Oldest first. */
  get open(): readonly Episode[] {
    return [...this.#open.values()];
  }

  /** Where the next episode to be prepared begins, and its number. */
  get next(): { readonly position: CorpusPosition; readonly number: number } {
    return { position: this.#next, number: this.#nextNumber };
  }

  /** Whether every episode of the run was made and retired. */
  exhausted(totalTokens: number): boolean {
    return this.#next.tokens >= totalTokens && this.#open.size === 0 && !this.#preparing;
  }

  /**
   * Makes a checkpoint's episodes again from the corpus, without opening them.
   * @throws TributaryError SOURCE_CHANGED
   */
  async restore(saved: readonly CheckpointEpisode[]): Promise<RestoredEpisode[]> {
    const restored: RestoredEpisode[] = [];
    for (const { number, from, to, parts, pairs, chunks } of saved) {
      const episode = await this.#ingest.prepare({ number, from, until: to.tokens, stop: to, parts });
      if (episode.inputs.length !== pairs || episode.to.tokens !== to.tokens) {
        throw corpusChanged(`episode ${number} has ${episode.inputs.length} pairs, it had ${pairs}`);
      }
      restored.push({ episode, chunks: Uint8Array.from(Buffer.from(chunks, 'base64')) });
    }
    return restored;
  }

  /** Makes the next episode where there is room and text for it; null where not. */
  prepare({ desk, curriculum, totalTokens, schedule }: Training): Promise<Episode> | null {
    if (this.#preparing || this.#open.size >= schedule.episodesAhead || this.#next.tokens >= totalTokens) return null;
    const from = this.#next;
    const until = episodeEnd(from.tokens, curriculum);
    const parts = partCount(until - from.tokens, desk.willing, curriculum);
    this.#preparing = true;
    return this.#ingest.prepare({ number: this.#nextNumber, from, until, stop: null, parts });
  }

  /** Opens the episode that `prepare` made. */
  adopt(episode: Episode, training: Training): void {
    this.#preparing = false;
    this.#next = episode.to;
    this.#nextNumber = episode.number + 1;
    this.add(episode, training);
  }

  /** @param done chunk states of a restored episode */
  add(
    episode: Episode,
    {
      desk,
      journal,
      schedule,
    }: Pick<Training, 'journal' | 'schedule'> & { readonly desk: Pick<Training['desk'], 'addEpisode'> },
    done?: Uint8Array,
  ): void {
    this.#open.set(episode.number, episode);
    const { number, parts, from, to, offsets } = episode;
    let chunks = 0;
    for (let block = 0; block < parts * parts; block++) {
      chunks += Math.ceil((offsets[block + 1]! - offsets[block]!) / schedule.chunkPairs);
    }
    const pairs = episode.inputs.length;
    journal.write({
      kind: 'episode',
      episode: number,
      parts,
      chunks,
      pairs,
      fromTokens: from.tokens,
      toTokens: to.tokens,
    });
    desk.addEpisode(episode, done);
  }

  /** Nobody has a lease of these any more; their memory goes to the episodes that follow. */
  retireComplete({
    grid,
    desk,
  }: {
    readonly grid: Pick<Training['grid'], 'retire'>;
    readonly desk: Pick<Training['desk'], 'dropEpisode'>;
  }): void {
    for (let retired = grid.retire(); retired !== null; retired = grid.retire()) {
      const episode = this.#open.get(retired)!;
      this.#open.delete(retired);
      desk.dropEpisode(retired);
      this.#ingest.giveBack(episode);
    }
  }

  snapshot({ grid }: Training): CheckpointEpisode[] {
    return this.open.map(({ number, parts, from, to, inputs }) => {
      const chunks = Buffer.from(grid.snapshot(number)).toString('base64');
      return { number, parts, from, to, pairs: inputs.length, chunks };
    });
  }
}

export function corpusChanged(message: string): TributaryError {
  return new TributaryError('SOURCE_CHANGED', message, {
    hint: 'The corpus changed since the checkpoint. Start a new run.',
  });
}
