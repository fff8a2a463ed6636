// What the operator watches: rates, loss, counters, a bounded history. Time is passed in.
import type { RunEvent, RunEventLevel } from '../../protocol/status.ts';

/** Words per second over a sliding window of samples. */
export class RateMeter {
  readonly #windowMs: number;
  readonly #samples: { readonly time: number; readonly words: number }[] = [];

  constructor(windowMs: number) {
    this.#windowMs = windowMs;
  }

  /** @param words in all, so far */
  sample(time: number, words: number): void {
    this.#samples.push({ time, words });
    while (this.#samples.length > 2 && time - this.#samples[0]!.time > this.#windowMs) this.#samples.shift();
  }

  get wordsPerSecond(): number {
    const first = this.#samples[0];
    const last = this.#samples.at(-1);
    if (first === undefined || last === undefined || last.time <= first.time) return 0;
    return ((last.words - first.words) / (last.time - first.time)) * 1000;
  }
}

/** Seconds that passed while it ran. */
export class Stopwatch {
  readonly #now: () => number;
  #seconds: number;
  #since: number | null = null;

  /** @param now milliseconds on a steady clock @param seconds what it shows at first */
  constructor(now: () => number, seconds = 0) {
    this.#now = now;
    this.#seconds = seconds;
  }

  start(): void {
    this.#since ??= this.#now();
  }

  stop(): void {
    this.#seconds = this.seconds;
    this.#since = null;
  }

  get running(): boolean {
    return this.#since !== null;
  }

  get seconds(): number {
    return this.#seconds + (this.#since === null ? 0 : (this.#now() - this.#since) / 1000);
  }
}

/** Mean loss per pair over about the last `pairs` pairs. */
export class LossMeter {
  readonly #pairs: number;
  #value: number | null = null;

  constructor(pairs: number, value: number | null = null) {
    this.#pairs = pairs;
    this.#value = value;
  }

  add(loss: number, pairs: number): void {
    const weight = 1 - Math.exp(-pairs / this.#pairs);
    this.#value = this.#value === null ? loss : this.#value + weight * (loss - this.#value);
  }

  get value(): number | null {
    return this.#value;
  }
}

/** What an event is about, and who did it. */
export type EventSource = Pick<RunEvent, 'category' | 'who'>;

/** The last events, for people who come later. */
export class EventLog {
  readonly #limit: number;
  readonly #events: RunEvent[];
  #seq: number;

  /** @param earlier events of an earlier process, oldest first: counting goes on behind them */
  constructor(limit: number, earlier: readonly RunEvent[] = []) {
    this.#limit = limit;
    this.#events = earlier.slice(-limit);
    this.#seq = earlier.at(-1)?.seq ?? 0;
  }

  add(time: number, level: RunEventLevel, text: string, { category, who }: EventSource): RunEvent {
    // Strangers have a hand in some texts (headers, paths), and terminals obey control characters.
    const event = { seq: ++this.#seq, time, level, category, who, text: text.replaceAll(/\p{Cc}+/gu, ' ') };
    this.#events.push(event);
    if (this.#events.length > this.#limit) this.#events.shift();
    return event;
  }

  get events(): readonly RunEvent[] {
    return this.#events;
  }
}
