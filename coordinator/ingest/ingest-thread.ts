// The run's side of the ingest thread: one request at a time, answered or failed.
import type { Worker } from 'node:worker_threads';
import type { RunEventLevel } from '../../protocol/status.ts';
import { TributaryError } from '../errors.ts';
import type { Episode } from '../leases/episode.ts';
import { startThread } from '../thread-entry.ts';
import { errorOf } from './failure.ts';
import type {
  Counted,
  CountRequest,
  IngestAnswer,
  IngestMessage,
  IngestRequest,
  Interruption,
  Opened,
  OpenRequest,
  PrepareRequest,
  Return,
  TrainRequest,
} from './requests.ts';

interface Pending {
  readonly resolve: (answer: IngestAnswer) => void;
  readonly reject: (error: Error) => void;
}

export interface IngestWatcher {
  /** Bytes of the corpus that are counted so far. */
  progress(bytes: number): void;
  note(level: RunEventLevel, text: string): void;
}

export class IngestThread {
  readonly #worker: Worker;
  #pending: Pending | null = null;
  /** Why the thread is gone; null while it lives. */
  #gone: Error | null = null;

  constructor(watcher: IngestWatcher) {
    this.#worker = startThread(import.meta.url, './ingest.worker');
    this.#worker.on('message', (message: IngestMessage) => {
      if (message.kind === 'progress') watcher.progress(message.bytes);
      else if (message.kind === 'note') watcher.note(message.level, message.text);
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

  /** What is being counted is kept, and `count` fails with INTERRUPTED. */
  interrupt(): void {
    const message: Interruption = { kind: 'interrupt' };
    this.#worker.postMessage(message);
  }

  async train(request: Omit<TrainRequest, 'kind'>): Promise<void> {
    await this.#ask({ kind: 'train', ...request });
  }

  prepare(request: Omit<PrepareRequest, 'kind'>): Promise<Episode> {
    return this.#ask({ kind: 'prepare', ...request }) as Promise<Episode>;
  }

  /** Hands the memory of a trained episode back, to be used for the next one: its pairs are gone with this call. */
  giveBack({ inputs, outputs }: Episode): void {
    const message: Return = { kind: 'return', memory: { inputs, outputs } };
    this.#worker.postMessage(message, [inputs.buffer, outputs.buffer]);
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

  #settle(message: Extract<IngestMessage, { kind: 'answer' | 'failure' }>): void {
    const pending = this.#pending;
    this.#pending = null;
    if (message.kind === 'answer') {
      pending?.resolve(message.answer);
      return;
    }
    pending?.reject(errorOf(message.failure));
  }

  #fail(error: Error): void {
    this.#gone ??= error;
    this.#pending?.reject(error);
    this.#pending = null;
  }
}
