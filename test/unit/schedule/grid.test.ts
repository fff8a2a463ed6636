// The lock server against a plain model of it: random sessions, orders and sizes, checked after every step.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Grid } from '../../../coordinator/schedule/grid.ts';
import type { Grant } from '../../../coordinator/schedule/scheduler.ts';
import { Checker, CHUNK, episode, key } from './grid-checker.ts';

const moves = fc.array(
  fc.oneof(
    {
      weight: 6,
      arbitrary: fc.record({
        move: fc.constant('grant' as const),
        session: fc.integer({ min: 1, max: 4 }),
        pairs: fc.nat(45),
        reserve: fc.nat(3),
      }),
    },
    { weight: 4, arbitrary: fc.record({ move: fc.constant('complete' as const), which: fc.nat(20) }) },
    { weight: 2, arbitrary: fc.record({ move: fc.constant('release' as const), which: fc.nat(20) }) },
    { weight: 2, arbitrary: fc.record({ move: fc.constant('retire' as const) }) },
    { weight: 1, arbitrary: fc.record({ move: fc.constant('add' as const) }) },
    {
      weight: 1,
      arbitrary: fc.record({ move: fc.constant('forget' as const), session: fc.integer({ min: 1, max: 4 }) }),
    },
  ),
  { maxLength: 120 },
);

const episodes = fc.array(
  fc.record({
    parts: fc.constantFrom(1, 2, 3, 3, 4),
    pairs: fc.array(fc.nat(35), { minLength: 1, maxLength: 16 }),
  }),
  { minLength: 1, maxLength: 5 },
);

