// CBOW's plan against a naive second writing: which bags, minibatches, hits and bounds both sides rely on.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BatchedReference } from '../../../word2vec/batched-reference.ts';
import { drawTable } from '../../../word2vec/noise.ts';
import { CONTINUES } from '../../../word2vec/objective.ts';
import type { BagPlan, LeaseShape, NegativeRule } from '../../../word2vec/plan.ts';
import { ABSENT, BAG_GROUP, GROUP } from '../../../word2vec/plan.ts';
import { Planner } from '../../../word2vec/planner.ts';
import { below, hashAt } from '../../../word2vec/random.ts';
import type { FlushList } from '../../../word2vec/row-census.ts';
import { bags, coupled, decoupled, rowsFor } from '../engine-samples.ts';

const rules: fc.Arbitrary<NegativeRule> = fc.oneof(
  fc.constant({ kind: 'none' as const }),
  fc.record({ kind: fc.constant('coupled' as const), rate: fc.integer({ min: 0, max: 9 * 65536 }) }),
);

/** Leases of 0 to 400 contexts in bags of up to a dozen. */
const shapes: fc.Arbitrary<LeaseShape> = fc
  .record({
    seed: fc.integer({ min: 0, max: 0xffffffff }),
    episode: fc.nat(100),
    block: fc.constant(0),
    firstChunk: fc.nat(50),
    minibatch: fc.integer({ min: 1, max: 40 }),
    batchesPerChunk: fc.integer({ min: 1, max: 5 }),
    pairs: fc.nat(400),
    inputPartSize: fc.integer({ min: 1, max: 60 }),
    outputPartSize: fc.integer({ min: 1, max: 60 }),
    words: fc.nat(),
    openness: fc.integer({ min: 1, max: 12 }),
    targets: fc.constant('positive' as const),
    negatives: rules,
  })
  .map(({ batchesPerChunk, pairs, words, openness, ...rest }) => {
    const chunkPairs = rest.minibatch * batchesPerChunk;
    const opens = (at: number): boolean => at % chunkPairs === 0 || below(hashAt(words + 2, at), openness) === 0;
    const centre = (at: number): number => below(hashAt(words + 1, at), rest.outputPartSize);
    return {
      ...rest,
      chunkPairs,
      inputs: Uint32Array.from({ length: pairs }, (_, at) => below(hashAt(words, at), rest.inputPartSize)),
      outputs: Uint32Array.from({ length: pairs }, (_, at) => (opens(at) ? centre(at) : CONTINUES)),
      noise: drawTable(Float64Array.from({ length: rest.outputPartSize }, (_, rank) => 1 / (rank + 1))),
    };
  });

/** A bag in ranks. */
interface PlainBag {
  readonly contexts: readonly number[];
  readonly centre: number;
  readonly negatives: readonly number[];
}

/** The bags of each minibatch. */
function plainBatches(plan: BagPlan): PlainBag[][] {
  return Array.from({ length: plan.minibatches }, (_, batch) => {
    const found: PlainBag[] = [];
    for (let group = plan.batchStart[batch]!; group < plan.batchStart[batch + 1]!; group++) {
      const shared = plan.negatives.subarray(plan.negativeStart[group]!, plan.negativeStart[group + 1]!);
      const slots = Array.from({ length: GROUP }, (__, slot) => group * GROUP + slot);
      for (const [slot, at] of slots.entries()) {
        const bag = plan.groupBags[at]!;
        expect(bag === ABSENT).toBe(plan.groupOutputs[at] === ABSENT);
        if (bag === ABSENT) continue;
        expect(slot).toBeLessThan(BAG_GROUP);
        expect(bag).toBe(plan.batchBags[batch]! + found.length);
        found.push({
          contexts: Array.from(
            plan.bagRows.subarray(plan.bagStart[bag]!, plan.bagStart[bag + 1]!),
            (row) => plan.inputIds[row]!,
          ),
          centre: plan.outputIds[plan.groupOutputs[at]!]!,
          negatives: Array.from(shared, (row) => plan.outputIds[row]!),
        });
      }
    }
    expect(plan.batchBags[batch + 1]! - plan.batchBags[batch]!).toBe(found.length);
    return found;
  });
}

