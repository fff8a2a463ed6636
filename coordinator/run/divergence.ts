// Says from the figures of a run whether it diverges: whether its vectors get worse instead of better.

/** The run's figures at one time. */
export interface Measurement {
  /** Held-out loss per pair, and that of a model of zeros; null where nothing is held out. */
  readonly heldOut: { readonly loss: number; readonly untrained: number } | null;
  /** Moving mean of the training's loss per pair; null before the first result. */
  readonly training: number | null;
  /** Length of the longest row that was leased lately. */
  readonly longestRow: number;
}

/** Rise over the best that is none of chance: measurements of one run are on the same pairs, and differ by far less. */
const RISE = 1.05;
/** Untrained vectors are at their loss but for rounding; a run that just begins is near it. */
const WORSE = 1.01;
/** A rise that has shrunk to this is over. */
const RECOVERED = 1.02;
/** Training loss over its own best that is none of chance: it is a moving mean over ever new text. */
const TRAINING_RISE = 1.05;
/** Measurements in a row that must agree. */
const IN_A_ROW = 2;
/** Rows of a model that learns stay below about 40 (measured); at 1,000 the run ends with DIVERGED. */
const LONG_ROW = 200;

export class DivergenceDetector {
  #best: number | null;
  #bestTraining: number | null = null;
  #suspicious = 0;
  #verdict: string | null = null;

  /** @param best the lowest held-out loss before, of a resumed run */
  constructor(best: number | null) {
    this.#best = best;
  }

  /** The lowest held-out loss so far. */
  get best(): number | null {
    return this.#best;
  }

  /** What is wrong, as part of a sentence; null while all is well. */
  get verdict(): string | null {
    return this.#verdict;
  }

  /** @param last of the run: no measurement will confirm it */
  add(measured: Measurement, last = false): string | null {
    const suspicion = this.#suspicion(measured);
    this.#suspicious = suspicion === null ? 0 : this.#suspicious + 1;
    if (suspicion !== null && (this.#verdict !== null || last || this.#suspicious >= IN_A_ROW))
      this.#verdict = suspicion;
    else if (suspicion === null && this.#hasRecovered(measured)) this.#verdict = null;
    const { heldOut, training } = measured;
    // NaN is never the best.
    if (heldOut !== null && !(heldOut.loss >= (this.#best ?? Infinity)))
      this.#best = finiteOr(heldOut.loss, this.#best);
    if (training !== null && !(training >= (this.#bestTraining ?? Infinity)))
      this.#bestTraining = finiteOr(training, this.#bestTraining);
    return this.#verdict;
  }

  #suspicion({ heldOut, training, longestRow }: Measurement): string | null {
    if (!(longestRow <= LONG_ROW)) return `a row of the model has grown to length ${longestRow.toPrecision(3)}`;
    if (heldOut === null) return null;
    const { loss, untrained } = heldOut;
    const bestTraining = this.#bestTraining ?? Infinity;
    // A small corpus read often is learned by heart: what is held out of it gets worse, and that is no divergence.
    const learns = training !== null && training < untrained && training <= bestTraining * TRAINING_RISE;
    if (learns && Number.isFinite(loss)) return null;
    // Not `loss > untrained`: NaN must count.
    if (!(loss <= untrained * WORSE))
      return `the loss of held-out lines is ${loss.toFixed(3)}, more than the ${untrained.toFixed(3)} of vectors that were never trained`;
    if (this.#best !== null && loss > this.#best * RISE)
      return `the loss of held-out lines has risen from ${this.#best.toFixed(3)} to ${loss.toFixed(3)}, and that of training with it`;
    return null;
  }

  #hasRecovered({ heldOut }: Measurement): boolean {
    return heldOut === null || this.#best === null || heldOut.loss <= this.#best * RECOVERED;
  }
}

function finiteOr(value: number, otherwise: number | null): number | null {
  return Number.isFinite(value) ? value : otherwise;
}
