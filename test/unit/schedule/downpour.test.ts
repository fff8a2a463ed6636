// The seed's schedule: every chunk is trained once, in order, and what is in flight keeps to its budget.
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Downpour } from '../../../coordinator/schedule/downpour.ts';
import type { Grant, ScheduledEpisode } from '../../../coordinator/schedule/scheduler.ts';

/** Pairs per chunk. */
const CHUNK = 10;

function episodeOf(number: number, pairs: number, from: number, tokens: number): ScheduledEpisode {
  return {
    number,
    parts: 1,
    offsets: Uint32Array.of(0, pairs),
    from: { tokens: from },
    to: { tokens: from + tokens },
  };
}

const plans = fc.array(fc.record({ pairs: fc.nat(200), tokensPerPair: fc.constantFrom(0.2, 1, 3) }), {
  minLength: 1,
  maxLength: 4,
});
const shares = fc.record({
  runShare: fc.constantFrom(0, 0.01, 0.1, 0.5, 1),
  doneShare: fc.constantFrom(0, 0.1, 0.5, 2),
});
const moves = fc.array(
  fc.oneof(
    {
      weight: 6,
      arbitrary: fc.record({
        move: fc.constant('grant' as const),
        session: fc.integer({ min: 1, max: 5 }),
        pairs: fc.nat(90),
      }),
    },
    { weight: 4, arbitrary: fc.record({ move: fc.constant('complete' as const), which: fc.nat(20) }) },
    { weight: 2, arbitrary: fc.record({ move: fc.constant('release' as const), which: fc.nat(20) }) },
    { weight: 1, arbitrary: fc.record({ move: fc.constant('restart' as const) }) },
  ),
  { maxLength: 150 },
);

/** What the schedule should do, done with sets and loops; a difference throws. */
class Checker {
  schedule: Downpour;
  readonly held = new Map<number, Grant>();
  readonly #episodes: ScheduledEpisode[];
  readonly #done = new Set<string>();
  readonly #totalTokens: number;
  readonly #shares: { runShare: number; doneShare: number };
  #tokensDone = 0;
  #lastLease = 0;

