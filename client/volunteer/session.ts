// The volunteer's session: the compute worker's status as the page shows it, and the requests that the page makes.
import type { EngineChoice, VolunteerWorker, WorkerStatus } from '../worker/api.ts';

export const IDLE: WorkerStatus = {
  state: 'idle',
  reason: 'Nothing runs until you press Start.',
  engine: null,
  device: '',
  fallback: null,
  wordsPerSecond: 0,
  accepted: 0,
  acceptedWords: 0,
  rejected: 0,
  bytesUp: 0,
  bytesDown: 0,
  reconnectInMs: null,
  run: null,
};

/** A worker and the way to end its thread. */
export interface WorkerHandle {
  readonly worker: VolunteerWorker;
  terminate(): void;
}

/** `fail` is to be called when the worker's script cannot be loaded or dies. */
export type SpawnWorker = (fail: (message: string) => void) => WorkerHandle;

export interface SessionOptions {
  readonly url: string;
  readonly engine: EngineChoice;
  readonly spawn: SpawnWorker;
  readonly onStatus: (status: WorkerStatus) => void;
}

type Totals = Pick<WorkerStatus, 'accepted' | 'acceptedWords' | 'rejected' | 'bytesUp' | 'bytesDown'>;

const ENDED: ReadonlySet<WorkerStatus['state']> = new Set(['idle', 'left', 'done', 'error']);

export function hasEnded(state: WorkerStatus['state']): boolean {
  return ENDED.has(state);
}

/** One page, any number of starts: each gets a worker of its own, and the totals carry on. */
export class VolunteerSession {
  readonly #options: SessionOptions;
  #handle: WorkerHandle | null = null;
  #status: WorkerStatus = IDLE;
  /** Totals of the workers before the one at work. */
  #before: Totals = IDLE;
  #hidden = false;

  constructor(options: SessionOptions) {
    this.#options = options;
  }

  get status(): WorkerStatus {
    return this.#status;
  }

  start(): void {
    if (!hasEnded(this.#status.state)) return;
    this.#handle?.terminate();
    const { accepted, acceptedWords, rejected, bytesUp, bytesDown } = this.#status;
    this.#before = { accepted, acceptedWords, rejected, bytesUp, bytesDown };
    this.#show({ ...IDLE, ...this.#before, state: 'connecting', reason: 'Starting the compute worker.' });

    // The worker's events may outlive it in the queue: only the one at work is listened to.
    let handle: WorkerHandle | null = null;
    const current = (): boolean => handle === this.#handle;
    const fail = (message: string): void => {
      if (current()) this.#fail(message);
    };
    handle = this.#options.spawn(fail);
    this.#handle = handle;
    const { url, engine } = this.#options;
    this.#request((worker) =>
      worker.start({ url, engine }, (status) => {
        if (current()) this.#show(this.#withTotals(status));
      }),
    );
    if (this.#hidden) this.setHidden(true);
  }

  pause(): void {
    this.#request((worker) => worker.pause());
  }

  resume(): void {
    this.#request((worker) => worker.resume());
  }

  finish(): void {
    this.#request((worker) => worker.finish());
  }

  leave(): void {
    this.#request((worker) => worker.leave());
  }

  setHidden(hidden: boolean): void {
    this.#hidden = hidden;
    this.#request((worker) => worker.setHidden(hidden));
  }

  #request(call: (worker: VolunteerWorker) => Promise<void>): void {
    const handle = this.#handle;
    if (handle === null || hasEnded(this.#status.state)) return;
    call(handle.worker).catch((error: unknown) => {
      if (handle === this.#handle) this.#fail(error instanceof Error ? error.message : String(error));
    });
  }

  #withTotals(status: WorkerStatus): WorkerStatus {
    const before = this.#before;
    return {
      ...status,
      accepted: before.accepted + status.accepted,
      acceptedWords: before.acceptedWords + status.acceptedWords,
      rejected: before.rejected + status.rejected,
      bytesUp: before.bytesUp + status.bytesUp,
      bytesDown: before.bytesDown + status.bytesDown,
    };
  }

  #fail(message: string): void {
    this.#handle?.terminate();
    this.#handle = null;
    const reason = `The compute worker failed: ${message}. Press Start to try again, or reload the page.`;
    this.#show({ ...this.#status, state: 'error', reason, wordsPerSecond: 0, reconnectInMs: null });
  }

  #show(status: WorkerStatus): void {
    this.#status = status;
    this.#options.onStatus(status);
  }
}
