// Properties of the planner: what every engine and the coordinator rely on when they replay a lease.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { DrawTable } from '../../word2vec/noise.ts';
import { drawTable } from '../../word2vec/noise.ts';
import type { LeaseShape, NegativeRule, Plan } from '../../word2vec/plan.ts';
import { ABSENT, GROUP, LABEL_ZERO } from '../../word2vec/plan.ts';
import { PlannerProgram } from '../../word2vec/planner-program.ts';
import { Planner } from '../../word2vec/planner.ts';
import { hashAt, below } from '../../word2vec/random.ts';
import type { FlushList } from '../../word2vec/row-census.ts';

const table = (size: number): DrawTable => drawTable(Float64Array.from({ length: size }, (_, rank) => 1 / (rank + 1)));

const rules = (inputPartSize: number): fc.Arbitrary<NegativeRule> =>
  fc.oneof(
    fc.constant({ kind: 'none' as const }),
    fc.record({ kind: fc.constant('coupled' as const), rate: fc.integer({ min: 0, max: 9 * 65536 }) }),
    fc.record({
      kind: fc.constant('decoupled' as const),
      rate: fc.integer({ min: 0, max: 3 * 65536 }),
      draws: fc.integer({ min: 0, max: 6 }),
      inputs: fc.constant(table(inputPartSize)),
    }),
  );

/** Leases of 0 to 400 pairs, in minibatches that GROUP divides or not. */
const shapes: fc.Arbitrary<LeaseShape> = fc
  .record({
    seed: fc.integer({ min: 0, max: 0xffffffff }),
    episode: fc.nat(100),
    block: fc.nat(300),
    firstChunk: fc.nat(50),
    minibatch: fc.integer({ min: 1, max: 40 }),
    batchesPerChunk: fc.integer({ min: 1, max: 5 }),
    pairs: fc.nat(400),
    inputPartSize: fc.integer({ min: 1, max: 60 }),
    outputPartSize: fc.integer({ min: 1, max: 60 }),
    words: fc.nat(),
    targets: fc.constantFrom('positive' as const, 'labelled' as const),
  })
  .chain(({ batchesPerChunk, pairs, words, ...rest }) =>
    rules(rest.inputPartSize).map((negatives) => ({
      ...rest,
      chunkPairs: rest.minibatch * batchesPerChunk,
      inputs: Uint32Array.from({ length: pairs }, (_, at) => below(hashAt(words, at), rest.inputPartSize)),
      outputs: Uint32Array.from({ length: pairs }, (_, at) =>
        below(hashAt(words + 1, at), rest.outputPartSize * (rest.targets === 'labelled' ? 2 : 1)),
      ),
      noise: table(rest.outputPartSize),
      negatives,
    })),
  );

/** A minibatch in ranks, free of renumbering: each group's pairs and negatives, and the flush lists by rank. */
interface PlainBatch {
  readonly groups: readonly {
    /** Input, output and label; of an absent target the label is 1. */
    readonly pairs: readonly (readonly [number, number, number])[];
    readonly negatives: readonly number[];
  }[];
  readonly inputHits: ReadonlyMap<number, number>;
  readonly outputHits: ReadonlyMap<number, number>;
}

function plainBatches(plan: Plan): PlainBatch[] {
  const rank = (ids: Uint32Array, row: number): number => (row === ABSENT ? ABSENT : ids[row]!);
  return Array.from({ length: plan.minibatches }, (_, batch) => {
    const groups = [];
    for (let group = plan.batchStart[batch]!; group < plan.batchStart[batch + 1]!; group++) {
      const pairs = Array.from({ length: GROUP }, (__, slot) => {
        const at = group * GROUP + slot;
        const marked = plan.groupOutputs[at]!;
        const label = marked === ABSENT || marked < LABEL_ZERO ? 1 : 0;
        const target = rank(plan.outputIds, label === 1 ? marked : marked - LABEL_ZERO);
        return [rank(plan.inputIds, plan.groupInputs[at]!), target, label] as const;
      });
      const negatives = plan.negatives.subarray(plan.negativeStart[group]!, plan.negativeStart[group + 1]!);
      groups.push({ pairs, negatives: Array.from(negatives, (row) => rank(plan.outputIds, row)) });
    }
    return {
      groups,
      inputHits: flushed(plan.inputFlush, batch, plan.inputIds),
      outputHits: flushed(plan.outputFlush, batch, plan.outputIds),
    };
  });
}

