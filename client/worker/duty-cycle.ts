// Keeps an engine's busy time to a share of all time: after work comes the rest that it earned. No clock, no timer.

/** Busy milliseconds that time without work may save up: a late timer costs nothing, an idle hour buys no burst. */
const CREDIT_MS = 50;
/** Length of the stretch over which the share is measured. */
const WINDOW_MS = 10_000;
/** Spans that lie closer together than this are kept as one. */
const GRAIN_MS = 100;

/** Busy for `busyMs` of the time from `from` on. */
interface Span {
  readonly from: number;
  to: number;
  busyMs: number;
}

/**
 * A leaky bucket of work: busy time fills it, all time drains it at the target's rate, and there is rest until it is
 * empty. So over any stretch of W ms the engine is busy for at most target · W + CREDIT_MS + the longest piece of work.
 */
export class DutyCycle {
  #target = 1;
  /** Busy milliseconds ahead of the target; below zero those saved up. */
  #level = 0;
  /** Up to when time is accounted for; null before the first work. */
  #at: number | null = null;
  /** When the first work began. */
  #first = 0;
  readonly #spans: Span[] = [];

  /** Share of the time that may be busy, above 0 and at most 1. */
  get target(): number {
    return this.#target;
  }

  set target(share: number) {
    if (!(share > 0 && share <= 1)) throw new RangeError(`a duty cycle of ${share} is not above 0 and at most 1`);
    this.#target = share;
    // What was saved or owed at another rate is settled: the new one holds from here on.
    this.#level = 0;
  }

  /** The engine worked from `from` to `to`, in ms on a steady clock; what was noted before is not counted twice. */
  worked(from: number, to: number): void {
    const begin = Math.max(from, this.#at ?? from);
    if (to <= begin) return;
    if (this.#at === null) this.#first = begin;
    this.#idleUntil(begin);
    this.#at = to;
    const busyMs = to - begin;
    this.#level += busyMs * (1 - this.#target);
    const last = this.#spans.at(-1);
    if (last !== undefined && to - last.from < GRAIN_MS) {
      last.to = to;
      last.busyMs += busyMs;
    } else {
      this.#spans.push({ from: begin, to, busyMs });
    }
    while (this.#spans[0]!.to < to - WINDOW_MS) this.#spans.shift();
  }

  /** Milliseconds from `now` on during which the engine must rest; 0: it may work. */
  restMs(now: number): number {
    this.#idleUntil(now);
    return Math.max(0, this.#level / this.#target);
  }

  /** Busy share of the last WINDOW_MS, or of the time since the first work; null without work in it. */
  measured(now: number): number | null {
    const begin = now - WINDOW_MS;
    const spans = this.#spans.filter((span) => span.to > begin);
    if (spans.length === 0) return null;
    const from = Math.max(begin, this.#first);
    let busyMs = 0;
    // A span that reaches out of the stretch counts by the part that lies within.
    for (const span of spans) busyMs += (span.busyMs * (span.to - Math.max(begin, span.from))) / (span.to - span.from);
    return Math.min(1, busyMs / Math.max(1, now - from));
  }

  #idleUntil(now: number): void {
    const at = this.#at;
    if (at !== null && now <= at) return;
    if (at !== null) this.#level = Math.max(-CREDIT_MS, this.#level - (now - at) * this.#target);
    this.#at = now;
  }
}
