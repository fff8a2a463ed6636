// Pairs in few bits: they come back as they were, anything else is refused, and bytes are what they always were.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { packPairs, unpackPairs } from '../../../protocol/pairs.ts';
import type { PairOrder, Pairs } from '../../../protocol/pairs.ts';
import { shuffleChunks, sortChunks } from '../../../word2vec/pair-order.ts';
import { hashAt } from '../../../word2vec/random.ts';
import { fromHex, toHex } from './golden.ts';

const coded = (code: string): unknown => expect.objectContaining({ name: 'ProtocolError', code });
const CONTINUES = 0xffffffff;

const ranks = (most: number): fc.Arbitrary<number> =>
  fc.oneof(fc.nat(Math.min(most, 5)), fc.nat(Math.min(most, 200)), fc.nat(most));
const lists = (outputs: fc.Arbitrary<number>): fc.Arbitrary<Pairs> =>
  fc.array(fc.tuple(ranks(20_000), outputs), { maxLength: 80 }).map((list) => ({
    inputs: Uint32Array.from(list, ([input]) => input),
    outputs: Uint32Array.from(list, ([, output]) => output),
  }));
const text = lists(fc.oneof(ranks(2 ** 22), fc.constant(CONTINUES)));

const shape = (
  { inputs, outputs }: Pairs,
  chunkPairs: number,
): { pairs: number; inputSize: number; outputSize: number; chunkPairs: number } => ({
  pairs: inputs.length,
  inputSize: Math.max(0, ...inputs) + 1,
  outputSize: Math.max(0, ...outputs.map((output) => (output === CONTINUES ? 0 : output))) + 1,
  chunkPairs,
});

/** Pairs in the order in which they are packed, by chunks of at most 80. */
const cases = fc.oneof(
  fc.record({ order: fc.constant<PairOrder>('text'), pairs: text, chunkPairs: fc.integer({ min: 1, max: 80 }) }),
  fc
    .record({
      order: fc.constant<PairOrder>('sorted'),
      pairs: lists(ranks(20_000)),
      chunkPairs: fc.integer({ min: 1, max: 80 }),
    })
    .map(({ order, pairs, chunkPairs }) => {
      const sizes = shape(pairs, chunkPairs);
      sortChunks(pairs, chunkPairs, sizes.inputSize, sizes.outputSize);
      return { order, pairs, chunkPairs };
    }),
);

/** As they are coded: packing must not change its argument. */
const copied = ({ inputs, outputs }: Pairs): Pairs => ({ inputs: inputs.slice(), outputs: outputs.slice() });