/** Hits by rank; a row listed twice fails here. */
function flushed(list: FlushList, batch: number, ids: Uint32Array): Map<number, number> {
  const hits = new Map<number, number>();
  for (let at = list.start[batch]!; at < list.start[batch + 1]!; at++) {
    const rank = ids[list.rows[at]!]!;
    expect(hits.has(rank)).toBe(false);
    hits.set(rank, list.hits[at]!);
  }
  return hits;
}

function counted(batch: PlainBatch): { input: Map<number, number>; output: Map<number, number> } {
  const input = new Map<number, number>();
  const output = new Map<number, number>();
  const meet = (x: number, u: number): void => {
    input.set(x, (input.get(x) ?? 0) + 1);
    output.set(u, (output.get(u) ?? 0) + 1);
  };
  for (const { pairs, negatives } of batch.groups) {
    for (const [x, u] of pairs) {
      if (x === ABSENT) continue;
      if (u !== ABSENT) meet(x, u);
      for (const negative of negatives) meet(x, negative);
    }
  }
  return { input, output };
}

const sorted = (map: ReadonlyMap<number, number>): [number, number][] => [...map].sort(([a], [b]) => a - b);

function total(maps: readonly ReadonlyMap<number, number>[]): [number, number][] {
  const sums = new Map<number, number>();
  for (const map of maps) for (const [rank, hits] of map) sums.set(rank, (sums.get(rank) ?? 0) + hits);
  return sorted(sums);
}

