// Samples of one thing over its whole life in bounded memory: when full, every second one is dropped and the spacing doubles.

export class ThinnedSeries<Sample extends { readonly time: number }> {
  readonly #limit: number;
  #spacingMs: number;
  #samples: Sample[] = [];

  /** @param limit samples kept, at most @param spacingMs between two of them, at first */
  constructor(limit: number, spacingMs: number) {
    this.#limit = limit;
    this.#spacingMs = spacingMs;
  }

  /** Whether a sample at `time` would be kept. */
  isDue(time: number): boolean {
    const last = this.#samples.at(-1);
    return last === undefined || time - last.time >= this.#spacingMs;
  }

  /** A sample that comes too soon is passed over. */
  add(sample: Sample): void {
    if (!this.isDue(sample.time)) return;
    this.#samples.push(sample);
    if (this.#samples.length <= this.#limit) return;
    this.#samples = this.#samples.filter((_, at) => at % 2 === 0);
    this.#spacingMs *= 2;
  }

  get samples(): readonly Sample[] {
    return this.#samples;
  }
}
