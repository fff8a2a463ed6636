// The run's side of the ingest thread: one request at a time, answered or failed.
import type { Worker } from 'node:worker_threads';
import { TributaryError } from '../errors.ts';
import type { Episode } from '../leases/episode.ts';
import { startThread } from '../thread-entry.ts';
import type {
  Counted,
  CountRequest,
  IngestAnswer,
  IngestMessage,
  IngestRequest,
  Opened,
  OpenRequest,
  PrepareRequest,
  TrainRequest,
} from './requests.ts';

interface Pending {
  readonly resolve: (answer: IngestAnswer) => void;
  readonly reject: (error: Error) => void;
}

export class IngestThread {
  readonly #worker: Worker;
  #pending: Pending | null = null;
  /** Why the thread is gone; null while it lives. */
  #gone: Error | null = null;

  /** @param progress called with the bytes counted so far */
  constructor(progress: (bytes: number) => void) {
    this.#worker = startThread(import.meta.url, './ingest.worker');
    this.#worker.on('message', (message: IngestMessage) => {
      if (message.kind === 'progress') progress(message.bytes);
      else this.#settle(message);
    });
    this.#worker.on('error', (error) => this.#fail(error));
    this.#worker.on('exit', (code) =>
      this.#fail(new TributaryError('INTERNAL', `the ingest thread ended with code ${code}`)),
    );
  }

  open(request: Omit<OpenRequest, 'kind'>): Promise<Opened> {
    return this.#ask({ kind: 'open', ...request }) as Promise<Opened>;
  }

  count(request: Omit<CountRequest, 'kind'>): Promise<Counted> {
    return this.#ask({ kind: 'count', ...request }) as Promise<Counted>;
  }

  async train(request: Omit<TrainRequest, 'kind'>): Promise<void> {
    await this.#ask({ kind: 'train', ...request });
  }

  prepare(request: Omit<PrepareRequest, 'kind'>): Promise<Episode> {
    return this.#ask({ kind: 'prepare', ...request }) as Promise<Episode>;
  }

  async close(): Promise<void> {
    this.#pending = null;
    await this.#worker.terminate();
  }

  #ask(request: IngestRequest): Promise<IngestAnswer> {
    if (this.#pending !== null) throw new Error(`${request.kind} was asked while another request is pending`);
    if (this.#gone !== null) return Promise.reject(this.#gone);
    return new Promise((resolve, reject) => {
      this.#pending = { resolve, reject };
      this.#worker.postMessage(request);
    });
  }

  #settle(message: Exclude<IngestMessage, { kind: 'progress' }>): void {
    const pending = this.#pending;
    this.#pending = null;
    if (message.kind === 'answer') {
      pending?.resolve(message.answer);
      return;
    }
    const { code, message: text, hint, exit } = message.failure;
    pending?.reject(new TributaryError(code, text, hint === undefined ? { exit } : { exit, hint }));
  }

  #fail(error: Error): void {
    this.#gone ??= error;
    this.#pending?.reject(error);
    this.#pending = null;
  }
}
