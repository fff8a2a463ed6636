// One direction of a volunteer's connection: frames follow each other at its bandwidth and arrive after its delay.

export class Link {
  readonly #bytesPerMs: number;
  readonly #delayMs: number;
  /** When the last byte accepted has left. */
  #free = 0;

  /** @param mbit per second @param delayMs half a round trip */
  constructor(mbit: number, delayMs: number) {
    this.#bytesPerMs = (mbit * 1e6) / 8 / 1000;
    this.#delayMs = delayMs;
  }

  /** When a frame sent at `now` has arrived whole, in ms; it waits for those sent before. */
  arrival(now: number, bytes: number): number {
    this.#free = Math.max(this.#free, now) + bytes / this.#bytesPerMs;
    return this.#free + this.#delayMs;
  }
}
