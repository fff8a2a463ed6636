// The batched objectives against the sequential reference: equal where the order of steps allows, as good where not.
import { describe, expect, it } from 'vitest';
import { BatchedReference } from '../../../word2vec/batched-reference.ts';
import { CpuEngine } from '../../../word2vec/cpu-engine.ts';
import type { Engine } from '../../../word2vec/engine.ts';
import { HeldOutSet } from '../../../word2vec/evaluation/held-out.ts';
import { GridTablesCache } from '../../../word2vec/grid-tables.ts';
import { buildHuffman } from '../../../word2vec/huffman.ts';
import { drawTable } from '../../../word2vec/noise.ts';
import { CONTINUES, type Objective } from '../../../word2vec/objective.ts';
import { Planner } from '../../../word2vec/planner.ts';
import { below, hashAt } from '../../../word2vec/random.ts';
import { ReferenceBag } from '../../../word2vec/reference-bag.ts';
import { ReferenceHierarchical } from '../../../word2vec/reference-hierarchical.ts';
import { trainReference } from '../../../word2vec/reference.ts';
import { PairCollector } from '../../../word2vec/skip-gram-pairs.ts';
import { keepBounds } from '../../../word2vec/vocabulary.ts';

const ALPHA = 0.05;
const DIM = 12;

function randomRows(rows: number, key: number, size = 0.4): Float32Array<ArrayBuffer> {
  return Float32Array.from({ length: rows * DIM }, (_, at) => (hashAt(key, at) / 2 ** 31 - 1) * size);
}

/** Largest |x·u| of any input row with any output row. */
function largestLogit(input: Float32Array, output: Float32Array): number {
  let largest = 0;
  for (let x = 0; x < input.length; x += DIM) {
    for (let u = 0; u < output.length; u += DIM) {
      let logit = 0;
      for (let d = 0; d < DIM; d++) logit += input[x + d]! * output[u + d]!;
      largest = Math.max(largest, Math.abs(logit));
    }
  }
  return largest;
}

function expectClose(actual: Float32Array, expected: Float32Array): void {
  let worst = 0;
  for (let at = 0; at < expected.length; at++) worst = Math.max(worst, Math.abs(actual[at]! - expected[at]!));
  expect(worst).toBeLessThan(2e-5);
}

const engines: [string, () => Promise<Engine>][] = [
  ['reference', () => Promise.resolve(new BatchedReference())],
  ['CPU engine, plain', () => CpuEngine.create({ kernel: 'plain' })],
  ['CPU engine, SIMD', () => CpuEngine.create({ kernel: 'simd' })],
];