  constructor(planned: readonly { pairs: number; tokensPerPair: number }[], budget: typeof Checker.prototype.shares) {
    let from = 0;
    this.#episodes = planned.map(({ pairs, tokensPerPair }, number) => {
      const episode = episodeOf(number, pairs, from, pairs * tokensPerPair);
      from = episode.to.tokens;
      return episode;
    });
    this.#totalTokens = from;
    this.#shares = budget;
    this.schedule = this.#fresh();
    for (const episode of this.#episodes) this.schedule.add(episode);
    this.#check();
  }

  get shares(): { runShare: number; doneShare: number } {
    return this.#shares;
  }

  #fresh(): Downpour {
    const shares = { run: this.#shares.runShare, done: this.#shares.doneShare };
    const budget = { totalTokens: this.#totalTokens, shares, tokensDone: () => this.#tokensDone };
    return new Downpour(CHUNK, budget, this.#lastLease + 1);
  }

  /** Kill and resume: what was done stays done, what was out waits. */
  restart(): void {
    const before = this.schedule;
    this.schedule = this.#fresh();
    for (const { number } of before.episodes) this.schedule.add(this.#episodes[number]!, before.snapshot(number));
    this.held.clear();
    this.#check();
  }

  #tokens(grant: Grant): number {
    const { from, to, offsets } = this.#episodes[grant.episode]!;
    return ((grant.end - grant.start) / offsets[1]!) * (to.tokens - from.tokens);
  }

  get inFlight(): number {
    return [...this.held.values()].reduce((sum, grant) => sum + this.#tokens(grant), 0);
  }

  get budget(): number {
    return Math.min(this.#totalTokens * this.#shares.runShare, this.#tokensDone * this.#shares.doneShare);
  }

  #waiting(): { episode: number; chunk: number }[] {
    const leased = new Set([...this.held.values()].flatMap(chunkNames));
    return this.schedule.episodes.flatMap(({ number }) =>
      Array.from({ length: Math.ceil(this.#episodes[number]!.offsets[1]! / CHUNK) }, (_, chunk) => chunk)
        .filter((chunk) => !leased.has(`${number}/${chunk}`) && !this.#done.has(`${number}/${chunk}`))
        .map((chunk) => ({ episode: number, chunk })),
    );
  }

  grant(session: number, pairs: number): Grant | null {
    const before = this.inFlight;
    const alone = this.held.size === 0;
    const [first] = this.#waiting();
    const grant = this.schedule.grant({ session, pairs, reserve: 0 });
    if (grant === null) {
      if (first === undefined) return null;
      const { from, to, offsets } = this.#episodes[first.episode]!;
      const chunkTokens = (CHUNK / offsets[1]!) * (to.tokens - from.tokens);
      assert.ok(!alone, 'nobody may wait while nothing is in flight');
      assert.ok(before + chunkTokens > this.budget - 1e-9, 'a chunk would have fitted');
      return null;
    }
    assert.equal(grant.lease, ++this.#lastLease);
    assert.equal(grant.session, session);
    assert.deepEqual({ episode: grant.episode, chunk: grant.firstChunk }, first, 'the first waiting chunk goes first');
    assert.ok(grant.chunks >= 1 && grant.chunks <= Math.max(1, Math.floor(pairs / CHUNK)));
    assert.equal(grant.start, grant.firstChunk * CHUNK);
    const end = Math.min(this.#episodes[grant.episode]!.offsets[1]!, grant.start + grant.chunks * CHUNK);
    assert.equal(grant.end, end);
    const waiting = new Set(this.#waiting().map(({ episode, chunk }) => `${episode}/${chunk}`));
    for (const name of chunkNames(grant)) assert.ok(waiting.has(name), `${name} is leased and does not wait`);
    this.held.set(grant.lease, grant);
    if (!alone || grant.chunks > 1) assert.ok(this.inFlight <= this.budget + 1e-3, 'the budget is exceeded');
    this.#check();
    return grant;
  }

  end(lease: number, complete: boolean): void {
    const grant = this.held.get(lease)!;
    if (complete) {
      for (const name of chunkNames(grant)) {
        assert.equal(this.#done.has(name), false);
        this.#done.add(name);
      }
      this.#tokensDone += this.#tokens(grant);
      this.schedule.complete(lease);
    } else {
      this.schedule.release(lease);
    }
    this.held.delete(lease);
    while (this.schedule.retire() !== null);
    this.#check();
  }

  #check(): void {
    const waiting = this.#waiting().length;
    assert.equal(this.schedule.waitingChunks, waiting);
    assert.equal(this.schedule.count().waiting, waiting);
    assert.equal(
      this.schedule.count().leased,
      [...this.held.values()].reduce((sum, { chunks }) => sum + chunks, 0),
    );
    assert.ok(Math.abs(this.schedule.inFlight - this.inFlight) < 1e-6);
    assert.ok(this.schedule.sharedPairs <= waiting * CHUNK);
    for (const grant of this.held.values()) assert.deepEqual(this.schedule.held(grant.lease), grant);
  }

  get allDone(): boolean {
    const chunks = this.#episodes.reduce((sum, { offsets }) => sum + Math.ceil(offsets[1]! / CHUNK), 0);
    return this.#done.size === chunks && this.held.size === 0 && this.#waiting().length === 0;
  }
}

function chunkNames({ episode, firstChunk, chunks }: Grant): string[] {
  return Array.from({ length: chunks }, (_, at) => `${episode}/${firstChunk + at}`);
}

describe('Downpour', () => {
  it('keeps its budget under any sequence of moves, and everything gets done once', () => {
    fc.assert(
      fc.property(plans, shares, moves, (planned, budget, steps) => {
        const checker = new Checker(planned, budget);
        for (const step of steps) {
          const leases = [...checker.held.keys()];
          if (step.move === 'grant') checker.grant(step.session, step.pairs);
          else if (step.move === 'restart') checker.restart();
          else if (leases.length > 0) checker.end(leases[step.which % leases.length]!, step.move === 'complete');
        }
        for (let turn = 0; !checker.allDone; turn++) {
          expect(turn).toBeLessThan(1000);
          checker.grant((turn % 4) + 1, 25);
          const [oldest] = checker.held.keys();
          if (turn % 2 === 1 && oldest !== undefined) checker.end(oldest, true);
        }
        while (checker.schedule.retire() !== null);
        expect(checker.schedule.episodes).toEqual([]);
      }),
      { numRuns: 300 },
    );
  }, 60_000);

  it('leases to many at once once enough is trained, and to one before', () => {
    let done = 0;
    const budget = { totalTokens: 1000, shares: { run: 0.05, done: 0.1 }, tokensDone: () => done };
    const schedule = new Downpour(CHUNK, budget);
    schedule.add(episodeOf(0, 1000, 0, 1000));
    const first = schedule.grant({ session: 1, pairs: 500, reserve: 0 })!;
    expect(first.chunks).toBe(1);
    expect(schedule.grant({ session: 2, pairs: 10, reserve: 0 })).toBeNull();
    expect(schedule.shortage).toContain('0 words');
    done = 250;
    expect(schedule.flightTokens).toBe(25);
    expect(schedule.grant({ session: 2, pairs: 500, reserve: 0 })!.chunks).toBe(1);
    done = 900;
    expect(schedule.flightTokens).toBe(50);
    expect(schedule.grant({ session: 3, pairs: 500, reserve: 0 })!.chunks).toBe(3);
    expect(schedule.grant({ session: 4, pairs: 10, reserve: 0 })).toBeNull();
    schedule.release(first.lease);
    expect(schedule.grant({ session: 4, pairs: 10, reserve: 0 })!.firstChunk).toBe(first.firstChunk);
  });

  it('lets the next episode begin while leases of this one are out', () => {
    const budget = { totalTokens: 40, shares: { run: 1, done: 1 }, tokensDone: () => 40 };
    const schedule = new Downpour(CHUNK, budget);
    schedule.add(episodeOf(0, 20, 0, 20));
    schedule.add(episodeOf(1, 20, 20, 20));
    const leases = [1, 2, 3].map((session) => schedule.grant({ session, pairs: 10, reserve: 0 })!);
    expect(leases.map(({ episode }) => episode)).toEqual([0, 0, 1]);
    schedule.complete(leases[2]!.lease);
    expect(schedule.retire()).toBeNull();
    schedule.complete(leases[0]!.lease);
    schedule.complete(leases[1]!.lease);
    expect(schedule.retire()).toBe(0);
    expect(schedule.pairsDone(1)).toBe(10);
  });

  it('refuses episodes of several parts, and to end a lease that is not held', () => {
    const schedule = new Downpour(CHUNK, { totalTokens: 1, shares: { run: 1, done: 1 }, tokensDone: () => 0 });
    expect(() => schedule.add({ ...episodeOf(0, 10, 0, 10), parts: 2 })).toThrow('2 parts');
    expect(() => schedule.complete(1)).toThrow('not held');
  });
});
