// The compute worker: owns socket and engine, so that a hidden tab keeps going, and reports to the page.
import { expose } from 'comlink';
import type { SessionEvent } from '../../volunteer/session.ts';
import type { StartOptions, VolunteerWorker, WorkerState, WorkerStatus } from './api.ts';
import { Connection } from './connection.ts';
import { EngineKeeper } from './engine-choice.ts';

/** MiB of rows that a tab caches. */
const CACHE_MIB = 256;
const REPORT_MS = 250;
/** Share of the newest piece in the moving rate. */
const BLEND = 0.4;

/** States that are final: what comes later is an echo. */
const ENDED: ReadonlySet<WorkerState> = new Set(['done', 'error', 'left']);

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

class Volunteer implements VolunteerWorker {
  readonly #status: Mutable<WorkerStatus> = {
    state: 'idle',
    reason: 'not started',
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
  #connection: Connection | null = null;
  #report: (status: WorkerStatus) => void = () => undefined;
  #reportedAt = 0;
  #pending = false;
  #paused = false;
  #retryAt: number | null = null;

  async start(options: StartOptions, report: (status: WorkerStatus) => void): Promise<void> {
    if (this.#connection !== null) return;
    this.#report = report;
    const keeper = new EngineKeeper(options.engine);
    this.#connection = new Connection({
      url: options.url,
      engine: () => keeper.get(),
      engineFailed: (error) => {
        try {
          keeper.failed(error);
          this.#status.fallback = keeper.fallback;
        } catch (final) {
          this.#over('error', final);
        }
      },
      facts: async () => {
        const engine = await keeper.get();
        this.#status.fallback = keeper.fallback;
        this.#status.device = engine.device;
        this.#status.engine = engine.kind === 'webgpu' ? 'webgpu' : 'cpu';
        return { engine: this.#status.engine, device: engine.device, cacheMiB: CACHE_MIB, name: '', browser: '' };
      },
      event: (event) => {
        if (event.kind === 'welcome' && keeper.keepTo(event.welcome.objective)) {
          this.#connection?.greetAgain();
          return;
        }
        if (event.kind === 'trained') keeper.succeeded();
        this.#event(event);
        // The page may stay open: its GPU memory is not kept for nothing.
        if (event.kind === 'left') keeper.dispose();
      },
      connecting: () => {
        this.#retryAt = null;
        this.#set('connecting', 'connecting to the coordinator');
      },
      retry: (ms, reason) => {
        this.#retryAt = performance.now() + ms;
        this.#set('connecting', `${reason}; trying again`);
        this.#countDown(this.#retryAt);
      },
      over: (kind, reason) => {
        keeper.dispose();
        this.#set(kind, reason);
      },
      traffic: (up, down) => {
        this.#status.bytesUp += up;
        this.#status.bytesDown += down;
        this.#changed();
      },
    });
    try {
      await this.#connection.open();
    } catch (error) {
      this.#over('error', error);
    }
  }

  async pause(): Promise<void> {
    this.#paused = true;
    this.#connection?.setPaused(true);
    this.#set('paused', 'paused by you; a piece in training is finished first');
  }

  async resume(): Promise<void> {
    this.#paused = false;
    if (this.#retryAt === null) this.#set('waiting', 'asking for work');
    else this.#set('connecting', 'the connection was lost; trying again');
    this.#connection?.setPaused(false);
  }

  async finish(): Promise<void> {
    this.#set('leaving', 'finishing the piece at hand');
    this.#connection?.finish();
  }

  async leave(): Promise<void> {
    this.#connection?.leave();
  }

  async setHidden(hidden: boolean): Promise<void> {
    this.#connection?.setHidden(hidden);
  }

  #event(event: SessionEvent): void {
    const status = this.#status;
    switch (event.kind) {
      case 'welcome':
        this.#set(this.#paused ? 'paused' : 'waiting', this.#paused ? 'paused by you' : 'connected; asking for work');
        return;
      case 'training':
        if (status.state !== 'leaving')
          this.#set('training', `training ${event.lease.pairs.toLocaleString('en')} pairs of words`);
        return;
      case 'trained': {
        const rate = event.lease.words / Math.max(0.001, event.ms / 1000);
        status.wordsPerSecond += (status.wordsPerSecond === 0 ? 1 : BLEND) * (rate - status.wordsPerSecond);
        if (this.#paused) this.#set('paused', 'paused by you');
        this.#changed();
        return;
      }
      case 'idle':
        if (!this.#paused && status.state !== 'leaving') this.#set('waiting', event.reason);
        return;
      case 'outcome':
        if (event.outcome.outcome === 'applied') {
          status.accepted++;
          status.acceptedWords += Math.round(event.words);
        } else if (event.outcome.outcome === 'rejected') {
          status.rejected++;
        }
        this.#changed();
        return;
      case 'progress': {
        const { tokensDone, tokensTotal, wordsPerSecond, volunteers, etaSeconds, loss } = event.progress;
        status.run = {
          tokensDone,
          tokensTotal,
          wordsPerSecond,
          volunteers,
          etaSeconds: Number.isNaN(etaSeconds) ? null : etaSeconds,
          loss: Number.isNaN(loss) ? null : loss,
        };
        this.#changed();
        return;
      }
      case 'left':
        this.#set('left', 'you left; thank you for the work');
        return;
      case 'finished':
      case 'failed':
        // The connection ends after these and tells why.
        return;
    }
  }

  #over(state: 'error', error: unknown): void {
    this.#set(state, error instanceof Error ? error.message : String(error));
    this.#connection?.leave();
  }

  #set(state: WorkerState, reason: string): void {
    if (ENDED.has(this.#status.state)) return;
    // Who has gone makes no further attempt.
    if (state === 'left' || state === 'done' || state === 'error') this.#retryAt = null;
    this.#status.state = state;
    this.#status.reason = reason;
    this.#send();
  }

  #changed(): void {
    const wait = this.#reportedAt + REPORT_MS - performance.now();
    if (wait <= 0) this.#send();
    else if (!this.#pending) {
      this.#pending = true;
      setTimeout(() => {
        this.#pending = false;
        this.#send();
      }, wait);
    }
  }

  /** Once a second until the next attempt: the page shows how long it is. */
  #countDown(retryAt: number): void {
    if (this.#retryAt !== retryAt) return;
    this.#send();
    setTimeout(() => this.#countDown(retryAt), 1000);
  }

  #send(): void {
    this.#reportedAt = performance.now();
    this.#status.reconnectInMs = this.#retryAt === null ? null : Math.max(0, this.#retryAt - performance.now());
    this.#report({ ...this.#status });
  }
}

expose(new Volunteer() satisfies VolunteerWorker);
