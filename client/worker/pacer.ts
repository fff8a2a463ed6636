// Makes an engine keep the duty cycle: told how long it worked, answers what to wait for before it works on.
import { DutyCycle } from './duty-cycle.ts';

/** A processor that computes for so long lets messages in: pause and leave are heard within this time. */
const YIELD_MS = 50;
/** Rests shorter than this are saved up: timers are no finer. */
const SHORTEST_REST_MS = 4;

export interface PacerEdges {
  /** Milliseconds on a steady clock. */
  now(): number;
  sleep(ms: number): Promise<void>;
  /** Resolves once messages that wait were taken in; takes next to no time. */
  breathe(): Promise<void>;
}

/** What an engine is told to wait for between parts of its work. */
export interface Pacing {
  /** Whether there are rests at all: a GPU then gets one submit at a time. */
  readonly rests: boolean;
  /** It worked from `from` to `to`; answers the rest that is due, or null. */
  worked(from: number, to: number): Promise<void> | null;
}

export class Pacer implements Pacing {
  readonly #edges: PacerEdges;
  readonly #duty = new DutyCycle();
  /** Since when a processor computes; null while it does not. */
  #since: number | null = null;
  #heardAt = 0;

  constructor(edges: PacerEdges) {
    this.#edges = edges;
  }

  /** Share of the time that the engine may be busy. */
  set target(share: number) {
    this.#duty.target = share;
  }

  get target(): number {
    return this.#duty.target;
  }

  get rests(): boolean {
    return this.#duty.target < 1;
  }

  /** Busy share of the last seconds; null before any work. */
  get measured(): number | null {
    return this.#duty.measured(this.#edges.now());
  }

  worked(from: number, to: number): Promise<void> | null {
    this.#duty.worked(from, to);
    const rest = this.#duty.restMs(this.#edges.now());
    return rest < SHORTEST_REST_MS ? null : this.#edges.sleep(rest);
  }

  /** Work beside the engine's own; its rest comes with the next part. */
  note(from: number, to: number): void {
    this.#duty.worked(from, to);
  }

  /** A processor begins to compute on this thread. */
  begin(): void {
    this.#since = this.#edges.now();
    this.#heardAt = this.#since;
  }

  /** Between two parts of a processor's work. */
  between(): Promise<void> | null {
    const now = this.#edges.now();
    const rest =
      this.worked(this.#since ?? now, now) ?? (now - this.#heardAt < YIELD_MS ? null : this.#edges.breathe());
    this.#since = now;
    return rest === null ? null : this.#resume(rest);
  }

  /** The processor is done with what it began. */
  end(): void {
    if (this.#since !== null) this.#duty.worked(this.#since, this.#edges.now());
    this.#since = null;
  }

  async #resume(rest: Promise<void>): Promise<void> {
    await rest;
    this.#heardAt = this.#edges.now();
    if (this.#since !== null) this.#since = this.#heardAt;
  }
}
