// Pairs of a token stream against a naive second writing of the rules.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { GridTablesCache } from '../../../word2vec/grid-tables.ts';
import { buildHuffman } from '../../../word2vec/huffman.ts';
import { CONTINUES } from '../../../word2vec/objective.ts';
import { below, hashAt, STREAM, streamKey } from '../../../word2vec/random.ts';
import type { BlockPairs, PairRules } from '../../../word2vec/skip-gram-pairs.ts';
import { PairCollector, SENTENCE_TOKENS } from '../../../word2vec/skip-gram-pairs.ts';

const WORDS = 30;
const COUNTS = Float64Array.from({ length: WORDS }, (_, id) => 1000 / (id + 1));
const always = new Float64Array(WORDS).fill(2 ** 32);
const half = new Float64Array(WORDS).fill(2 ** 31);
const SKIP_GRAM = { model: 'skipgram', hs: false } as const;
const GRID = { objective: SKIP_GRAM, order: 'shuffled', chunkPairs: 64 } as const;
const tables = new GridTablesCache(COUNTS, 1e-3, 1, SKIP_GRAM);

/** Words of a stream, cut into lines; -1 ends a line. */
const streams = fc.array(
  fc.oneof({ weight: 8, arbitrary: fc.nat(WORDS - 1) }, { weight: 1, arbitrary: fc.constant(-1) }),
  { maxLength: 300 },
);

interface Rules extends PairRules {
  readonly epoch: number;
  readonly from: number;
}

function collect(stream: readonly number[], rules: Rules, collector = new PairCollector(rules)): PairCollector {
  let position = rules.from;
  for (const id of stream) {
    if (id < 0) collector.endSentence(rules.epoch);
    else collector.add(id, rules.epoch, position++);
  }
  collector.endSentence(rules.epoch);
  return collector;
}

interface Bag {
  readonly contexts: readonly number[];
  readonly centre: number;
}

/** word2vec.c's double loop on sentences of kept words. */
function naivePairs(stream: readonly number[], rule: Rules): [number, number][] {
  return naiveBags(stream, rule).flatMap(({ contexts, centre }) =>
    contexts.map((context): [number, number] => [context, centre]),
  );
}

function naiveBags(stream: readonly number[], { seed, window, keep, epoch, from }: Rules): Bag[] {
  const sentences: { id: number; position: number }[][] = [[]];
  let position = from;
  for (const id of stream) {
    if (id < 0) sentences.push([]);
    else {
      const drawn = hashAt(streamKey(seed, STREAM.subsample, epoch, Math.floor(position / 2 ** 32)), position);
      if (drawn < keep[id]!) {
        if (sentences.at(-1)!.length === SENTENCE_TOKENS) sentences.push([]);
        sentences.at(-1)!.push({ id, position });
      }
      position++;
    }
  }
  return sentences.flatMap((sentence) =>
    sentence.flatMap((centre, at) => {
      const reach = window - below(hashAt(streamKey(seed, STREAM.window, epoch), centre.position), window);
      const contexts = sentence.filter((_, other) => other !== at && Math.abs(other - at) <= reach);
      return contexts.length === 0 ? [] : [{ contexts: contexts.map(({ id }) => id), centre: centre.id }];
    }),
  );
}

/** Every pair of a bucketed episode as words again; checks that it lies in its block. */
function unbucket(
  { inputs, outputs, offsets }: BlockPairs,
  parts: number,
  { input, output } = tables.of(parts),
): [number, number][] {
  const pairs: [number, number][] = [];
  expect(offsets.length).toBe(parts * parts + 1);
  expect(offsets[parts * parts]).toBe(inputs.length);
  for (let block = 0; block < parts * parts; block++) {
    for (let at = offsets[block]!; at < offsets[block + 1]!; at++) {
      const x = input.members[Math.floor(block / parts)]![inputs[at]!];
      const u = output.members[block % parts]![outputs[at]!];
      pairs.push([x ?? -1, u ?? -1]);
    }
  }
  return pairs;
}

const sorted = (pairs: readonly [number, number][]): string[] => pairs.map(([x, u]) => `${x} ${u}`).sort();

const rules = fc.record({
  objective: fc.constant(GRID.objective),
  order: fc.constant(GRID.order),
  chunkPairs: fc.constant(GRID.chunkPairs),
  seed: fc.nat(),
  window: fc.integer({ min: 1, max: 8 }),
  keep: fc.constantFrom(always, half),
  epoch: fc.nat(4),
  from: fc.constantFrom(0, 17, 2 ** 32 - 5, 3 * 2 ** 32 + 1),
});