describe('Planner', () => {
  it('plans the pairs in order, in minibatches that start anew with every chunk', () => {
    fc.assert(
      fc.property(shapes, (shape) => {
        const batches = plainBatches(new Planner().plan(shape));
        const expected: [number, number, number][][] = [];
        const target = (value: number): [number, number] =>
          shape.targets === 'labelled' ? [value >>> 1, value & 1] : [value, 1];
        for (let chunk = 0; chunk < shape.inputs.length; chunk += shape.chunkPairs) {
          const end = Math.min(shape.inputs.length, chunk + shape.chunkPairs);
          for (let start = chunk; start < end; start += shape.minibatch) {
            const stop = Math.min(end, start + shape.minibatch);
            expected.push(
              Array.from({ length: stop - start }, (_, at) => [
                shape.inputs[start + at]!,
                ...target(shape.outputs[start + at]!),
              ]),
            );
          }
        }
        const positives = batches.map(({ groups }) =>
          groups.flatMap(({ pairs }) => pairs.filter(([, target]) => target !== ABSENT)),
        );
        expect(positives).toEqual(expected);
      }),
    );
  });

  it('lists each touched row once per minibatch with its dot products, and counts them over the lease', () => {
    fc.assert(
      fc.property(shapes, (shape) => {
        const plan = new Planner().plan(shape);
        const batches = plainBatches(plan);
        for (const batch of batches) {
          const { input, output } = counted(batch);
          expect(sorted(batch.inputHits)).toEqual(sorted(input));
          expect(sorted(batch.outputHits)).toEqual(sorted(output));
        }
        const entries = (ids: Uint32Array, hits: Uint32Array): [number, number][] =>
          Array.from(ids, (id, row) => [id, hits[row]!]);
        expect(entries(plan.inputIds, plan.inputHits)).toEqual(total(batches.map((batch) => batch.inputHits)));
        expect(entries(plan.outputIds, plan.outputHits)).toEqual(total(batches.map((batch) => batch.outputHits)));
        const dots = plan.inputHits.reduce((sum, hits) => sum + hits, 0);
        expect(plan.positiveDots).toBe(shape.inputs.length);
        expect(plan.positiveDots + plan.negativeDots).toBe(dots);
        expect(plan.outputHits.reduce((sum, hits) => sum + hits, 0)).toBe(dots);
      }),
    );
  });

  it('keeps every index in range', () => {
    fc.assert(
      fc.property(shapes, (shape) => {
        const plan = new Planner().plan(shape);
        const inside = (rows: Uint32Array, limit: number): boolean =>
          rows.every((row) => row < limit || row === ABSENT);
        expect(inside(plan.groupInputs, plan.inputIds.length)).toBe(true);
        const outputs = plan.groupOutputs.map((row) => (row === ABSENT || row < LABEL_ZERO ? row : row - LABEL_ZERO));
        expect(inside(outputs, plan.outputIds.length)).toBe(true);
        expect(plan.negatives.every((row) => row < plan.outputIds.length)).toBe(true);
        expect(plan.inputIds.every((rank) => rank < shape.inputPartSize)).toBe(true);
        expect(plan.outputIds.every((rank) => rank < shape.outputPartSize)).toBe(true);
        expect(plan.groupInputs.length).toBe(plan.groups * GROUP);
        expect(plan.negativeStart.at(-1)).toBe(plan.negatives.length);
        expect(plan.batchStart.at(-1)).toBe(plan.groups);
      }),
    );
  });

  it('plans a lease of several chunks as the same chunks leased one by one', () => {
    fc.assert(
      fc.property(shapes, (shape) => {
        const singly: PlainBatch[] = [];
        for (let start = 0; start < shape.inputs.length; start += shape.chunkPairs) {
          const end = start + shape.chunkPairs;
          const firstChunk = shape.firstChunk + start / shape.chunkPairs;
          const inputs = shape.inputs.subarray(start, end);
          const outputs = shape.outputs.subarray(start, end);
          singly.push(...plainBatches(new Planner().plan({ ...shape, firstChunk, inputs, outputs })));
        }
        expect(plainBatches(new Planner().plan(shape))).toEqual(singly);
      }),
    );
  });

  it('is in WebAssembly what it is without, to the last bit, and as a census of its rows', () => {
    expect(PlannerProgram.make()).not.toBeNull();
    const quick = new Planner();
    const plain = new Planner({ isPlain: true });
    fc.assert(
      fc.property(shapes, fc.constantFrom('text' as const, 'sorted' as const), (shape, order) => {
        const { groups, groupInputs, groupOutputs, negativeStart, negatives, batchStart, targets, ...rows } =
          plain.plan(shape, order);
        const lists = { groups, groupInputs, groupOutputs, negativeStart, negatives, batchStart, targets };
        expect(quick.plan(shape, order)).toEqual({ ...rows, ...lists });
        expect(quick.census(shape, order)).toEqual(rows);
      }),
      { numRuns: 300 },
    );
  });

  it.each(['coupled', 'decoupled', 'none'] as const)('is so for a long lease, %s', (kind) => {
    const inputs = Uint32Array.from({ length: 50_000 }, (_, at) => below(hashAt(1, at), 3000) % (1 + (at % 2999)));
    const outputs = Uint32Array.from({ length: 50_000 }, (_, at) => below(hashAt(2, at), 2000));
    const parts = { inputPartSize: 3000, outputPartSize: 2000, noise: table(2000) };
    const place = { seed: 5, episode: 7, block: 11, firstChunk: 13, chunkPairs: 6144, minibatch: 768 };
    const negatives = { kind, rate: 8 * 65536 + 4711, draws: 25, inputs: table(3000) };
    const shape: LeaseShape = { ...place, ...parts, inputs, outputs, targets: 'positive', negatives };
    expect(new Planner().plan(shape, 'sorted')).toEqual(new Planner({ isPlain: true }).plan(shape, 'sorted'));
  });

  it('leaves to the plain planner what the code cannot do exactly', () => {
    const size = 2 ** 21 + 1;
    const negatives = { kind: 'coupled', rate: 5 * 65536 } as const;
    const given = { seed: 1, episode: 0, block: 0, firstChunk: 0, chunkPairs: 60, minibatch: 60, negatives };
    const pairs = { inputs: Uint32Array.of(0, size - 1), outputs: Uint32Array.of(size - 1, 4), targets: 'positive' };
    const keep = new Float64Array(size).fill(2 ** 32);
    const noise = { keep, alias: new Uint32Array(size) };
    const shape = { ...given, ...pairs, inputPartSize: size, outputPartSize: size, noise } as LeaseShape;
    expect(PlannerProgram.make()!.plan(shape, false)).toBeNull();
    expect(new Planner().plan(shape)).toEqual(new Planner({ isPlain: true }).plan(shape));
  });

  it('gives what a fresh planner gives, whatever it planned before', () => {
    fc.assert(
      fc.property(fc.array(shapes, { minLength: 2, maxLength: 4 }), (several) => {
        const planner = new Planner();
        for (const shape of several) expect(planner.plan(shape)).toEqual(new Planner().plan(shape));
      }),
    );
  });

  it('draws other negatives for another seed, episode, block or chunk', () => {
    const shape = large({ kind: 'coupled', rate: 5 * 65536 });
    const first = new Planner().plan(shape).negatives;
    for (const other of [{ seed: 9 }, { episode: 9 }, { block: 9 }, { firstChunk: 9 }]) {
      expect(new Planner().plan({ ...shape, ...other }).negatives).not.toEqual(first);
    }
  });
});

