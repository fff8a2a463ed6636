// How much work to hand a GPU at once: enough to keep it busy, short enough for watchdogs and for the screen.

/** Target length of a submit. Far below the 2 s at which operating systems reset a GPU, and a frame or so. */
const SUBMIT_MS = 15;
/** A submit may hold at most this many times the work of the one before. */
const GROWTH = 2;
/** What the past weighs after each submit. */
const DECAY = 0.75;

/** Learns from every submit; starts with the smallest. Work is counted in any unit proportional to time. */
export class Pace {
  /**
   * Decaying sums over the submits. The rate is their quotient and not a mean of rates: the ends of two submits may be
   * reported together, and the second then seems to have taken no time.
   */
  #work = 0;
  #ms = 0;
  #last = 0;

  /** Work that the next submit should hold; 0 means as little as possible. */
  get quota(): number {
    if (this.#ms === 0) return 0;
    return Math.min((this.#work / this.#ms) * SUBMIT_MS, this.#last * GROWTH);
  }

  /** Notes that `work` took `ms` milliseconds. */
  observe(work: number, ms: number): void {
    this.#work = this.#work * DECAY + work;
    this.#ms = this.#ms * DECAY + ms;
    this.#last = work;
  }
}
