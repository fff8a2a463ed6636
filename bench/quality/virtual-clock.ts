// Simulated time: events in the order of their time, those of one moment in the order they were planned.

interface Event {
  /** ms. */
  readonly at: number;
  readonly sequence: number;
  readonly run: () => void | Promise<void>;
}

export class VirtualClock {
  /** ms since the start. */
  now = 0;
  readonly #heap: Event[] = [];
  #sequence = 0;

  /** Plans `run` for the moment `at`, in ms, or for now where that is past. */
  at(at: number, run: () => void | Promise<void>): void {
    const heap = this.#heap;
    heap.push({ at: Math.max(at, this.now), sequence: this.#sequence++, run });
    for (let child = heap.length - 1; child > 0;) {
      const parent = (child - 1) >> 1;
      if (!before(heap[child]!, heap[parent]!)) return;
      swap(heap, child, parent);
      child = parent;
    }
  }

  /** Runs event after event until `done` answers true. @throws Error when nothing is planned any more */
  async run(done: () => boolean): Promise<void> {
    while (!done()) {
      const event = this.#next();
      if (event === undefined) throw new Error(`nothing happens any more after ${this.now} ms`);
      this.now = event.at;
      await event.run();
      // What the event set free by promises belongs to the same moment.
      await settled();
    }
  }

  #next(): Event | undefined {
    const heap = this.#heap;
    const first = heap[0];
    const last = heap.pop();
    if (first === undefined || last === undefined || first === last) return first;
    heap[0] = last;
    for (let parent = 0; ;) {
      let least = parent;
      for (const child of [2 * parent + 1, 2 * parent + 2])
        if (child < heap.length && before(heap[child]!, heap[least]!)) least = child;
      if (least === parent) return first;
      swap(heap, parent, least);
      parent = least;
    }
  }
}

function before(a: Event, b: Event): boolean {
  return a.at < b.at || (a.at === b.at && a.sequence < b.sequence);
}

function swap(heap: Event[], a: number, b: number): void {
  const held = heap[a]!;
  heap[a] = heap[b]!;
  heap[b] = held;
}

function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