/** A minibatch takes bags until it has `minibatch` contexts or the chunk ends. */
function naiveBatches({ inputs, outputs, chunkPairs, minibatch }: LeaseShape): Omit<PlainBag, 'negatives'>[][] {
  const batches: { contexts: number[]; centre: number }[][] = [];
  let filled = 0;
  inputs.forEach((context, at) => {
    if (outputs[at] === CONTINUES) batches.at(-1)!.at(-1)!.contexts.push(context);
    else {
      if (at % chunkPairs === 0 || filled >= minibatch) {
        batches.push([]);
        filled = 0;
      }
      batches.at(-1)!.push({ contexts: [context], centre: outputs[at]! });
    }
    filled++;
  });
  return batches;
}

function flushed(list: FlushList, batch: number, ids: Uint32Array): [number, number][] {
  const entries: [number, number][] = [];
  for (let at = list.start[batch]!; at < list.start[batch + 1]!; at++) {
    entries.push([ids[list.rows[at]!]!, list.hits[at]!]);
  }
  return entries.sort(([a], [b]) => a - b);
}

function tally(rows: readonly (readonly [number, number])[]): [number, number][] {
  const sums = new Map<number, number>();
  for (const [row, hits] of rows) sums.set(row, (sums.get(row) ?? 0) + hits);
  return [...sums].sort(([a], [b]) => a - b);
}

const inputHits = (batch: readonly PlainBag[]): [number, number][] =>
  batch.flatMap(({ contexts, negatives }) => contexts.map((row): [number, number] => [row, 1 + negatives.length]));
const outputHits = (batch: readonly PlainBag[]): [number, number][] =>
  batch.flatMap(({ centre, negatives }) => [centre, ...negatives].map((row): [number, number] => [row, 1]));

