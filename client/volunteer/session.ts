// The volunteer's session: the compute worker's status as the page shows it, and the requests that the page makes.
import type { EngineChoice, Hold, VolunteerWorker, WorkerStatus } from '../worker/api.ts';

export const IDLE: WorkerStatus = {
  state: 'idle',
  reason: 'Press Start to help.',
  engine: null,
  device: '',
  fallback: null,
  wordsPerSecond: 0,
  accepted: 0,
  acceptedWords: 0,
  rejected: 0,
  refusal: '',
  late: 0,
  checking: 0,
  piece: null,
  bytesUp: 0,
  bytesDown: 0,
  reconnectInMs: null,
  heldBy: null,
  power: { target: 100, measured: null },
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
  /** What the tab runs in, such as "Firefox 153". */
  readonly browser: string;
  readonly spawn: SpawnWorker;
  readonly onStatus: (status: WorkerStatus) => void;
}

type Totals = Pick<
  WorkerStatus,
  'accepted' | 'acceptedWords' | 'rejected' | 'refusal' | 'late' | 'bytesUp' | 'bytesDown'
>;

const ENDED: ReadonlySet<WorkerStatus['state']> = new Set(['idle', 'left', 'done', 'banned', 'error']);

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
  #frozen = false;
  #hold: Hold | null = null;
  #power = 100;
  #name = '';
  /** Bytes that the page may transfer in all its starts; null: as many as it takes. */
  #dataLimit: number | null = null;

  constructor(options: SessionOptions) {
    this.#options = options;
  }

  get status(): WorkerStatus {
    return this.#status;
  }

  start(): void {
    if (this.#status.state === 'banned') return;
    if (hasEnded(this.#status.state)) this.#begin();
  }

  #begin(): void {
    this.#frozen = false;
    this.#terminate();
    const { accepted, acceptedWords, rejected, refusal, late, bytesUp, bytesDown } = this.#status;
    this.#before = { accepted, acceptedWords, rejected, refusal, late, bytesUp, bytesDown };
    this.#show({ ...IDLE, ...this.#before, state: 'connecting', reason: 'Starting the compute worker.' });

    // The worker's events may outlive it in the queue: only the one at work is listened to.
    let handle: WorkerHandle | null = null;
    const current = (): boolean => handle === this.#handle;
    const fail = (message: string): void => {
      if (current()) this.#fail(message);
    };
    handle = this.#options.spawn(fail);
    this.#handle = handle;
    const { url, engine, browser } = this.#options;
    const terms = { name: this.#name, power: this.#power, hold: this.#hold, dataLimit: this.#workersLimit() };
    this.#request((worker) =>
      worker.start({ url, engine, browser, ...terms }, (status) => {
        if (!current()) return;
        this.#show(this.#withTotals(status));
        // A piece in training goes on in the worker until its end: who left gives nothing more.
        if (status.state === 'left') this.#terminate();
      }),
    );
    if (this.#hidden) this.setHidden(true);
  }

  /** Why no work is to be asked for; null: it is. Holds for later starts too, as do the others below. */
  hold(hold: Hold | null): void {
    if (this.#hold?.code === hold?.code && this.#hold?.reason === hold?.reason) return;
    this.#hold = hold;
    this.#request((worker) => worker.hold(hold));
  }

  /** @param percent of the time that the engine may be busy */
  setPower(percent: number): void {
    if (this.#power === percent) return;
    this.#power = percent;
    this.#request((worker) => worker.setPower(percent));
  }

  /** @param bytes that this page may transfer in all, both ways; null: as many as it takes */
  setDataLimit(bytes: number | null): void {
    if (this.#dataLimit === bytes) return;
    this.#dataLimit = bytes;
    this.#request((worker) => worker.setDataLimit(this.#workersLimit()));
  }

  /** @param name shown to others from the next start on; '' for none */
  setName(name: string): void {
    this.#name = name;
  }

  /**
   * The browser is about to freeze this tab, or woke it. A message might reach the worker only when it wakes: its end
   * closes the socket at once, and the lease is free.
   */
  setFrozen(frozen: boolean): void {
    if (frozen === this.#frozen || hasEnded(this.#status.state)) return;
    this.#frozen = frozen;
    if (!frozen) return this.#begin();
    this.#terminate();
    const reason = 'the browser froze this tab; it trains on when the tab wakes';
    this.#show({ ...this.#status, state: 'connecting', reason, reconnectInMs: null });
  }

  #workersLimit(): number | null {
    const { bytesUp, bytesDown } = this.#before;
    return this.#dataLimit === null ? null : Math.max(0, this.#dataLimit - bytesUp - bytesDown);
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

  #terminate(): void {
    this.#handle?.terminate();
    this.#handle = null;
  }

  #withTotals(status: WorkerStatus): WorkerStatus {
    const before = this.#before;
    return {
      ...status,
      accepted: before.accepted + status.accepted,
      acceptedWords: before.acceptedWords + status.acceptedWords,
      rejected: before.rejected + status.rejected,
      refusal: status.refusal === '' ? before.refusal : status.refusal,
      late: before.late + status.late,
      bytesUp: before.bytesUp + status.bytesUp,
      bytesDown: before.bytesDown + status.bytesDown,
    };
  }

  #fail(message: string): void {
    this.#terminate();
    const reason = `The compute worker failed: ${message}. Press Start to try again, or reload the page.`;
    this.#show({ ...this.#status, state: 'error', reason, wordsPerSecond: 0, reconnectInMs: null });
  }

  #show(status: WorkerStatus): void {
    this.#status = status;
    this.#options.onStatus(status);
  }
}