describe.each(engines)('%s, one step a minibatch', (_, create) => {
  it.each([
    ['within ±6', 0.4],
    ['far beyond ±6, where nothing is learned', 2],
  ])('trains hierarchical softmax as the sequential reference does, a path a minibatch, %s', async (__, size) => {
    // Sixteen equal counts: every path has four nodes, so that a minibatch of four pairs is one path.
    const words = 16;
    const counts = new Float64Array(words).fill(9);
    const tree = buildHuffman(counts);
    const tables = new GridTablesCache(counts, 0, 1, { model: 'skipgram', hs: true }).of(1);
    const pairs = Array.from(
      { length: 400 },
      (___, at) => [below(hashAt(1, at), 16), below(hashAt(2, at), 16)] as const,
    );
    const { start, value } = tables.targets;
    const targets = pairs.flatMap(([, centre]) => Array.from(value.subarray(start[centre]!, start[centre + 1]!)));
    const plan = new Planner().plan({
      ...place(words),
      minibatch: 4,
      chunkPairs: 400,
      inputs: Uint32Array.from(pairs.flatMap(([context]) => [context, context, context, context])),
      outputs: Uint32Array.from(targets),
      targets: 'labelled',
      negatives: { kind: 'none' },
    });
    expect(plan.inputIds.length).toBe(words);
    expect(plan.outputIds.length).toBe(words - 1);
    const rows = { input: randomRows(words, 3, size), output: randomRows(words - 1, 4, size), dim: DIM };
    if (size === 2) expect(largestLogit(rows.input, rows.output)).toBeGreaterThan(12);
    const sequential = { input: rows.input.slice(), output: rows.output.slice(), dim: DIM };
    const trainer = new ReferenceHierarchical(sequential, tree);
    for (const [context, centre] of pairs) trainer.trainCentre(Int32Array.of(context, centre), 0, 1, 1, ALPHA);
    await (await create()).train(plan, rows, { alpha: ALPHA, damping: 0 });
    expectClose(rows.input, sequential.input);
    expectClose(rows.output, sequential.output);
  });

  it('trains CBOW as the sequential reference does, a bag a minibatch', async () => {
    // Negatives come from words that are no centres, 5 of 4,000: hardly ever the same twice in a bag.
    const words = 4050;
    const bags = Array.from({ length: 200 }, (__, bag) => ({
      contexts: Array.from({ length: 1 + below(hashAt(5, bag), 6) }, (___, k) => below(hashAt(6, bag * 10 + k), 50)),
      centre: below(hashAt(7, bag), 50),
    }));
    const plan = new Planner().planBags({
      ...place(words),
      minibatch: 1,
      chunkPairs: 2000,
      inputs: Uint32Array.from(bags.flatMap(({ contexts }) => contexts)),
      outputs: Uint32Array.from(
        bags.flatMap(({ contexts, centre }) => contexts.map((___, k) => (k === 0 ? centre : CONTINUES))),
      ),
      targets: 'positive',
      noise: drawTable(Float64Array.from({ length: words }, (___, rank) => (rank < 50 ? 0 : 1))),
      negatives: { kind: 'coupled', rate: 5 * 65536 },
    });
    expect(plan.minibatches).toBe(bags.length);
    const model = { input: randomRows(words, 8), output: randomRows(words, 9), dim: DIM };
    const pick = (matrix: Float32Array, ids: Uint32Array): Float32Array<ArrayBuffer> =>
      Float32Array.from([...ids].flatMap((id) => [...matrix.subarray(id * DIM, (id + 1) * DIM)]));
    const rows = { input: pick(model.input, plan.inputIds), output: pick(model.output, plan.outputIds), dim: DIM };
    let drawn = 0;
    const refuse = (): never => expect.unreachable();
    const noise = (): number => plan.outputIds[plan.negatives[drawn++]!]!;
    const trainer = new ReferenceBag(model, 5, { initial: refuse, unit: refuse, below: refuse, noise });
    for (const { contexts, centre } of bags) {
      const sentence = Int32Array.of(...contexts, centre);
      trainer.trainCentre(sentence, 0, contexts.length, contexts.length, ALPHA);
    }
    expect(drawn).toBe(plan.negatives.length);
    await (
      await create()
    ).trainBags!(plan, rows, { alpha: ALPHA, damping: 0 });
    expectClose(rows.input, pick(model.input, plan.inputIds));
    expectClose(rows.output, pick(model.output, plan.outputIds));
  });
});

function place(words: number) {
  return {
    seed: 1,
    episode: 0,
    block: 0,
    firstChunk: 0,
    inputPartSize: words,
    outputPartSize: words,
    noise: drawTable(new Float64Array(words).fill(1)),
  } as const;
}

/** Sentences of a made-up language: words follow their topic, of which a sentence has one, by Zipf's law. */
function sentencesOf(count: number, key: number): number[][] {
  return Array.from({ length: count }, (_, sentence) => {
    const topic = hashAt(key, sentence * 40) % TOPICS;
    return Array.from({ length: 15 }, (__, at) => {
      const chance = hashAt(key, sentence * 40 + at + 1) / 2 ** 32;
      const word = Math.floor(TOPIC_WORDS ** chance) - 1;
      return hashAt(key, sentence * 40 + at + 20) % 4 === 0 ? word : word * TOPICS + topic;
    });
  });
}

const TOPICS = 8;
const TOPIC_WORDS = 40;

