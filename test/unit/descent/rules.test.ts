// Each merge rule against its formula written out in doubles, and what must hold of all or of some.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AdaGrad, CLIP } from '../../../coordinator/descent/adagrad.ts';
import type { Descent, DescentRule, RowDelta, Touched } from '../../../coordinator/descent/descent.ts';
import { DESCENT_RULES, saturationOf, tensorsOf } from '../../../coordinator/descent/descent.ts';
import { makeDescent } from '../../../coordinator/descent/make.ts';
import { Touches } from '../../../coordinator/descent/touches.ts';

const DIM = 5;
const ROWS = 3;

const row = fc
  .array(fc.float({ min: -2, max: 2, noNaN: true }), { minLength: DIM, maxLength: DIM })
  .map((values) => Float32Array.from(values));

/** A delta, and the merges that came between its lease and it. */
const scenes = fc.record({
  leased: row,
  delta: row,
  updates: fc.integer({ min: 1, max: 2000 }),
  alpha: fc.double({ min: 1e-5, max: 0.2, noNaN: true }),
  others: fc.array(fc.record({ delta: row, updates: fc.integer({ min: 1, max: 2000 }) }), { maxLength: 4 }),
});
interface Scene {
  readonly leased: Float32Array;
  readonly delta: Float32Array;
  readonly updates: number;
  readonly alpha: number;
  readonly others: readonly { readonly delta: Float32Array; readonly updates: number }[];
}

function touchedBy({ others, alpha }: Scene): Touched {
  const sum = (values: number[]): number => values.reduce((a, b) => a + b, 0);
  return {
    merges: others.length,
    updates: sum(others.map(({ updates }) => updates)),
    saturation: sum(others.map(({ updates }) => 1 - Math.exp(-alpha * updates))),
  };
}

/** The row after others' deltas were added to the leased one. */
function rowNow({ leased, others }: Scene): Float32Array {
  return leased.map((value, d) => others.reduce((sum, { delta }) => sum + delta[d]!, value));
}

function changeOf(scene: Scene, number = 1): RowDelta {
  const { leased, delta, updates, alpha } = scene;
  return { matrix: 'input', row: number, leased, delta, updates, alpha, touched: touchedBy(scene) };
}

function merged(descent: Descent, scene: Scene): { row: Float32Array; whole: boolean } {
  const now = rowNow(scene);
  const whole = descent.merge(now, changeOf(scene));
  return { row: now, whole };
}

const dot = (a: Float32Array, b: Float32Array): number => a.reduce((sum, value, d) => sum + value * b[d]!, 0);

/** What the row must become, in doubles. */
const FORMULAS: Readonly<Record<DescentRule, (scene: Scene) => number[]>> = {
  sum: (scene) => [...rowNow(scene)].map((now, d) => now + scene.delta[d]!),
  average: (scene) => [...rowNow(scene)].map((now, d) => now + scene.delta[d]! / (1 + scene.others.length)),
  saturation: (scene) => {
    const { alpha, updates, others, delta } = scene;
    const all = [updates, ...others.map((other) => other.updates)];
    const together = 1 - Math.exp(-alpha * all.reduce((a, b) => a + b, 0));
    const apart = all.map((n) => 1 - Math.exp(-alpha * n)).reduce((a, b) => a + b, 0);
    return [...rowNow(scene)].map((now, d) => now + (delta[d]! * together) / apart);
  },
  project: (scene) => {
    const now = rowNow(scene);
    const moved = now.map((value, d) => value - scene.leased[d]!);
    const square = dot(moved, moved);
    const share = square > 0 ? Math.max(0, dot(scene.delta, moved) / square) : 0;
    return [...now].map((value, d) => value + scene.delta[d]! - share * moved[d]!);
  },
  adagrad: (scene) => {
    const norm = Math.sqrt(dot(scene.delta, scene.delta));
    return [...rowNow(scene)].map((now, d) => {
      const gradient = (scene.delta[d]! * Math.min(1, CLIP / norm)) / scene.alpha;
      return gradient === 0 ? now : now + (scene.alpha * gradient) / (1e-6 + Math.sqrt(gradient ** 2));
    });
  },
};

