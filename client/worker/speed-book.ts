// How fast the tab trains: over its recent pieces, and hidden beside in view.

/** Share of the newest piece in a moving rate. */
const BLEND = 0.4;

export class SpeedBook {
  #rate = 0;
  /** Words per second at full power, in view and hidden; 0 while unknown. */
  readonly #full = { view: 0, hidden: 0 };

  /** Corpus words per second over the recent pieces; 0 before the first. */
  get wordsPerSecond(): number {
    return this.#rate;
  }

  /** Speed while hidden as a share of that in view; null until both are known. */
  get hiddenShare(): number | null {
    const { view, hidden } = this.#full;
    return view === 0 || hidden === 0 ? null : hidden / view;
  }

  /** @param where the tab was for all of the piece; null when it changed meanwhile @param target duty cycle, 0 to 1 */
  note(words: number, ms: number, where: 'view' | 'hidden' | null, target: number): void {
    const rate = words / Math.max(0.001, ms / 1000);
    this.#rate = blend(this.#rate, rate);
    if (where !== null) this.#full[where] = blend(this.#full[where], rate / target);
  }
}

function blend(before: number, now: number): number {
  return before === 0 ? now : before + BLEND * (now - before);
}