describe.each([
  ['hierarchical softmax', 'hs'],
  ['CBOW', 'cbow'],
] as const)('%s in minibatches', (_, kind) => {
  it('reaches the held-out loss of the sequential reference', async () => {
    const objective: Objective = { model: kind === 'cbow' ? 'cbow' : 'skipgram', hs: kind === 'hs' };
    const { sentences, held, counts } = corpus();
    const words = counts.length;
    const [window, negative, epochs, dim, alpha] = [3, 5, 3, 16, 0.05];
    const paths = objective.hs ? buildHuffman(counts) : null;
    const set = new HeldOutSet(held, counts, { window, negative, sample: 0, seed: 1, model: objective.model, paths });
    const config = { objective: kind, dim, window, negative, sample: 0, epochs, alpha };
    const sequential = set.score({ dim, ...(await trainReference(() => sentences, counts, config, 1)) });

    const tables = new GridTablesCache(counts, 0, 1, objective).of(1);
    const total = counts.reduce((sum, count) => sum + count, 0);
    const rule = { seed: 1, window, keep: keepBounds({ counts, total }, 0), objective, chunkPairs: 6144 } as const;
    const collector = new PairCollector({ ...rule, order: kind === 'cbow' ? 'text' : 'shuffled' });
    const engine = await CpuEngine.create();
    const input = Float32Array.from({ length: words * dim }, (__, at) => (hashAt(2, at) / 2 ** 32 - 0.5) / dim);
    const output = new Float32Array(words * dim);
    const planner = new Planner();
    for (let epoch = 0; epoch < epochs; epoch++) {
      let position = 0;
      for (const sentence of sentences) {
        for (const id of sentence) collector.add(id, epoch, position++);
        collector.endSentence(epoch);
      }
      const pairs = collector.bucket(tables, epoch);
      for (let from = 0, chunk = 0; from < pairs.inputs.length; from += rule.chunkPairs, chunk++) {
        const shape = {
          ...place(words),
          episode: epoch,
          firstChunk: chunk,
          chunkPairs: rule.chunkPairs,
          minibatch: 192,
          inputs: pairs.inputs.subarray(from, from + rule.chunkPairs),
          outputs: pairs.outputs.subarray(from, from + rule.chunkPairs),
          targets: objective.hs ? ('labelled' as const) : ('positive' as const),
          noise: tables.noise(0),
          negatives: objective.hs
            ? ({ kind: 'none' } as const)
            : ({ kind: 'coupled', rate: negative * 65536 } as const),
        };
        const step = { alpha: alpha * (1 - (epoch + from / pairs.inputs.length) / epochs), damping: 0.25 };
        const plan = kind === 'cbow' ? planner.planBags(shape) : planner.plan(shape);
        const rows = { input: gather(input, plan.inputIds, dim), output: gather(output, plan.outputIds, dim), dim };
        if ('bagStart' in plan) await engine.trainBags(plan, rows, step);
        else await engine.train(plan, rows, step);
        scatter(rows.input, plan.inputIds, input, dim);
        scatter(rows.output, plan.outputIds, output, dim);
      }
    }
    const batched = set.score({ dim, input, output });
    // Both learn, and alike: of what the sequential run gains on a model of zeros, the batched one misses little.
    expect(sequential.loss!).toBeLessThan(0.9 * sequential.untrained!);
    const gain = sequential.untrained! - sequential.loss!;
    expect(batched.loss!).toBeLessThan(sequential.loss! + 0.05 * gain);
  }, 60_000);
});

/** Words of training and held-out sentences, numbered by descending count in training. */
function corpus(): { sentences: number[][]; held: number[][]; counts: Float64Array } {
  const raw = sentencesOf(3000, 11);
  const tally = new Map<number, number>();
  for (const sentence of raw) for (const word of sentence) tally.set(word, (tally.get(word) ?? 0) + 1);
  const ranked = [...tally].sort((a, b) => b[1] - a[1] || a[0] - b[0]);
  const ids = new Map(ranked.map(([word], id) => [word, id]));
  const known = (sentence: readonly number[]): number[] => sentence.flatMap((word) => ids.get(word) ?? []);
  return {
    sentences: raw.map(known),
    held: sentencesOf(300, 12).map(known),
    counts: Float64Array.from(ranked, ([, count]) => count),
  };
}

function gather(matrix: Float32Array, ids: Uint32Array, dim: number): Float32Array<ArrayBuffer> {
  const rows = new Float32Array(ids.length * dim);
  ids.forEach((id, row) => rows.set(matrix.subarray(id * dim, (id + 1) * dim), row * dim));
  return rows;
}

function scatter(rows: Float32Array, ids: Uint32Array, matrix: Float32Array, dim: number): void {
  ids.forEach((id, row) => matrix.set(rows.subarray(row * dim, (row + 1) * dim), id * dim));
}
