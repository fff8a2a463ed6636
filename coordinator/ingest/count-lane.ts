// A thread that counts parts of the corpus, as its owner sees it: one part at a time, and it waits to be asked.
import type { Worker } from 'node:worker_threads';
import type { CorpusOptions } from '../corpus/source.ts';
import { TributaryError } from '../errors.ts';
import { startThread } from '../thread-entry.ts';
import { deferred } from '../run/deferred.ts';
import type { Deferred } from '../run/deferred.ts';
import { errorOf } from './failure.ts';
import type { Failure } from './failure.ts';
import type { CountedPart, CountPlace, CountPlan } from './part-counter.ts';

/** Whoever counts parts: a thread, or this one. */
export interface CountLane {
  count(place: CountPlace): Promise<CountedPart>;
  /** The part that is being counted shall end soon. */
  hurry(): void;
  close(): Promise<void>;
}

export type LaneRequest =
  | {
      readonly kind: 'open';
      readonly corpus: readonly string[];
      readonly options: CorpusOptions;
      readonly plan: CountPlan;
    }
  | { readonly kind: 'count'; readonly place: CountPlace }
  | { readonly kind: 'hurry' };

export type LaneMessage =
  | { readonly kind: 'part'; readonly part: CountedPart }
  | { readonly kind: 'read'; readonly bytes: number }
  | { readonly kind: 'failure'; readonly failure: Failure };

export class CountThread implements CountLane {
  readonly #worker: Worker;
  #pending: Deferred<CountedPart> | null = null;
  /** Why the thread is gone; null while it lives. */
  #gone: Error | null = null;

  /** @param read hears of bytes read from the corpus */
  constructor(corpus: readonly string[], options: CorpusOptions, plan: CountPlan, read: (bytes: number) => void) {
    this.#worker = startThread(import.meta.url, './count.worker');
    this.#worker.on('message', (message: LaneMessage) => {
      if (message.kind === 'read') read(message.bytes);
      else if (message.kind === 'part') this.#settle()?.resolve(message.part);
      else this.#settle()?.reject(errorOf(message.failure));
    });
    this.#worker.on('error', (error) => this.#fail(error));
    this.#worker.on('exit', (code) =>
      this.#fail(new TributaryError('INTERNAL', `a counting thread ended with code ${code}`)),
    );
    this.#post({ kind: 'open', corpus, options, plan });
  }

  count(place: CountPlace): Promise<CountedPart> {
    if (this.#gone !== null) return Promise.reject(this.#gone);
    this.#pending = deferred();
    this.#post({ kind: 'count', place });
    return this.#pending.promise;
  }

  hurry(): void {
    this.#post({ kind: 'hurry' });
  }

  async close(): Promise<void> {
    this.#pending = null;
    await this.#worker.terminate();
  }

  #post(request: LaneRequest): void {
    this.#worker.postMessage(request);
  }

  #settle(): Deferred<CountedPart> | null {
    const pending = this.#pending;
    this.#pending = null;
    return pending;
  }

  #fail(error: Error): void {
    this.#gone ??= error;
    this.#settle()?.reject(error);
  }
}
