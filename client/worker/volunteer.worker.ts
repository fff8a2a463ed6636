// The compute worker: owns socket and engine, so that a hidden tab keeps going, and reports to the page.
import { expose } from 'comlink';
import { packedBytes } from '../../protocol/rows.ts';
import type { SessionEvent } from '../../volunteer/session.ts';
import type { Hold, StartOptions, VolunteerWorker, WorkerState, WorkerStatus } from './api.ts';
import { Connection } from './connection.ts';
import { DataBudget } from './data-budget.ts';
import { EngineKeeper } from './engine-choice.ts';
import { Pacer } from './pacer.ts';
import { SpeedBook } from './speed-book.ts';
import type { Facts } from './state.ts';
import { stateOf } from './state.ts';
import { breathe, sleep } from './timers.ts';

/** MiB of rows that a tab caches. */
const CACHE_MIB = 256;
const REPORT_MS = 250;

type Mutable<T> = { -readonly [K in keyof T]: T[K] };
type Totals = Mutable<
  Pick<
    WorkerStatus,
    'accepted' | 'acceptedWords' | 'rejected' | 'refusal' | 'late' | 'checking' | 'bytesUp' | 'bytesDown' | 'run'
  >
>;

class Volunteer implements VolunteerWorker {
  readonly #facts: Mutable<Facts> = {
    ended: null,
    leaving: false,
    hold: null,
    link: 'opening',
    lostReason: '',
    training: null,
    idleReason: '',
    hidden: false,
    hiddenShare: null,
  };
  readonly #totals: Totals = {
    accepted: 0,
    acceptedWords: 0,
    rejected: 0,
    refusal: '',
    late: 0,
    checking: 0,
    bytesUp: 0,
    bytesDown: 0,
    run: null,
  };
  readonly #pacer = new Pacer({ now: () => performance.now(), sleep, breathe });
  readonly #speed = new SpeedBook();
  readonly #budget = new DataBudget();
  #keeper: EngineKeeper | null = null;
  #connection: Connection | null = null;
  #engine: Pick<WorkerStatus, 'engine' | 'device'> = { engine: null, device: '' };
  /** What the page holds back; the data limit comes on top. */
  #held: Hold | null = null;
  /** The piece in training was all in view, or all hidden; null when that changed meanwhile. */
  #where: 'view' | 'hidden' | null = 'view';
  #report: (status: WorkerStatus) => void = () => undefined;
  #reported: WorkerState = 'idle';
  #reportedAt = 0;
  #pending = false;
  /** Share of the piece in training that is done. */
  #pieceShare = 0;
  #retryAt: number | null = null;

  async start(options: StartOptions, report: (status: WorkerStatus) => void): Promise<void> {
    if (this.#connection !== null) return;
    this.#report = report;
    this.#pacer.target = options.power / 100;
    this.#budget.limit = options.dataLimit;
    this.#held = options.hold;
    const keeper = new EngineKeeper(options.engine, this.#pacer, (done) => {
      this.#pieceShare = done;
      this.#changed();
    });
    this.#keeper = keeper;
    const connection = new Connection({
      url: options.url,
      engine: () => keeper.get(),
      engineFailed: (error) => {
        this.#facts.training = null;
        try {
          keeper.failed(error);
        } catch (final) {
          this.#fail(final);
        }
      },
      facts: async () => {
        const engine = await keeper.get();
        this.#engine = { engine: engine.kind === 'webgpu' ? 'webgpu' : 'cpu', device: engine.device };
        const { name, browser } = options;
        return { engine: this.#engine.engine!, device: engine.device, cacheMiB: CACHE_MIB, name, browser };
      },
      event: (event) => {
        if (event.kind === 'welcome' && keeper.keepTo(event.welcome.objective)) {
          connection.greetAgain();
          return;
        }
        this.#event(event);
      },
      connecting: () => this.#link('opening'),
      retry: (ms, reason) => {
        this.#link('lost', reason);
        this.#retryAt = performance.now() + ms;
        this.#countDown(this.#retryAt);
      },
      over: (state, reason) => this.#end(state, reason),
      traffic: (up, down) => {
        this.#totals.bytesUp += up;
        this.#totals.bytesDown += down;
        this.#budget.count(up + down);
        this.#changed();
      },
      handled: (from, to) => {
        // On the processor, planning a piece and unpacking its rows are work like any other.
        if (this.#engine.engine === 'cpu') this.#pacer.note(from, to);
      },
      affords: (held) => this.#budget.affords(held),
    });
    this.#connection = connection;
    this.#tell();
    try {
      await connection.open();
    } catch (error) {
      this.#fail(error);
    }
  }

  async hold(hold: Hold | null): Promise<void> {
    this.#held = hold;
    this.#tell();
  }

  async setPower(percent: number): Promise<void> {
    this.#pacer.target = percent / 100;
    this.#tell();
  }

  async setDataLimit(bytes: number | null): Promise<void> {
    this.#budget.limit = bytes;
    if (this.#facts.hold?.code !== 'data-cap') {
      // A piece that waits to be granted is asked for no more.
      if (this.#facts.link === 'open' && this.#facts.training === null && !this.#budget.affords(0)) this.#spent();
      return;
    }
    if (!this.#budget.affords(0)) return;
    this.#facts.hold = this.#held;
    this.#connection?.resume();
    this.#tell();
  }

  async finish(): Promise<void> {
    this.#facts.leaving = true;
    this.#connection?.finish();
    this.#changed();
  }

  async leave(): Promise<void> {
    this.#connection?.leave();
  }

  async setHidden(hidden: boolean): Promise<void> {
    if (this.#facts.hidden !== hidden) this.#where = null;
    this.#facts.hidden = hidden;
    this.#connection?.setHidden(hidden);
    this.#changed();
  }

  /** Tells the coordinator what is held back, and how much of the time is used. */
  #tell(): void {
    const spent = this.#facts.hold?.code === 'data-cap' ? this.#facts.hold : null;
    const hold = spent ?? this.#held;
    this.#facts.hold = hold;
    const duty = Math.round(this.#pacer.target * 100);
    const reason = hold?.code ?? (duty < 100 ? 'power' : 'none');
    this.#connection?.setEffort({ paused: hold !== null, reason, duty });
    this.#changed();
  }

  #event(event: SessionEvent): void {
    const { ended } = this.#facts;
    if (ended !== null) return;
    switch (event.kind) {
      case 'welcome':
        this.#budget.welcome(event.welcome);
        this.#link('open');
        return;
      case 'training':
        this.#facts.training = event.lease.pairs;
        this.#pieceShare = 0;
        this.#where = this.#facts.hidden ? 'hidden' : 'view';
        if (this.#engine.engine === 'cpu') this.#pacer.begin();
        break;
      case 'trained': {
        this.#keeper?.succeeded();
        this.#totals.checking++;
        this.#pacer.end();
        const { lease, ms } = event;
        this.#speed.note(lease.words, ms, this.#where, this.#pacer.target);
        this.#budget.note(
          lease,
          event.bytes + lease.pairBytes.length + lease.present.length + packedBytes(lease.rows),
          ms,
        );
        this.#facts.training = null;
        break;
      }
      case 'idle':
        this.#facts.training = null;
        this.#facts.idleReason = event.reason;
        // Words that came before the welcome are the coordinator's all the same: it is reached.
        if (this.#facts.link === 'opening') this.#facts.link = 'open';
        break;
      case 'spent':
        this.#spent();
        return;
      case 'outcome':
        this.#totals.checking = Math.max(0, this.#totals.checking - 1);
        if (event.outcome.outcome === 'applied') {
          this.#totals.accepted++;
          this.#totals.acceptedWords += Math.round(event.words);
        } else if (event.outcome.outcome === 'rejected') {
          this.#totals.rejected++;
          this.#totals.refusal = event.outcome.reason;
        } else {
          this.#totals.late++;
        }
        break;
      case 'progress': {
        const { etaSeconds, loss, ownWords, rank, ranked, allWords } = event.progress;
        const { tokensDone, tokensTotal, wordsPerSecond, volunteers } = event.progress;
        const known = (value: number): number | null => (Number.isNaN(value) ? null : value);
        const figures = { etaSeconds: known(etaSeconds), loss: known(loss) };
        const place = { ownWords, rank, ranked, allWords };
        this.#totals.run = { tokensDone, tokensTotal, wordsPerSecond, volunteers, ...place, ...figures };
        break;
      }
      case 'left':
        return this.#end('left', 'you left; thank you for the work');
      case 'finished':
      case 'failed':
        // The connection ends after these and tells why.
        return;
    }
    this.#changed();
  }

  /** The next piece does not fit into the data limit: the coordinator is told, and nothing more is transferred. */
  #spent(): void {
    const mb = (bytes: number): string => (bytes / 1e6).toFixed(1);
    const { used, nextPiece, limit } = this.#budget;
    const reason = `the data cap leaves ${mb(Math.max(0, (limit ?? 0) - used))} MB, and the next piece may take ${mb(nextPiece)} MB: raise the cap under Limits to train on`;
    this.#facts.hold = { code: 'data-cap', reason };
    this.#tell();
    this.#connection?.suspend();
  }

  #link(link: Facts['link'], reason = ''): void {
    this.#retryAt = null;
    this.#facts.link = link;
    this.#facts.lostReason = reason;
    if (link !== 'open') {
      this.#facts.training = null;
      this.#totals.checking = 0;
    }
    this.#facts.idleReason = '';
    this.#changed();
  }

  #fail(error: unknown): void {
    this.#end('error', error instanceof Error ? error.message : String(error));
    this.#connection?.leave();
  }

  #end(state: 'left' | 'done' | 'banned' | 'error', reason: string): void {
    if (this.#facts.ended !== null) return;
    this.#facts.ended = { state, reason };
    this.#retryAt = null;
    // The page may stay open: its GPU memory is not kept for nothing.
    this.#keeper?.dispose();
    this.#changed();
  }

  /** Reports at once when the state changes, else at most every REPORT_MS. */
  #changed(): void {
    this.#facts.hiddenShare = this.#speed.hiddenShare;
    const wait = this.#reportedAt + REPORT_MS - performance.now();
    if (wait <= 0 || stateOf(this.#facts).state !== this.#reported) this.#send();
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
    const { state, reason } = stateOf(this.#facts);
    const { target, measured } = this.#pacer;
    const now = performance.now();
    this.#reportedAt = now;
    this.#reported = state;
    this.#report({
      state,
      reason,
      ...this.#engine,
      fallback: this.#keeper?.fallback ?? null,
      wordsPerSecond: this.#speed.wordsPerSecond,
      ...this.#totals,
      piece:
        this.#facts.training === null
          ? null
          : { done: Math.round(this.#pieceShare * this.#facts.training), pairs: this.#facts.training },
      reconnectInMs: this.#retryAt === null ? null : Math.max(0, this.#retryAt - now),
      heldBy: this.#facts.hold?.code ?? null,
      power: { target: Math.round(target * 100), measured: measured === null ? null : measured * 100 },
    });
  }
}

expose(new Volunteer() satisfies VolunteerWorker);