describe.each(DESCENT_RULES)('%s', (rule) => {
  it('is its formula', () => {
    fc.assert(
      fc.property(scenes, (scene) => {
        const result = merged(makeDescent(rule, ROWS, DIM), scene);
        const exact = FORMULAS[rule](scene);
        for (let d = 0; d < DIM; d++) expect(Math.abs(result.row[d]! - exact[d]!)).toBeLessThan(2e-5);
      }),
      { numRuns: 300 },
    );
  });

  it('answers true exactly where the row became now + Δ', () => {
    fc.assert(
      fc.property(scenes, (scene) => {
        const { row: result, whole } = merged(makeDescent(rule, ROWS, DIM), scene);
        const plain = rowNow(scene).map((value, d) => Math.fround(value + scene.delta[d]!));
        if (whole) expect(result).toEqual(plain);
      }),
    );
    const alone = { leased: new Float32Array(DIM), delta: new Float32Array(DIM).fill(1), updates: 3, alpha: 0.1 };
    expect(merged(makeDescent(rule, ROWS, DIM), { ...alone, others: [] }).whole).toBe(rule !== 'adagrad');
  });

  it('remembers what its tensors say, and nothing else', () => {
    const first = makeDescent(rule, ROWS, DIM);
    expect(Object.keys(first.tensors)).toEqual(tensorsOf(rule));
    fc.assert(
      fc.property(fc.array(scenes, { maxLength: 5 }), scenes, (before, last) => {
        const going = makeDescent(rule, ROWS, DIM);
        for (const scene of before) merged(going, scene);
        const resumed = makeDescent(rule, ROWS, DIM);
        for (const [name, values] of Object.entries(resumed.tensors)) values.set(going.tensors[name]!);
        expect(merged(resumed, last)).toEqual(merged(going, last));
      }),
    );
  });
});

describe('a volunteer alone', () => {
  it('is added as it is by every rule but adagrad', () => {
    fc.assert(
      fc.property(scenes, (scene) => {
        const alone = { ...scene, others: [] };
        const plain = scene.leased.map((value, d) => value + scene.delta[d]!);
        for (const rule of DESCENT_RULES) {
          if (rule === 'adagrad') continue;
          const { row: result, whole } = merged(makeDescent(rule, ROWS, DIM), alone);
          expect(result).toEqual(plain);
          expect(whole).toBe(true);
        }
      }),
    );
  });
});

describe('saturation', () => {
  it('sums rows updated seldom and averages those updated often', () => {
    const scene = (updates: number): Scene => ({
      leased: new Float32Array(DIM),
      delta: new Float32Array(DIM).fill(1),
      alpha: 0.05,
      updates,
      others: Array.from({ length: 3 }, () => ({ delta: new Float32Array(DIM), updates })),
    });
    const step = (updates: number): number => merged(makeDescent('saturation', ROWS, DIM), scene(updates)).row[0]!;
    expect(step(1)).toBeGreaterThan(0.9);
    expect(step(1000)).toBeCloseTo(0.25, 6);
    for (const updates of [1, 5, 20, 100]) expect(step(updates)).toBeGreaterThan(step(updates * 2));
  });

  it('never lengthens a delta', () => {
    fc.assert(
      fc.property(scenes, (scene) => {
        const before = rowNow(scene);
        const { row: after } = merged(makeDescent('saturation', ROWS, DIM), scene);
        for (let d = 0; d < DIM; d++)
          expect(Math.abs(after[d]! - before[d]!)).toBeLessThanOrEqual(Math.abs(scene.delta[d]!) + 1e-5);
      }),
    );
  });
});

