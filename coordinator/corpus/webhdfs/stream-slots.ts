// How many streams may be open at a time: in all, and with one data node. Whoever is too many waits in turn.

export interface StreamLimits {
  /** Open streams with one data node. */
  readonly perNode: number;
  /** Open streams with all of them. */
  readonly inAll: number;
}

// A data node serves WebHDFS with a few blocking threads: more streams than that only wait there.
export const DEFAULT_STREAMS: StreamLimits = { perNode: 3, inAll: 8 };

/** What one of several threads may open so that all together stay below; at least one stream each. */
export function shareOfStreams({ perNode, inAll }: StreamLimits, threads: number): StreamLimits {
  const share = (limit: number): number => Math.max(1, Math.floor(limit / threads));
  return { perNode: share(perNode), inAll: share(inAll) };
}

interface Waiter {
  readonly node: string | null;
  readonly grant: () => void;
}

/**
 * Slots are granted in the order of asking, but nobody waits behind one whose data node is busy: so every
 * waiter's data node has no slot free, or nobody has.
 */
export class StreamSlots {
  readonly #limits: StreamLimits;
  readonly #open = new Map<string, number>(); // streams by data node; never 0
  #total = 0;
  #waiting: Waiter[] = []; // oldest first

  constructor(limits: StreamLimits) {
    this.#limits = limits;
  }

  get open(): number {
    return this.#total;
  }

  get waiting(): number {
    return this.#waiting.length;
  }

  /**
   * Resolves when a stream with `node` may be opened, with what gives the slot back (once; more do nothing).
   * Null is a gateway, which counts in all alone. Rejects with the signal's reason when aborted before.
   */
  async take(node: string | null, signal?: AbortSignal): Promise<() => void> {
    signal?.throwIfAborted();
    if (!this.#isFree(node)) await this.#wait(node, signal);
    else this.#count(node, 1);
    let held = true;
    return () => {
      if (!held) return;
      held = false;
      this.#count(node, -1);
      this.#grantNext();
    };
  }

  #wait(node: string | null, signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      const leave = (): void => {
        this.#waiting = this.#waiting.filter((each) => each !== waiter);
        reject(signal?.reason as Error);
      };
      const grant = (): void => {
        signal?.removeEventListener('abort', leave);
        this.#count(node, 1);
        resolve();
      };
      const waiter: Waiter = { node, grant };
      this.#waiting.push(waiter);
      signal?.addEventListener('abort', leave, { once: true });
    });
  }

  #isFree(node: string | null): boolean {
    const { perNode, inAll } = this.#limits;
    return this.#total < inAll && (node === null || (this.#open.get(node) ?? 0) < perNode);
  }

  #count(node: string | null, change: 1 | -1): void {
    this.#total += change;
    if (node === null) return;
    const streams = (this.#open.get(node) ?? 0) + change;
    if (streams === 0) this.#open.delete(node);
    else this.#open.set(node, streams);
  }

  /** One slot was given back: at most one waiter can go. */
  #grantNext(): void {
    const index = this.#waiting.findIndex(({ node }) => this.#isFree(node));
    const [next] = index < 0 ? [] : this.#waiting.splice(index, 1);
    next?.grant();
  }
}
