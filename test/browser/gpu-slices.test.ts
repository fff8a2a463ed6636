// The cutting of minibatches: every group and every flush entry dispatched once, in order, within the work allowed.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { largestReach, SliceCursor, SliceWriter } from '../../client/worker/gpu-slices.ts';
import { MOST_WORKGROUPS, SLICE, SLICE_STRIDE } from '../../shaders/layout.ts';
import type { Plan } from '../../word2vec/plan.ts';
import { Planner } from '../../word2vec/planner.ts';
import { leaseShape } from './lease.ts';

const ALPHA = 0.06;

const plans = fc
  .record({
    pairs: fc.integer({ min: 1, max: 900 }),
    part: fc.integer({ min: 1, max: 60 }),
    minibatch: fc.integer({ min: 1, max: 40 }).map((groups) => 6 * groups),
    rate: fc.double({ min: 0, max: 25, noNaN: true }),
    rule: fc.constantFrom('coupled' as const, 'decoupled' as const),
    seed: fc.nat(1000),
  })
  .map((kind) => new Planner().plan(leaseShape(kind)));

function slice(view: DataView, at: number): Record<keyof typeof SLICE, number> {
  const fields = Object.entries(SLICE).filter(([name]) => name !== 'bytes');
  const read = fields.map(([name, offset]) => [
    name,
    name.endsWith('Reach') ? view.getFloat32(at + offset, true) : view.getUint32(at + offset, true),
  ]);
  return Object.fromEntries(read) as Record<keyof typeof SLICE, number>;
}

/** The dispatches of a plan under the given allowances, used in turn, as the kernels see them. */
function dispatches(plan: Plan, columns: number, allowances: readonly number[]): Record<keyof typeof SLICE, number>[] {
  const cursor = new SliceCursor(plan, columns);
  const writer = new SliceWriter(plan, ALPHA, 1);
  const found = [];
  for (let turn = 0; !cursor.done; turn++) {
    const most = allowances[turn % allowances.length]!;
    const next = cursor.next(most, true)!;
    const unit = next.count === 1;
    if (!unit) expect(next.work).toBeLessThanOrEqual(most);
    if (next.kernel === 'step') expect(next.count).toBeLessThanOrEqual(MOST_WORKGROUPS);
    writer.write(0, next);
    const { buffer, byteOffset } = writer.bytes(1);
    found.push(slice(new DataView(buffer), byteOffset));
  }
  expect(cursor.next(Infinity, true)).toBeNull();
  return found;
}

describe('SliceCursor and SliceWriter', () => {
  it('cover groups and flush entries once, minibatch by minibatch, groups first', () => {
    fc.assert(
      fc.property(
        plans,
        fc.integer({ min: 1, max: 256 }),
        fc.array(fc.double({ min: 0, max: 3000, noNaN: true }), { minLength: 1, maxLength: 5 }),
        (plan, columns, allowances) => {
          let at = 0;
          const all = dispatches(plan, columns, allowances);
          for (let batch = 0; batch < plan.minibatches; batch++) {
            let group = plan.batchStart[batch]!;
            let input = plan.inputFlush.start[batch]!;
            let output = plan.outputFlush.start[batch]!;
            while (all[at]?.batch === batch) {
              const own = all[at++]!;
              if (own.groups > 0) {
                expect([own.firstGroup, own.inputCount, own.outputCount]).toEqual([group, 0, 0]);
                expect(input).toBe(plan.inputFlush.start[batch]!);
                group += own.groups;
              } else {
                expect(group).toBe(plan.batchStart[batch + 1]!);
                if (own.inputCount > 0) expect(own.inputFirst).toBe(input);
                if (own.outputCount > 0) expect(own.outputFirst).toBe(output);
                if (own.outputCount > 0) expect(input + own.inputCount).toBe(plan.inputFlush.start[batch + 1]!);
                input += own.inputCount;
                output += own.outputCount;
              }
            }
            expect(group).toBe(plan.batchStart[batch + 1]!);
            expect(input).toBe(plan.inputFlush.start[batch + 1]!);
            expect(output).toBe(plan.outputFlush.start[batch + 1]!);
          }
          expect(at).toBe(all.length);
        },
      ),
      { numRuns: 200 },
    );
  });

  it('bound every sum by the minibatch and not by the slice', () => {
    fc.assert(
      fc.property(plans, fc.double({ min: 0, max: 500, noNaN: true }), (plan, most) => {
        let largest = 0;
        for (const { batch, inputReach, outputReach } of dispatches(plan, 3, [most])) {
          for (const [list, reach] of [
            [plan.inputFlush, inputReach],
            [plan.outputFlush, outputReach],
          ] as const) {
            const hits = Math.max(...list.hits.subarray(list.start[batch]!, list.start[batch + 1]!));
            expect(reach).toBe(Math.fround(ALPHA * hits));
            largest = Math.max(largest, ALPHA * hits);
          }
        }
        expect(largestReach(plan, ALPHA)).toBe(largest);
      }),
    );
  });

  it('hold a submit back when even one group would be too much', () => {
    const plan = new Planner().plan(leaseShape({ pairs: 60, part: 9, minibatch: 60, rate: 5, rule: 'coupled' }));
    const cursor = new SliceCursor(plan, 25);
    expect(cursor.next(149, false)).toBeNull();
    expect(cursor.next(149, true)).toMatchObject({ kernel: 'step', first: 0, count: 1, work: 150 });
    expect(cursor.next(450, false)).toMatchObject({ first: 1, count: 3, work: 450 });
    expect(SLICE_STRIDE).toBeGreaterThanOrEqual(SLICE.bytes);
  });
});
