// The append-only journal: one JSON object a line, on disk before anyone is told.
import { closeSync, fsyncSync, openSync, writeSync } from 'node:fs';
import { TributaryError } from '../errors.ts';

/** A lease's place: chunks [firstChunk, firstChunk + chunks) of block (i, j) of an episode with P parts. */
export interface JournalPlace {
  readonly lease: number;
  readonly session: number;
  readonly episode: number;
  readonly parts: number;
  readonly i: number;
  readonly j: number;
  readonly firstChunk: number;
  readonly chunks: number;
}

export type JournalEntry =
  | {
      readonly kind: 'run';
      readonly version: string;
      readonly schedule: 'grid' | 'downpour';
      readonly vocabulary: string;
      readonly words: number;
      readonly tokens: number;
    }
  /** What counts from here on: entries up to `upTo`, and those after this one. Work in between is lost and done again. */
  | { readonly kind: 'resumed'; readonly checkpoint: number; readonly upTo: number }
  | {
      readonly kind: 'episode';
      readonly episode: number;
      readonly parts: number;
      readonly chunks: number;
      readonly pairs: number;
      readonly fromTokens: number;
      readonly toTokens: number;
    }
  | ({ readonly kind: 'granted' } & JournalPlace)
  | ({ readonly kind: 'applied' } & JournalPlace)
  | ({ readonly kind: 'expired' | 'returned' | 'rejected'; readonly reason: string } & JournalPlace)
  | { readonly kind: 'late'; readonly lease: number; readonly session: number }
  | { readonly kind: 'joined'; readonly session: number; readonly engine: string; readonly local: boolean }
  | { readonly kind: 'gone'; readonly session: number; readonly reason: string }
  /** A setting of the training from here on. */
  | {
      readonly kind: 'changed';
      readonly setting: string;
      readonly from: number;
      readonly to: number;
      readonly tokens: number;
    }
  | { readonly kind: 'checkpoint'; readonly checkpoint: number }
  | { readonly kind: 'done'; readonly tokens: number };

/** Takes entries in order. */
export interface JournalWriter {
  /** @throws TributaryError JOURNAL_UNWRITABLE */
  write(entry: JournalEntry): void;
}

/**
 * Each entry gets `seq`, counting up from 1 over the whole run, and `time`, ms since 1970.
 * Every method throws TributaryError JOURNAL_UNWRITABLE.
 */
export class Journal implements JournalWriter {
  readonly #path: string;
  readonly #file: number;
  #seq: number;

  /** @param seq number of the last entry that the file holds; 0 for a new journal */
  constructor(path: string, seq: number) {
    this.#path = path;
    this.#file = this.#try(() => openSync(path, 'a'));
    this.#seq = seq;
    // A process killed in mid-write leaves half a line: the next entry must not join it.
    if (seq > 0) this.#append('\n');
  }

  /** Number of the last entry. */
  get seq(): number {
    return this.#seq;
  }

  /** The entry reaches the operating system before this returns: it survives the death of the process. */
  write(entry: JournalEntry): void {
    this.#append(`${JSON.stringify({ seq: this.#seq + 1, time: Date.now(), ...entry })}\n`);
    this.#seq++;
  }

  /** Reaches the disk: survives the death of the machine. */
  sync(): void {
    this.#try(() => fsyncSync(this.#file));
  }

  close(): void {
    closeSync(this.#file);
  }

  #append(text: string): void {
    const bytes = Buffer.from(text);
    // A disk that is nearly full takes a part.
    for (let at = 0; at < bytes.length;) at += this.#try(() => writeSync(this.#file, bytes, at));
  }

  #try<T>(act: () => T): T {
    try {
      return act();
    } catch (cause) {
      throw new TributaryError(
        'JOURNAL_UNWRITABLE',
        `cannot write ${this.#path}: ${cause instanceof Error ? cause.message : String(cause)}`,
        {
          hint: 'Free space on that disk, then go on with --resume.',
          cause,
        },
      );
    }
  }
}
