// The one retry budget of an operation: exponential backoff with full jitter, won back only by progress.
import { HdfsError } from './failure.ts';
import type { ReadWatch } from '../reading/reports.ts';
import type { WaitReport } from './waits.ts';

/** Time and chance, passed in so that tests decide both. */
export interface Environment {
  /** ms, monotonic. */
  readonly now: () => number;
  /** Resolves after `ms`; rejects with the signal's reason when aborted. */
  readonly sleep: (ms: number, signal?: AbortSignal) => Promise<void>;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  /** Hears what is waited for. */
  readonly announce?: WaitReport;
  /** Hears what nodes give, and where attempts fail. */
  readonly reading?: ReadWatch;
}

export interface Policy {
  /** Attempts without progress before giving up, the first one included. */
  readonly attempts: number;
  /** The same for failures that look like a wrong setting. */
  readonly settledAttempts: number;
  /** The same while the cluster starts or changes its active name node: minutes. */
  readonly awaitedAttempts: number;
  /** Longest first wait, ms; doubles with each failure. */
  readonly baseMs: number;
  /** Longest wait, ms. */
  readonly capMs: number;
}

export const DEFAULT_POLICY: Policy = {
  attempts: 12,
  settledAttempts: 3,
  awaitedAttempts: 60,
  baseMs: 200,
  capMs: 10_000,
};

// Less than this between two failures does not count: a node that gives a few bytes and fails is no progress.
const PROGRESS_BYTES = 65_536;

let operations = 0;

export class Patience {
  readonly #operation = operations++;
  readonly #policy: Policy;
  readonly #environment: Environment;
  readonly #began: number;
  #failures = 0; // since the last progress
  #spent = 0; // share of the budget that these failures took
  #bytes = 0; // received since the last failure
  #waiting = false; // and said so

  constructor(policy: Policy, environment: Environment) {
    this.#policy = policy;
    this.#environment = environment;
    this.#began = environment.now();
  }

  /** Tells of bytes received. */
  progress(bytes: number): void {
    this.relieve();
    this.#bytes += bytes;
    if (this.#bytes < PROGRESS_BYTES) return;
    this.#failures = 0;
    this.#spent = 0;
  }

  /** Says that nothing came for so long, although nothing has failed yet. */
  stall(what: string, ms: number): void {
    this.#say(`${what} has been silent for ${Math.round(ms / 1000)} s`, '');
  }

  /** It goes on, or is over: nothing is waited for. */
  relieve(): void {
    if (this.#waiting) this.#environment.announce?.(this.#operation, null);
    this.#waiting = false;
  }

  #say(what: string, attempt: string): void {
    this.#waiting = true;
    this.#environment.announce?.(this.#operation, `${what}${attempt}`);
  }

  /** Failures since the last progress. */
  get failures(): number {
    return this.#failures;
  }

  /** Waits before the next attempt, or throws the failure when nothing helps or the budget is spent. */
  async spend(failure: HdfsError, signal?: AbortSignal): Promise<void> {
    this.#bytes = 0;
    this.#failures += 1;
    if (failure.remedy === 'none') throw failure;
    const { baseMs, capMs } = this.#policy;
    this.#spent += 1 / this.#attemptsFor(failure);
    // Thirds do not add up to one exactly.
    if (this.#spent > 1 - 1e-9) throw this.#last(failure);
    this.#say(failure.message, ` (attempt ${this.#failures + 1} of ${this.#attemptsFor(failure)} follows)`);
    const longest = Math.min(capMs, baseMs * 2 ** (this.#failures - 1));
    await this.#environment.sleep(this.#environment.random() * longest, signal);
  }

  #attemptsFor({ settled, awaited }: HdfsError): number {
    const { attempts, settledAttempts, awaitedAttempts } = this.#policy;
    if (settled) return Math.min(settledAttempts, attempts);
    return awaited ? awaitedAttempts : attempts;
  }

  #last(failure: HdfsError): HdfsError {
    const seconds = (this.#environment.now() - this.#began) / 1000;
    const story = `${failure.message} (gave up after ${this.#failures} attempts without progress, ${seconds.toFixed(1)} s)`;
    return new HdfsError(failure.code, story, {
      ...(failure.hint === undefined ? {} : { hint: failure.hint }),
      cause: failure,
    });
  }
}