describe('pairs', () => {
  it('come back as they were', () => {
    fc.assert(
      fc.property(cases, ({ order, pairs, chunkPairs }) => {
        const before = copied(pairs);
        const bytes = packPairs(pairs, chunkPairs, order);
        expect(pairs).toEqual(before);
        expect(unpackPairs(bytes, shape(pairs, chunkPairs))).toEqual({ ...pairs, order });
      }),
      { numRuns: 500 },
    );
  });

  it('are refused when cut, followed by more, miscounted, or outside their parts', () => {
    fc.assert(
      fc.property(cases, ({ order, pairs, chunkPairs }) => {
        const bytes = packPairs(pairs, chunkPairs, order);
        const own = shape(pairs, chunkPairs);
        const attempts = [
          () => unpackPairs(bytes.subarray(0, bytes.length - 1), own),
          () => unpackPairs(Uint8Array.of(...bytes, 0), own),
          () => unpackPairs(bytes, { ...own, pairs: own.pairs + 1 }),
        ];
        if (own.pairs > 0) {
          attempts.push(
            () => unpackPairs(bytes, { ...own, pairs: own.pairs - 1 }),
            () => unpackPairs(bytes, { ...own, inputSize: own.inputSize - 1 }),
          );
          if (pairs.outputs.includes(own.outputSize - 1))
            attempts.push(() => unpackPairs(bytes, { ...own, outputSize: own.outputSize - 1 }));
        }
        for (const attempt of attempts) expect(attempt).toThrow(coded('BAD_PAIRS'));
      }),
      { numRuns: 500 },
    );
  });

  it('are either refused or others when a bit is changed', () => {
    fc.assert(
      fc.property(cases, fc.nat(), ({ order, pairs, chunkPairs }, where) => {
        const bytes = packPairs(pairs, chunkPairs, order);
        const bit = where % (bytes.length * 8);
        bytes[bit >> 3]! ^= 1 << (bit & 7);
        let other: unknown;
        try {
          other = unpackPairs(bytes, shape(pairs, chunkPairs));
        } catch (error) {
          expect(error).toEqual(coded('BAD_PAIRS'));
          return;
        }
        // Nothing at all says nothing of its order.
        if (pairs.inputs.length > 0) expect(other).not.toEqual({ ...pairs, order });
      }),
      { numRuns: 2000 },
    );
  });

  it('throw nothing but ProtocolError, whatever the bytes', () => {
    fc.assert(
      fc.property(fc.constantFrom(0, 1), fc.uint8Array({ maxLength: 60 }), fc.nat(200), (order, rest, pairs) => {
        const own = { pairs, inputSize: 50, outputSize: 50, chunkPairs: 64 };
        try {
          const read = unpackPairs(Uint8Array.of(order, ...rest), own);
          expect(read.inputs.every((input) => input < 50)).toBe(true);
        } catch (error) {
          expect(error).toEqual(coded('BAD_PAIRS'));
        }
      }),
      { numRuns: 3000 },
    );
  });

  it.each([
    ['sorted', [0, 0, 2, 2], [1, 5, 0, 0], 4, '00 e82804'],
    ['text', [3, 4, 3, 9], [7, 7, CONTINUES, 3], 4, '01 ffccfda7ca3f359a7fea0d'],
  ] as const)('in %s order have golden bytes', (order, inputs, outputs, chunkPairs, hex) => {
    const pairs = { inputs: Uint32Array.from(inputs), outputs: Uint32Array.from(outputs) };
    expect(toHex(packPairs(pairs, chunkPairs, order))).toBe(hex.replaceAll(' ', ''));
    expect(unpackPairs(fromHex(hex), { pairs: 4, inputSize: 10, outputSize: 10, chunkPairs })).toEqual({
      ...pairs,
      order,
    });
  });

  it('of the largest parts come back too', () => {
    for (const order of ['sorted', 'text'] as const) {
      const pairs = { inputs: Uint32Array.of(0, 2e6 - 1), outputs: Uint32Array.of(4e6 - 1, 0) };
      const bytes = packPairs(pairs, 6144, order);
      expect(unpackPairs(bytes, shape(pairs, 6144))).toEqual({ ...pairs, order });
    }
  });

  it('do not come round 2^32 to ranks that are in their parts', () => {
    // Input 2^32 + 3 with k = 1: eight ones, 30 zeros, the 31 bits of 2^31 + 1 - 7 from the first, the low bit; then
    // one pair (k = 1: 0), output 0 (k = 1: 0), and the closing one.
    const bits = `${'1'.repeat(8)}${'0'.repeat(30)}${(2 ** 31 - 6).toString(2)}1${'00'}${'00'}1`;
    const bytes = [0];
    for (let at = 0; at < bits.length; at += 8)
      bytes.push(Number.parseInt([...bits.slice(at, at + 8).padEnd(8, '0')].toReversed().join(''), 2));
    const one = { pairs: 1, inputSize: 10, outputSize: 10, chunkPairs: 4 };
    expect(() => unpackPairs(Uint8Array.from(bytes), one)).toThrow(coded('BAD_PAIRS'));
    expect(() => unpackPairs(Uint8Array.from(bytes), one)).toThrow(/beyond every rank/);
  });

  it('that are not sorted cannot be packed as if they were', () => {
    const pairs = { inputs: Uint32Array.of(2, 1), outputs: Uint32Array.of(0, 0) };
    expect(() => packPairs(pairs, 2, 'sorted')).toThrow('not sorted');
  });

  it('of frequent words take well below a byte when sorted, and in the order of a text', () => {
    const word = (at: number): number => Math.floor(500 ** (hashAt(4, at) / 2 ** 32)) - 1;
    const length = 6144;
    const pairs = {
      inputs: Uint32Array.from({ length }, (_, at) => word(at)),
      outputs: Uint32Array.from({ length }, (_, at) => word(at + length)),
    };
    sortChunks(pairs, length, 500, 500);
    expect(packPairs(pairs, length, 'sorted').length / length).toBeLessThan(0.65);
    const windows = {
      inputs: Uint32Array.from({ length }, (_, at) => word(Math.floor(at / 6) + [0, 1, 2, 4, 5, 6][at % 6]!)),
      outputs: Uint32Array.from({ length }, (_, at) => word(Math.floor(at / 6) + 3)),
    };
    expect(packPairs(windows, length, 'text').length / length).toBeLessThan(1);
  });
});

