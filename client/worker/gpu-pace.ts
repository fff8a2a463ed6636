// How much work to hand a GPU at once: enough to keep it busy, short enough for watchdogs and for the screen.

/** Target length of a submit. Far below the 2 s at which operating systems reset a GPU, and a frame or so. */
const SUBMIT_MS = 15;
/** A submit may hold at most this many times the work of the longest one measured. */
const GROWTH = 4;

/** Learns from every submit; starts with the smallest. Work is counted in any unit proportional to time. */
export class Pace {
  /** Work per millisecond; 0 before the first measurement. */
  #rate = 0;
  #most = 0;

  /** Work that the next submit should hold; 0 means as little as possible. */
  get quota(): number {
    return Math.min(this.#rate * SUBMIT_MS, this.#most * GROWTH);
  }

  /** Notes that `work` took `ms` milliseconds. */
  observe(work: number, ms: number): void {
    // Timers are coarse: a submit that seems to take no time took at most about this long.
    const rate = work / Math.max(ms, 0.1);
    this.#rate = this.#rate === 0 ? rate : (this.#rate + rate) / 2;
    this.#most = Math.max(this.#most, work);
  }
}
