// A circuit breaker: what failed several times in a row is left alone for a while. Pure: time is passed in.

export interface BreakerPolicy {
  /** Failures in a row that open it. */
  readonly failures: number;
  /** How long it stays open, ms; one failure after that opens it again. */
  readonly coolDownMs: number;
}

export const NAME_NODE_BREAKER: BreakerPolicy = { failures: 3, coolDownMs: 30_000 };

export class Breaker {
  readonly #policy: BreakerPolicy;
  #failures = 0; // since the last answer
  #openUntil = Number.NEGATIVE_INFINITY; // ms

  constructor(policy: BreakerPolicy) {
    this.#policy = policy;
  }

  /** True while there are better places to ask. */
  isOpen(now: number): boolean {
    return now < this.#openUntil;
  }

  failed(now: number): void {
    this.#failures += 1;
    if (this.#failures >= this.#policy.failures) this.#openUntil = now + this.#policy.coolDownMs;
  }

  answered(): void {
    this.#failures = 0;
    this.#openUntil = Number.NEGATIVE_INFINITY;
  }
}