describe('sum', () => {
  it('does not depend on the order of the deltas', () => {
    fc.assert(
      fc.property(fc.array(row, { minLength: 2, maxLength: 6 }), (deltas) => {
        const total = (order: readonly Float32Array[]): Float32Array => {
          const now = new Float32Array(DIM);
          const scene = { leased: now, updates: 1, alpha: 0.1, others: [] };
          const descent = makeDescent('sum', ROWS, DIM);
          for (const delta of order) descent.merge(now, changeOf({ ...scene, delta }));
          return now;
        };
        const forward = total(deltas);
        const backward = total(deltas.toReversed());
        for (let d = 0; d < DIM; d++) expect(Math.abs(forward[d]! - backward[d]!)).toBeLessThan(1e-5);
      }),
    );
  });
});

describe('project', () => {
  it('leaves nothing of a delta that others have done, and all of one they have not', () => {
    const leased = Float32Array.of(1, 1, 1, 1, 1);
    const along = Float32Array.of(2, 0, 0, 0, 0);
    const across = Float32Array.of(0, 3, 0, 0, 0);
    const scene = (delta: Float32Array, other: Float32Array): Scene => ({
      leased,
      delta,
      updates: 1,
      alpha: 0.1,
      others: [{ delta: other, updates: 1 }],
    });
    const project = (delta: Float32Array, other: Float32Array): number[] =>
      Array.from(merged(makeDescent('project', ROWS, DIM), scene(delta, other)).row);
    expect(project(along, along)).toEqual([3, 1, 1, 1, 1]);
    expect(project(across, along)).toEqual([3, 4, 1, 1, 1]);
    const back = Float32Array.of(-1, 0, 0, 0, 0);
    expect(project(back, along)).toEqual([2, 1, 1, 1, 1]);
  });
});

describe('adagrad', () => {
  it('takes ever smaller steps along the same gradient: α/√k at the k-th', () => {
    const descent = new AdaGrad(ROWS, DIM);
    const now = new Float32Array(DIM);
    const delta = new Float32Array(DIM).fill(0.5);
    for (let k = 1; k <= 20; k++) {
      const before = now[2]!;
      descent.merge(now, changeOf({ leased: now, delta, updates: 1, alpha: 0.1, others: [] }));
      expect(now[2]! - before).toBeCloseTo(0.1 / Math.sqrt(k), 5);
    }
  });

  it('keeps sums for each row and matrix, and a huge delta out of them', () => {
    const descent = new AdaGrad(ROWS, DIM);
    const now = new Float32Array(DIM);
    const delta = new Float32Array(DIM).fill(1e6);
    descent.merge(now, { ...changeOf({ leased: now, delta, updates: 1, alpha: 1, others: [] }, 2), matrix: 'output' });
    expect(descent.tensors['adagrad.input'].every((value) => value === 0)).toBe(true);
    const sums = descent.tensors['adagrad.output'];
    expect(sums.subarray(0, 2 * DIM).every((value) => value === 0)).toBe(true);
    const total = sums.subarray(2 * DIM).reduce((sum, value) => sum + value, 0);
    expect(total).toBeCloseTo(CLIP ** 2, 3);
  });
});

describe('touches', () => {
  it('are what was noted between a reading and now', () => {
    const note = fc.record({
      at: fc.nat(ROWS - 1),
      updates: fc.nat(500),
      alpha: fc.double({ min: 0, max: 0.2, noNaN: true }),
    });
    fc.assert(
      fc.property(fc.array(note), fc.array(note), (before, after) => {
        const touches = new Touches(ROWS);
        for (const { at, updates, alpha } of before) touches.note(at, updates, alpha);
        const rows = Uint32Array.of(2, 0, 1);
        const reading = touches.read(rows);
        for (const { at, updates, alpha } of after) touches.note(at, updates, alpha);
        for (const [place, number] of rows.entries()) {
          const between = after.filter(({ at }) => at === number);
          const { merges, updates, saturation } = touches.since(reading, place, number);
          expect(merges).toBe(between.length);
          expect(updates).toBe(between.reduce((sum, one) => sum + one.updates, 0));
          const expected = between.reduce((sum, one) => sum + saturationOf(one.alpha, one.updates), 0);
          expect(saturation).toBeCloseTo(expected, 9);
        }
      }),
    );
  });
});