describe('the order of a chunk', () => {
  const place = { seed: 3, episode: 2, block: 7, firstChunk: 4, chunkPairs: 100 };
  const make = (length: number): { inputs: Uint32Array; outputs: Uint32Array } => ({
    inputs: Uint32Array.from({ length }, (_, at) => hashAt(1, at) % 20),
    outputs: Uint32Array.from({ length }, (_, at) => hashAt(2, at) % 30),
  });
  const keys = ({ inputs, outputs }: Pairs, from: number, to: number): number[] =>
    [...inputs.subarray(from, to)].map((input, k) => input * 1000 + outputs[from + k]!);

  it('holds the same pairs, sorted and shuffled', () => {
    const pairs = make(250);
    const before = copied(pairs);
    sortChunks(pairs, 100, 20, 30);
    for (const [from, to] of [
      [0, 100],
      [100, 200],
      [200, 250],
    ] as const) {
      expect(keys(pairs, from, to)).toEqual(keys(before, from, to).sort((a, b) => a - b));
    }
    const sorted = copied(pairs);
    shuffleChunks(pairs, place);
    expect(pairs).not.toEqual(sorted);
    sortChunks(pairs, 100, 20, 30);
    expect(pairs).toEqual(sorted);
  });

  it('does not depend on how a block is cut into leases', () => {
    const whole = make(250);
    const late = { inputs: whole.inputs.slice(100), outputs: whole.outputs.slice(100) };
    sortChunks(whole, 100, 20, 30);
    shuffleChunks(whole, place);
    sortChunks(late, 100, 20, 30);
    shuffleChunks(late, { ...place, firstChunk: 5 });
    expect(late.inputs).toEqual(whole.inputs.subarray(100));
    expect(late.outputs).toEqual(whole.outputs.subarray(100));
  });

  it('is another one for another seed, episode, block or chunk', () => {
    const orders = [{}, { seed: 4 }, { episode: 3 }, { block: 8 }, { firstChunk: 5 }].map((other) => {
      const pairs = { inputs: Uint32Array.from({ length: 100 }, (_, at) => at), outputs: new Uint32Array(100) };
      shuffleChunks(pairs, { ...place, ...other });
      return pairs.inputs.join();
    });
    expect(new Set(orders).size).toBe(5);
  });

  it('puts every pair everywhere equally often', () => {
    const places = new Float64Array(10);
    for (let block = 0; block < 5000; block++) {
      const pairs = { inputs: Uint32Array.from({ length: 10 }, (_, at) => at), outputs: new Uint32Array(10) };
      shuffleChunks(pairs, { ...place, block });
      places[pairs.inputs.indexOf(3)]!++;
    }
    // Five sigma of 500.
    for (const count of places) expect(Math.abs(count - 500)).toBeLessThan(5 * Math.sqrt(450));
  });
});
