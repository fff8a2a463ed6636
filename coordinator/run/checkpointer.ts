// When checkpoints are written: one after the other, on request and in time; a full disk is borne for a while.
import { SCHEDULE } from './config.ts';

/** Checkpoints in time that may fail in a row; then the run ends, with what the last good one holds. */
const MOST_FAILURES = 5;

export interface CheckpointerEdges {
  now(): number;
  /** Writes the state as of the call; resolves with the tokens trained that it holds. */
  write(number: number): Promise<number>;
  /** A checkpoint in time failed and is tried again. */
  failed(error: unknown): void;
  /** Too many failed in a row. */
  gaveUp(error: unknown): void;
}

export class Checkpointer {
  readonly #edges: CheckpointerEdges;
  #number: number;
  #last: Promise<unknown> = Promise.resolve();
  #since: number;
  /** Asked for and not yet written. */
  #underWay = 0;
  #failures = 0;
  #writtenAt: number | null = null;
  #failure: string | null = null;

  /** @param number of the last checkpoint; 0 for none */
  constructor(number: number, edges: CheckpointerEdges) {
    this.#edges = edges;
    this.#number = number;
    this.#since = edges.now();
  }

  /** When the last one of this process was complete; null before. */
  get writtenAt(): number | null {
    return this.#writtenAt;
  }

  /** Why the last one that was made in time failed; null while they succeed. */
  get failure(): string | null {
    return this.#failure;
  }

  /** Resolves with the tokens trained that it holds. @throws what `write` throws; the next call tries anew */
  write(): Promise<number> {
    this.#underWay++;
    const written = this.#last.then(async () => {
      const tokens = await this.#edges.write(++this.#number);
      this.#writtenAt = this.#since = this.#edges.now();
      this.#failures = 0;
      this.#failure = null;
      return tokens;
    });
    // The failure is this caller's; those who only wait for their turn go on.
    this.#last = written
      .catch(() => undefined)
      .then(() => {
        this.#underWay--;
      });
    return written;
  }

  /** Writes when the last one is long ago; a disk slower than that gets no queue of them. */
  tick(): void {
    const now = this.#edges.now();
    if (this.#underWay > 0 || now - this.#since < SCHEDULE.checkpointMs) return;
    this.#since = now;
    this.write().catch((error: unknown) => {
      this.#failures++;
      this.#failure = error instanceof Error ? error.message : String(error);
      if (this.#failures >= MOST_FAILURES) this.#edges.gaveUp(error);
      else this.#edges.failed(error);
    });
  }

  /** Resolves when nothing is being written. */
  async idle(): Promise<void> {
    await this.#last;
  }
}
