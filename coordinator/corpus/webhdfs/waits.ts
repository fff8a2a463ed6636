// Tells others, on whatever thread, what an operation on HDFS is waiting for, so that nothing stands still in silence.
import { BroadcastChannel, threadId } from 'node:worker_threads';

/** Hears what the operation of that number waits for; null when it goes on or is over. */
export type WaitReport = (operation: number, reason: string | null) => void;

/** What is said on the channel. */
interface Wait {
  /** Thread and operation. */
  readonly key: string;
  readonly reason: string | null;
}

let clients = 0;

/** Says on a channel what one client waits for. */
export class WaitAnnouncer {
  readonly #channel: BroadcastChannel;
  readonly #client = `${threadId}.${clients++}`;

  /** @param name as in CorpusOptions.hdfsWaits */
  constructor(name: string) {
    this.#channel = new BroadcastChannel(name);
    // It only speaks: it must not keep the process alive.
    this.#channel.unref();
  }

  readonly report: WaitReport = (operation, reason) => {
    this.#channel.postMessage({ key: `${this.#client}.${operation}`, reason } satisfies Wait);
  };

  close(): void {
    this.#channel.close();
  }
}

/** Everything on a channel that is waited for at the moment. */
export class WaitBoard {
  readonly #channel: BroadcastChannel;
  readonly #waits = new Map<string, string>(); // by key, the newest last

  /** @param changed called with the newest reason, null when nothing is waited for any more */
  constructor(name: string, changed: (reason: string | null) => void) {
    this.#channel = new BroadcastChannel(name);
    this.#channel.unref();
    this.#channel.onmessage = (event): void => {
      const { key, reason } = (event as { readonly data: Wait }).data;
      const known = this.#waits.delete(key);
      if (reason !== null) this.#waits.set(key, reason);
      if (known || reason !== null) changed([...this.#waits.values()].at(-1) ?? null);
    };
  }

  /** What is waited for at the moment, newest first, each reason once. */
  get reasons(): string[] {
    return [...new Set([...this.#waits.values()].toReversed())];
  }

  close(): void {
    this.#channel.close();
  }
}