/** 60,000 pairs in minibatches of 768. */
function large(negatives: NegativeRule): LeaseShape {
  const ranks = (key: number): Uint32Array =>
    Uint32Array.from({ length: 60_000 }, (_, at) => below(hashAt(key, at), 40));
  const position = { seed: 1, episode: 2, block: 3, firstChunk: 0 };
  const sizes = { chunkPairs: 3072, minibatch: 768, inputPartSize: 40, outputPartSize: 40 };
  return {
    ...position,
    ...sizes,
    inputs: ranks(1),
    outputs: ranks(2),
    targets: 'positive',
    noise: table(40),
    negatives,
  };
}

describe('negatives', () => {
  // Standard error of a mean of 10,000 roundings: at most 0.5 / 100.
  it.each([0, 0.3, 5, 7.62])('are %s per coupled group on average', (mean) => {
    const plan = new Planner().plan(large({ kind: 'coupled', rate: Math.round(mean * 65536) }));
    expect(Math.abs(plan.negatives.length / plan.groups - mean)).toBeLessThan(0.025);
  });

  it.each([0, 0.013, 1.37])('meet %s decoupled inputs per pair on average', (mean) => {
    const draws = 5;
    const plan = new Planner().plan(
      large({ kind: 'decoupled', rate: Math.round(mean * 65536), draws, inputs: table(40) }),
    );
    // One rounding a minibatch of 768 pairs.
    expect(Math.abs(plan.negativeDots / draws / plan.positiveDots - mean)).toBeLessThan(1 / 768);
  });

  it.each(['noise', 'inputs'] as const)('follow the weights of the %s table', (which) => {
    const plan = new Planner().plan(large({ kind: 'decoupled', rate: 2 * 65536, draws: 5, inputs: table(40) }));
    const seen = new Float64Array(40);
    if (which === 'noise') for (const row of plan.negatives) seen[plan.outputIds[row]!]!++;
    else
      plan.groupInputs.forEach(
        (row, at) => plan.groupOutputs[at] === ABSENT && row !== ABSENT && seen[plan.inputIds[row]!]!++,
      );
    const sum = seen.reduce((all, count) => all + count, 0);
    const harmonic = Array.from({ length: 40 }, (_, rank) => 1 / (rank + 1)).reduce((all, weight) => all + weight, 0);
    seen.forEach((count, rank) => {
      const expected = sum / (rank + 1) / harmonic;
      expect(Math.abs(count - expected)).toBeLessThan(5 * Math.sqrt(expected));
    });
  });
});
