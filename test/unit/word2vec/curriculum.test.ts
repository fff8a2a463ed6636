// Episodes, parts and learning rate over a run: they tile it, and stay within their bounds.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Curriculum } from '../../../word2vec/curriculum.ts';
import { episodeEnd, learningRate, minibatchPairs, partCount, withTargets } from '../../../word2vec/curriculum.ts';

const curricula: fc.Arbitrary<Curriculum> = fc.record({
  epochTokens: fc.integer({ min: 1, max: 50_000_000 }),
  epochs: fc.integer({ min: 1, max: 20 }),
  growth: fc.constantFrom(0.1, 0.25, 0.5),
  first: fc.constantFrom(0.001, 0.01, 0.1),
  keptShare: fc.double({ min: 0.05, max: 1, noNaN: true }),
  maxKept: fc.integer({ min: 100_000, max: 2_000_000 }),
  blockTokens: fc.integer({ min: 500, max: 10_000 }),
  maxParts: fc.integer({ min: 1, max: 64 }),
  leastParts: fc.constantFrom(1, 4, 8),
  partsPerVolunteer: fc.constantFrom(1, 1.5, 2, 4),
});

function episodesOf(plan: Curriculum): { start: number; end: number }[] {
  const total = plan.epochTokens * plan.epochs;
  const list: { start: number; end: number }[] = [];
  for (let start = 0; start < total;) {
    const end = episodeEnd(start, plan);
    list.push({ start, end });
    if (end <= start || list.length > 100_000) throw new Error(`no way on from ${start}`);
    start = end;
  }
  return list;
}

describe('episodes', () => {
  it('tile the run in whole tokens', () => {
    fc.assert(
      fc.property(curricula, (plan) => {
        const list = episodesOf(plan);
        expect(list.at(-1)!.end).toBe(plan.epochTokens * plan.epochs);
        for (const { start, end } of list)
          expect([Number.isInteger(start), Number.isInteger(end)]).toEqual([true, true]);
      }),
    );
  });

  it('grow with what is trained, and hold no more than a fifth above their bound', () => {
    fc.assert(
      fc.property(curricula, (plan) => {
        const list = episodesOf(plan);
        for (const [at, { start, end }] of list.entries()) {
          const kept = (end - start) * plan.keptShare;
          const last = at === list.length - 1;
          expect(kept).toBeLessThanOrEqual(plan.maxKept * (last ? 1.2 : 1) + 1);
          const law = Math.max(Math.ceil(plan.first * plan.epochTokens), Math.floor(plan.growth * start), 1);
          const length = Math.min(law, Math.max(1, Math.floor(plan.maxKept / plan.keptShare)));
          if (last) expect(end - start).toBeLessThan(length * 1.2);
          else expect(end - start).toBe(length);
        }
      }),
    );
  });

  it('are 19 for one epoch and 24 for three, as measured', () => {
    const plan = {
      epochTokens: 10_200_000,
      growth: 0.25,
      first: 0.01,
      keptShare: 1,
      maxKept: 1e9,
      blockTokens: 2000,
      maxParts: 64,
      leastParts: 4,
      partsPerVolunteer: 2,
    };
    expect([1, 3].map((epochs) => episodesOf({ ...plan, epochs }).length)).toEqual([19, 24]);
  });
});

describe('parts', () => {
  it('stay within their bounds', () => {
    fc.assert(
      fc.property(curricula, fc.nat(100_000_000), fc.nat(300), (plan, tokens, volunteers) => {
        const parts = partCount(tokens, volunteers, plan);
        expect(Number.isInteger(parts)).toBe(true);
        expect(parts).toBeGreaterThanOrEqual(1);
        expect(parts).toBeLessThanOrEqual(plan.maxParts);
        expect(parts).toBeLessThanOrEqual(Math.max(plan.leastParts, Math.ceil(plan.partsPerVolunteer * volunteers)));
        if (parts > 1) expect((tokens * plan.keptShare) / parts ** 2).toBeGreaterThanOrEqual(plan.blockTokens);
        expect(partCount(tokens, volunteers + 1, plan)).toBeGreaterThanOrEqual(parts);
      }),
    );
  });

  it('hold as many dot products where each pair has more of them, and are at most twice as many as these', () => {
    fc.assert(
      fc.property(curricula, fc.double({ min: 1, max: 30, noNaN: true }), fc.nat(300), (plan, targets, volunteers) => {
        const bounds = withTargets(plan, targets);
        const tokens = episodeEnd(0, bounds);
        const parts = partCount(tokens, volunteers, bounds);
        expect(parts).toBeLessThanOrEqual(Math.max(1, Math.min(plan.maxParts, 2 * targets)));
        if (parts > 1) {
          const dots = tokens * plan.keptShare * targets;
          expect(dots / parts ** 2).toBeGreaterThanOrEqual(plan.blockTokens * 0.999);
        }
        expect(bounds.maxKept * targets).toBeCloseTo(plan.maxKept);
      }),
    );
    const plan = { maxKept: 2_000_000, blockTokens: 2000, maxParts: 64 };
    expect(withTargets(plan, 12.8)).toEqual({ maxKept: 156_250, blockTokens: 156.25, maxParts: 25 });
    expect(withTargets({ ...plan, maxParts: 8 }, 12.8).maxParts).toBe(8);
    expect(withTargets({ ...plan, maxParts: 1 }, 12.8).maxParts).toBe(1);
  });

  it('have smaller minibatches where rows repeat more often, each a divisor of a chunk', () => {
    const sizes = [1, 4, 8, 16, 32, 64].map((parts) => minibatchPairs(parts, 38_457));
    expect(sizes).toEqual([3072, 3072, 1536, 768, 384, 192]);
    expect([4, 16].map((parts) => minibatchPairs(parts, 500))).toEqual([192, 192]);
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 64 }), fc.integer({ min: 2, max: 2_000_000 }), (parts, words) => {
        const pairs = minibatchPairs(parts, words);
        expect(6144 % pairs).toBe(0);
        expect(minibatchPairs(parts + 1, words)).toBeLessThanOrEqual(pairs);
        if (pairs > 192) expect(pairs / (words / parts)).toBeLessThanOrEqual(0.45);
      }),
    );
  });
});

describe('learning rate', () => {
  it('falls in a line to a ten-thousandth', () => {
    expect(learningRate(0.06, 0, 1000)).toBe(0.06);
    expect(learningRate(0.06, 500, 1000)).toBeCloseTo(0.03, 12);
    expect(learningRate(0.06, 1000, 1000)).toBeCloseTo(0.06e-4, 12);
    expect(learningRate(0.06, 1200, 1000)).toBeCloseTo(0.06e-4, 12);
  });
});