describe('Planner.planBags', () => {
  it('plans the bags in order, each whole in the minibatch of its first context', () => {
    fc.assert(
      fc.property(shapes, (shape) => {
        const batches = plainBatches(new Planner().planBags(shape));
        expect(batches.map((batch) => batch.map(({ contexts, centre }) => ({ contexts, centre })))).toEqual(
          naiveBatches(shape),
        );
      }),
    );
  });

  it('counts a hit of a row for every dot product of a bag and every place in it', () => {
    fc.assert(
      fc.property(shapes, (shape) => {
        const plan = new Planner().planBags(shape);
        const batches = plainBatches(plan);
        for (const [batch, content] of batches.entries()) {
          expect(flushed(plan.inputFlush, batch, plan.inputIds)).toEqual(tally(inputHits(content)));
          expect(flushed(plan.outputFlush, batch, plan.outputIds)).toEqual(tally(outputHits(content)));
        }
        const entries = (ids: Uint32Array, hits: Uint32Array): [number, number][] =>
          Array.from(ids, (id, row) => [id, hits[row]!]);
        expect(entries(plan.inputIds, plan.inputHits)).toEqual(tally(batches.flatMap(inputHits)));
        expect(entries(plan.outputIds, plan.outputHits)).toEqual(tally(batches.flatMap(outputHits)));
        expect(plan.positiveDots).toBe(batches.flat().length);
        expect(plan.negativeDots).toBe(batches.flat().reduce((sum, { negatives }) => sum + negatives.length, 0));
      }),
    );
  });

  it('plans a lease of several chunks as the same chunks leased one by one, by whatever planner', () => {
    const planner = new Planner();
    fc.assert(
      fc.property(shapes, (shape) => {
        const singly: PlainBag[][] = [];
        for (let start = 0; start < shape.inputs.length; start += shape.chunkPairs) {
          const end = start + shape.chunkPairs;
          const firstChunk = shape.firstChunk + start / shape.chunkPairs;
          const inputs = shape.inputs.subarray(start, end);
          const outputs = shape.outputs.subarray(start, end);
          singly.push(...plainBatches(new Planner().planBags({ ...shape, firstChunk, inputs, outputs })));
        }
        expect(plainBatches(planner.planBags(shape))).toEqual(singly);
      }),
      { numRuns: 40 },
    );
  });

  it('draws as many negatives per group as asked, other ones in other chunks', () => {
    const plan = new Planner().planBags(bags(60_000, { kind: 'coupled', rate: 5.3 * 65536 }));
    // Standard error of the mean of 1,250 roundings: below 0.5 / 35.
    expect(Math.abs(plan.negatives.length / plan.groups - 5.3)).toBeLessThan(0.06);
    const moved = new Planner().planBags({ ...bags(60_000, { kind: 'coupled', rate: 5.3 * 65536 }), firstChunk: 9 });
    expect(moved.negatives).not.toEqual(plan.negatives);
  });

  it('refuses a chunk that begins within a bag, and decoupled negatives', () => {
    const shape = bags(7000, coupled);
    for (const at of [0, shape.chunkPairs]) {
      const cut = { ...shape, outputs: shape.outputs.with(at, CONTINUES) };
      expect(() => new Planner().planBags(cut)).toThrow(expect.objectContaining({ code: 'BAG_CUT' }));
    }
    expect(() => new Planner().planBags(bags(100, decoupled))).toThrow(expect.objectContaining({ code: 'CBOW_PARTS' }));
  });

  it('bounds what a minibatch may do to a row: hits · α · the longest row of the other matrix', async () => {
    for (const size of [0.1, 1, 8]) {
      const plan = new Planner().planBags({ ...bags(700, coupled), minibatch: 768 });
      expect(plan.minibatches).toBe(1);
      const rows = rowsFor(plan, 6, size);
      const before = { input: rows.input.slice(), output: rows.output.slice() };
      const alpha = 0.05;
      await new BatchedReference().trainBags(plan, rows, { alpha, damping: 0 });
      const longest = (matrix: Float32Array): number => Math.max(...norms(matrix, 6));
      for (const [which, other, hits] of [
        ['input', 'output', plan.inputHits],
        ['output', 'input', plan.outputHits],
      ] as const) {
        const moves = norms(
          rows[which].map((value, at) => value - before[which][at]!),
          6,
        );
        const bounds = Array.from(hits, (count) => count * alpha * longest(before[other]));
        moves.forEach((move, row) => expect(move).toBeLessThanOrEqual(bounds[row]! * (1 + 1e-5) + 1e-6));
      }
    }
  });

  it('bounds it no further than needed: where every answer is wrong and all rows agree, the bound is reached', async () => {
    const plan = new Planner().planBags({ ...bags(700, { kind: 'none' }), minibatch: 768 });
    const rows = rowsFor(plan, 4, 0);
    rows.input.fill(2);
    rows.output.fill(-3);
    const alpha = 0.05;
    await new BatchedReference().trainBags(plan, rows, { alpha, damping: 0 });
    norms(
      rows.input.map((value) => value - 2),
      4,
    ).forEach((move, row) => expect(move / (plan.inputHits[row]! * alpha * 6)).toBeCloseTo(1, 5));
    norms(
      rows.output.map((value) => value + 3),
      4,
    ).forEach((move, row) => expect(move / (plan.outputHits[row]! * alpha * 4)).toBeCloseTo(1, 5));
  });
});

function norms(matrix: Float32Array, dim: number): number[] {
  return Array.from({ length: matrix.length / dim }, (_, row) =>
    Math.hypot(...matrix.subarray(row * dim, (row + 1) * dim)),
  );
}
