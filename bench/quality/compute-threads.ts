// Worker threads that do the volunteers' computing: each session is pinned to one, which holds its rows.
import type { Worker } from 'node:worker_threads';
import { deferred } from '../../coordinator/run/deferred.ts';
import { startThread } from '../../coordinator/thread-entry.ts';
import type { ComputedLease, FrameFor, FromComputeThread } from './compute-messages.ts';

interface Waiting {
  readonly resolve: (result: Uint8Array<ArrayBuffer>) => void;
  readonly reject: (error: Error) => void;
}

export class ComputeThreads {
  /** Pairs trained, also those whose result nobody wanted any more. */
  pairs = 0;
  /** Seconds of processor time that the engines took for them, summed over the threads. */
  engineSeconds = 0;
  readonly #workers: readonly Worker[];
  readonly #arrived = new Map<number, Uint8Array<ArrayBuffer>>();
  readonly #waiting = new Map<number, Waiting>();
  /** Leases whose results are dropped. */
  readonly #unwanted = new Set<number>();
  #failed: Error | null = null;
  readonly #start = deferred<void>();
  #loading: number;

  constructor(threads: number) {
    this.#loading = threads;
    // Whoever waits is told.
    this.#start.promise.catch(() => undefined);
    this.#workers = Array.from({ length: threads }, () => {
      const worker = startThread(import.meta.url, './compute.worker');
      worker.on('message', (answer: FromComputeThread) => {
        if (answer === 'ready') this.#begun();
        else this.#take(answer);
      });
      worker.on('error', (error) => this.#fail(error));
      return worker;
    });
  }

  /** Resolves when every thread is loaded. */
  get ready(): Promise<void> {
    return this.#start.promise;
  }

  get size(): number {
    return this.#workers.length;
  }

  /** Passes on what the coordinator sent to a session, in order; null when the session is over. */
  post(thread: number, session: number, frame: Uint8Array | null): void {
    const message: FrameFor = { session, frame: frame === null ? null : frame.slice() };
    this.#workers[thread]!.postMessage(message, message.frame === null ? [] : [message.frame.buffer]);
  }

  /** The result frame of a lease; it may be asked for once. */
  result(lease: number): Promise<Uint8Array<ArrayBuffer>> {
    const arrived = this.#arrived.get(lease);
    if (arrived !== undefined) {
      this.#arrived.delete(lease);
      return Promise.resolve(arrived);
    }
    if (this.#failed !== null) return Promise.reject(this.#failed);
    return new Promise((resolve, reject) => this.#waiting.set(lease, { resolve, reject }));
  }

  /** Nobody will ask for this lease's result. */
  forget(lease: number): void {
    if (!this.#arrived.delete(lease)) this.#unwanted.add(lease);
  }

  async close(): Promise<void> {
    await Promise.all(this.#workers.map((worker) => worker.terminate()));
  }

  #begun(): void {
    if (--this.#loading === 0) this.#start.resolve();
  }

  #take({ lease, result, pairs, engineMs }: ComputedLease): void {
    this.pairs += pairs;
    this.engineSeconds += engineMs / 1000;
    if (this.#unwanted.delete(lease)) return;
    const waiting = this.#waiting.get(lease);
    if (waiting === undefined) this.#arrived.set(lease, result);
    else waiting.resolve(result);
    this.#waiting.delete(lease);
  }

  #fail(error: Error): void {
    this.#failed ??= error;
    this.#start.reject(error);
    for (const { reject } of this.#waiting.values()) reject(error);
    this.#waiting.clear();
  }
}