describe('Grid', () => {
  it('keeps its promises under any sequence of moves, and everything gets done', () => {
    fc.assert(
      fc.property(episodes, moves, fc.integer({ min: 1, max: 5 }), (plans, steps, sessions) => {
        const checker = new Checker();
        let next = 0;
        const add = (): void => {
          const plan = plans[next];
          if (plan !== undefined && checker.grid.episodes.length < 3)
            checker.add(episode(next++, plan.parts, plan.pairs));
        };
        add();
        for (const step of steps) {
          const leases = [...checker.held.keys()];
          if (step.move === 'grant') checker.grant(step.session, step.pairs, step.reserve);
          else if (step.move === 'retire') checker.retire();
          else if (step.move === 'add') add();
          else if (step.move === 'forget') checker.grid.forget(step.session);
          else if (leases.length > 0) checker.end(leases[step.which % leases.length]!, step.move === 'complete');
        }
        // From wherever that led: any sessions that take turns finish it all.
        for (const lease of checker.held.keys()) checker.end(lease, false);
        for (let turn = 0; next < plans.length || checker.grid.episodes.length > 0; turn++) {
          expect(turn).toBeLessThan(5000);
          add();
          checker.grant((turn % sessions) + 1, 25, 0);
          const [oldest] = checker.held.keys();
          if (turn % 3 === 2 && oldest !== undefined) checker.end(oldest, true);
          checker.retire();
        }
        expect(checker.held.size).toBe(0);
      }),
      { numRuns: 300 },
    );
  }, 60_000);

  it('changes the number of parts only when no lease is out', () => {
    const grid = new Grid(CHUNK);
    grid.add(episode(0, 2, [10]));
    grid.add(episode(1, 3, [10]));
    const leases: number[] = [];
    for (let taken = 0; taken < 4; taken++) {
      const grant = grid.grant({ session: 1, pairs: 10, reserve: 0 });
      expect(grant!.parts).toBe(2);
      leases.push(grant!.lease);
    }
    expect(grid.grant({ session: 1, pairs: 10, reserve: 0 })).toBeNull();
    expect(grid.retire()).toBeNull();
    for (const lease of leases) grid.complete(lease);
    expect(grid.grant({ session: 1, pairs: 10, reserve: 0 })).toBeNull();
    expect(grid.retire()).toBe(0);
    expect(grid.grant({ session: 1, pairs: 10, reserve: 0 })!.parts).toBe(3);
  });

  it('lets the next episode of equal parts begin while leases of this one are out', () => {
    const grid = new Grid(CHUNK);
    grid.add(episode(0, 2, [10, 0, 0, 10]));
    grid.add(episode(1, 2, [10]));
    const first = grid.grant({ session: 1, pairs: 10, reserve: 0 })!;
    const second = grid.grant({ session: 2, pairs: 10, reserve: 0 })!;
    expect([first.episode, second.episode]).toEqual([0, 0]);
    grid.complete(second.lease);
    const third = grid.grant({ session: 2, pairs: 10, reserve: 0 })!;
    expect(third.episode).toBe(1);
    expect(third.inputPart).not.toBe(first.inputPart);
    expect(third.outputPart).not.toBe(first.outputPart);
    expect(grid.retire()).toBeNull();
  });

  it('keeps parts free for those who wait, and lets a session go on in the block it holds', () => {
    const grid = new Grid(CHUNK);
    grid.add(episode(0, 2, [30]));
    const first = grid.grant({ session: 1, pairs: 10, reserve: 0 })!;
    const ahead = grid.grant({ session: 1, pairs: 10, reserve: 1 })!;
    expect([ahead.inputPart, ahead.outputPart, ahead.firstChunk]).toEqual([first.inputPart, first.outputPart, 1]);
    grid.grant({ session: 1, pairs: 10, reserve: 1 });
    expect(grid.grant({ session: 1, pairs: 10, reserve: 1 })).toBeNull();
    expect(grid.grant({ session: 2, pairs: 10, reserve: 0 })).not.toBeNull();
  });

  it('prefers the input part that the session held last', () => {
    const grid = new Grid(CHUNK);
    grid.add(episode(0, 4, [10, 90, 10, 20, 10, 10]));
    let last = grid.grant({ session: 1, pairs: 1000, reserve: 0 })!;
    for (let taken = 1; taken < 4; taken++) {
      grid.complete(last.lease);
      const next = grid.grant({ session: 1, pairs: 1000, reserve: 0 })!;
      expect(next.inputPart).toBe(last.inputPart);
      last = next;
    }
  });

  it('keeps done chunks, and only those, over snapshot and restore', () => {
    fc.assert(
      fc.property(episodes, fc.array(fc.boolean(), { maxLength: 40 }), ([plan], ends) => {
        const whole = episode(7, plan!.parts, plan!.pairs);
        const grid = new Grid(CHUNK);
        grid.add(whole);
        const done: Grant[] = [];
        for (const complete of ends) {
          const grant = grid.grant({ session: 1, pairs: 20, reserve: 0 });
          if (grant === null) break;
          // What is not completed stays out, as when the process dies.
          if (!complete) continue;
          grid.complete(grant.lease);
          done.push(grant);
        }
        const restored = new Grid(CHUNK, grid.nextLease);
        restored.add(whole, grid.snapshot(7));
        const { leased, waiting, done: count } = grid.count();
        expect(restored.count()).toEqual({ leased: 0, waiting: waiting + leased, done: count });
        expect(restored.pairsDone(7)).toBe(done.reduce((sum, { start, end }) => sum + end - start, 0));
        const again = new Set(
          done.flatMap((grant) => Array.from({ length: grant.chunks }, (_, at) => key(grant, grant.firstChunk + at))),
        );
        for (
          let grant = restored.grant({ session: 2, pairs: 20, reserve: 0 });
          grant !== null;
          grant = restored.grant({ session: 2, pairs: 20, reserve: 0 })
        ) {
          expect(grant.lease).toBeGreaterThanOrEqual(grid.nextLease);
          for (let chunk = grant.firstChunk; chunk < grant.firstChunk + grant.chunks; chunk++) {
            expect(again.has(key(grant, chunk))).toBe(false);
            again.add(key(grant, chunk));
          }
          restored.complete(grant.lease);
        }
        expect(restored.retire()).toBe(7);
      }),
    );
  });

  it('refuses to end a lease that is not held', () => {
    const grid = new Grid(CHUNK);
    grid.add(episode(0, 1, [10]));
    const { lease } = grid.grant({ session: 1, pairs: 10, reserve: 0 })!;
    grid.complete(lease);
    expect(() => grid.complete(lease)).toThrow('not held');
    expect(() => grid.release(99)).toThrow('not held');
  });
});
