// How fast the tab trains: over its recent pieces, and hidden beside in view.

/** Share of the newest piece in a moving rate. */
const BLEND = 0.4;
/** Pieces of each kind that are compared, the newest ones, and how few say nothing yet: single pieces differ widely. */
const COMPARED = 9;
const TOO_FEW = 4;

export class SpeedBook {
  #rate = 0;
  /** Words per second at full power of the newest pieces, in view and hidden. */
  readonly #full: Readonly<Record<'view' | 'hidden', number[]>> = { view: [], hidden: [] };

  /** Corpus words per second over the recent pieces; 0 before the first. */
  get wordsPerSecond(): number {
    return this.#rate;
  }

  /** Speed while hidden as a share of that in view; by the middle pieces; null before enough of both. */
  get hiddenShare(): number | null {
    const { view, hidden } = this.#full;
    return view.length <= TOO_FEW || hidden.length <= TOO_FEW ? null : median(hidden) / median(view);
  }

  /** @param where the tab was for all of the piece; null when it changed meanwhile @param target duty cycle, 0 to 1 */
  note(words: number, ms: number, where: 'view' | 'hidden' | null, target: number): void {
    const rate = words / Math.max(0.001, ms / 1000);
    this.#rate = blend(this.#rate, rate);
    if (where === null) return;
    const rates = this.#full[where];
    rates.push(rate / target);
    if (rates.length > COMPARED) rates.shift();
  }
}

/** The upper one of two in the middle. */
function median(rates: readonly number[]): number {
  return rates.toSorted((a, b) => a - b)[rates.length >> 1]!;
}

function blend(before: number, now: number): number {
  return before === 0 ? now : before + BLEND * (now - before);
}