describe('PairCollector', () => {
  it('collects the pairs of the naive writing, whatever the parts', () => {
    fc.assert(
      fc.property(streams, rules, fc.integer({ min: 1, max: 7 }), (stream, rule, parts) => {
        const collector = collect(stream, rule);
        const naive = naivePairs(stream, rule);
        expect(collector.pairs).toBe(naive.length);
        const bucketed = collector.bucket(tables.of(parts), 3);
        expect(sorted(unbucket(bucketed, parts))).toEqual(sorted(naive));
        expect([collector.pairs, collector.kept]).toEqual([0, 0]);
      }),
    );
  });

  it('shuffles by seed, episode and block alone', () => {
    const rule = { ...GRID, seed: 4, window: 5, keep: always, epoch: 0, from: 0 };
    const stream = Array.from({ length: 900 }, (_, at) => below(hashAt(7, at), WORDS));
    const bucket = (episode: number): BlockPairs => collect(stream, rule).bucket(tables.of(2), episode);
    expect(bucket(3)).toEqual(bucket(3));
    expect(bucket(4).inputs).not.toEqual(bucket(3).inputs);
    expect(sorted(unbucket(bucket(4), 2))).toEqual(sorted(unbucket(bucket(3), 2)));
    // Unshuffled, neighbours in a block would come from neighbouring centres.
    const { inputs, outputs } = bucket(3);
    const naive = naivePairs(stream, rule);
    const [first] = unbucket({ inputs, outputs, offsets: bucket(3).offsets }, 2);
    expect(naive.findIndex(([x, u]) => x === first![0] && u === first![1])).toBeGreaterThanOrEqual(0);
    expect(unbucket(bucket(3), 2)).not.toEqual(
      naive.filter(([x, u]) => tables.of(2).input.partOf[x] === 0 && tables.of(2).output.partOf[u] === 0),
    );
  });

  it('shuffles evenly: every place gets every pair equally often', () => {
    const size = 6;
    const times = 6000;
    const hits = Array.from({ length: size }, () => new Uint32Array(size));
    const collector = new PairCollector({ ...GRID, seed: 1, window: 1, keep: always });
    for (let episode = 0; episode < times; episode++) {
      for (let k = 0; k < size / 2; k++) {
        collector.add(2 * k, 0, 2 * k);
        collector.add(2 * k + 1, 0, 2 * k + 1);
        collector.endSentence(0);
      }
      const { inputs } = collector.bucket(tables.of(1), episode);
      for (const [place, rank] of inputs.entries()) hits[place]![tables.of(1).input.members[0]![rank]!]!++;
    }
    const mean = times / size;
    const chiSquare = hits.reduce((sum, row) => sum + row.reduce((inner, n) => inner + (n - mean) ** 2 / mean, 0), 0);
    // 25 degrees of freedom: 52.6 is passed once in a thousand seeds; this one is fixed.
    expect(chiSquare).toBeLessThan(52.6);
  });

  it('goes on where another one stopped, with the same pairs', () => {
    fc.assert(
      fc.property(streams, rules, fc.nat(300), (stream, rule, cut) => {
        const ends = stream.flatMap((id, at) => (id < 0 ? [at + 1] : []));
        const at = ends.length === 0 ? 0 : ends[cut % ends.length]!;
        const words = stream.slice(0, at).filter((id) => id >= 0).length;
        const first = collect(stream.slice(0, at), rule).bucket(tables.of(3), 0);
        const second = collect(stream.slice(at), { ...rule, from: rule.from + words }).bucket(tables.of(3), 1);
        const whole = collect(stream, rule).bucket(tables.of(3), 0);
        expect(sorted([...unbucket(first, 3), ...unbucket(second, 3)])).toEqual(sorted(unbucket(whole, 3)));
      }),
    );
  });

  it('keeps the order of the text where told to', () => {
    fc.assert(
      fc.property(streams, rules, (stream, rule) => {
        const inText = { ...rule, order: 'text' } as const;
        expect(unbucket(collect(stream, inText).bucket(tables.of(1), 3), 1)).toEqual(naivePairs(stream, rule));
      }),
    );
  });

  it('makes each pair of hierarchical softmax a labelled pair for every node of the centre’s path', () => {
    const { start, path, codes } = buildHuffman(COUNTS);
    const objective = { model: 'skipgram', hs: true } as const;
    const nodes = new GridTablesCache(COUNTS, 1e-3, 1, objective);
    fc.assert(
      fc.property(streams, rules, fc.integer({ min: 1, max: 7 }), (stream, rule, parts) => {
        const collector = collect(stream, { ...rule, objective });
        const { inputs, outputs, offsets } = collector.bucket(nodes.of(parts), 3);
        const labels = outputs.map((value) => value & 1);
        const ranks = { inputs, outputs: outputs.map((value) => value >>> 1), offsets };
        const seen = unbucket(ranks, parts, nodes.of(parts)).map(([x, u], at) => `${x} ${u} ${labels[at]}`);
        const expected = naivePairs(stream, rule).flatMap(([x, w]) =>
          Array.from(path.subarray(start[w], start[w + 1]), (node, at) => `${x} ${node} ${1 - codes[start[w]! + at]!}`),
        );
        expect(seen.sort()).toEqual(expected.sort());
      }),
    );
  });

  it('marks the further contexts of a bag, and opens a bag anew where a chunk begins', () => {
    const objective = { model: 'cbow', hs: false } as const;
    fc.assert(
      fc.property(streams, rules, fc.integer({ min: 1, max: 40 }), (stream, rule, chunkPairs) => {
        const inText = { ...rule, objective, order: 'text', chunkPairs } as const;
        const { inputs, outputs, offsets } = collect(stream, inText).bucket(tables.of(1), 3);
        const bags = naiveBags(stream, rule);
        const expected = bags.flatMap(({ contexts, centre }) =>
          contexts.map((_, at) => (at === 0 ? centre : CONTINUES)),
        );
        for (let at = 0, centre = -1; at < expected.length; at++) {
          if (expected[at] !== CONTINUES) centre = expected[at]!;
          else if (at % chunkPairs === 0) expected[at] = centre;
        }
        expect(Array.from(inputs)).toEqual(bags.flatMap(({ contexts }) => contexts));
        expect(Array.from(outputs)).toEqual(expected);
        expect(Array.from(offsets)).toEqual([0, inputs.length]);
      }),
    );
  });

  it('refuses CBOW in several parts, and shuffled', () => {
    const objective = { model: 'cbow', hs: false } as const;
    const rule = { ...GRID, seed: 1, window: 2, keep: always, objective };
    const parted = new PairCollector({ ...rule, order: 'text' });
    expect(() => parted.bucket(tables.of(2), 0)).toThrow(expect.objectContaining({ code: 'CBOW_PARTS' }));
    const shuffled = new PairCollector(rule);
    expect(() => shuffled.bucket(tables.of(1), 0)).toThrow(expect.objectContaining({ code: 'CBOW_PARTS' }));
  });

  it('closes a sentence at 1000 kept words, and says so', () => {
    const rule = { ...GRID, seed: 9, window: 2, keep: half, epoch: 1, from: 0 };
    const collector = new PairCollector(rule);
    const full: number[] = [];
    for (let position = 0; position < 5000; position++)
      if (collector.add(position % WORDS, 1, position)) full.push(collector.kept);
    expect(full).toEqual([1000, 2000]);
    collector.endSentence(1);
    const stream = Array.from({ length: 5000 }, (_, position) => position % WORDS);
    expect(sorted(unbucket(collector.bucket(tables.of(1), 0), 1))).toEqual(sorted(naivePairs(stream, rule)));
  });

  it('keeps words by their bound: none at 0, all at 2^32, half at half', () => {
    const kept = (bound: number): number => {
      const collector = new PairCollector({ ...GRID, seed: 2, window: 1, keep: new Float64Array(WORDS).fill(bound) });
      for (let position = 0; position < 20_000; position++) collector.add(0, 0, position);
      return collector.kept;
    };
    expect([kept(0), kept(2 ** 32)]).toEqual([0, 20_000]);
    expect(Math.abs(kept(2 ** 31) - 10_000)).toBeLessThan(5 * Math.sqrt(5000));
  });

  it('shrinks windows evenly over 1 to W, and not alike in two epochs', () => {
    const window = 5;
    const reaches = (epoch: number): number[] =>
      Array.from({ length: 4000 }, (_, position) => {
        const collector = new PairCollector({ ...GRID, seed: 3, window, keep: always });
        // The middle one of eleven is asked how far it reaches: only its pairs have the output word 1.
        for (let k = -5; k <= 5; k++) collector.add(k === 0 ? 1 : 0, epoch, position * 11 + k + 5);
        collector.endSentence(epoch);
        const { outputs } = collector.bucket(tables.of(1), 0);
        return outputs.filter((rank) => tables.of(1).output.members[0]![rank] === 1).length / 2;
      });
    const first = reaches(0);
    const counts = [1, 2, 3, 4, 5].map((reach) => first.filter((value) => value === reach).length);
    for (const count of counts) expect(Math.abs(count - 800)).toBeLessThan(5 * Math.sqrt(640));
    expect(reaches(1)).not.toEqual(first);
  });
});
