// One viewer of the live feed: what it gets, what it misses while it does not read, and when it is let go.

/** Bytes that a viewer has not taken yet, from which on it is passed over; it catches up with the whole later. */
export const BEHIND_BYTES = 1 << 20;
/** Turns in a row that it may miss; its browser then reconnects and starts afresh. */
export const MOST_PASSED = 30;

/** What a viewer needs of its response. */
export interface FeedSink {
  /** Bytes written and not yet taken by the system. */
  readonly writableLength: number;
  write(text: string): unknown;
  destroy(): unknown;
}

export class FeedViewer {
  /** Whether it gets more than the public. */
  readonly operator: boolean;
  readonly #sink: FeedSink;
  /** Turns missed since it last took something. */
  #passed = 0;

  constructor(sink: FeedSink, operator: boolean) {
    this.#sink = sink;
    this.operator = operator;
  }

  /** It has seen all events so far. */
  get isCurrent(): boolean {
    return this.#passed === 0;
  }

  /**
   * Nothing is queued for without bound: who reads slowly misses events, and then gets the whole, once everything before
   * is taken. Answers false once it has missed MOST_PASSED turns: its connection is ended then.
   * @param whole what a viewer knows who has seen all events
   */
  tell(news: string, whole: () => string): boolean {
    const sink = this.#sink;
    const waiting = sink.writableLength;
    if (waiting > BEHIND_BYTES || (this.#passed > 0 && waiting > 0)) {
      if (++this.#passed <= MOST_PASSED) return true;
      sink.destroy();
      return false;
    }
    sink.write(this.#passed > 0 ? whole() : news);
    this.#passed = 0;
    return true;
  }
}
