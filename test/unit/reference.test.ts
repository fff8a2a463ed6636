// The sequential reference: its arithmetic by hand where that is possible, and what it learns from a planted corpus.

import { describe, expect, it } from 'vitest';
import { trainReference } from '../../word2vec/reference.ts';
import type { SequentialConfig, Sentences } from '../../word2vec/sequential-walk.ts';
import { mostSimilar } from '../../word2vec/similarity.ts';

const plain: SequentialConfig = {
  objective: 'skipgram',
  dim: 2,
  window: 1,
  negative: 0,
  sample: 0,
  epochs: 1,
  alpha: 0.025,
};

function repeated(sentence: readonly number[], times: number): Sentences {
  return function* () {
    for (let i = 0; i < times; i++) yield sentence;
  };
}

describe('the arithmetic', () => {
  it('moves the centre output vector along the context input vector', async () => {
    const { input, output, pairs } = await trainReference(repeated([0, 1], 1), [1, 1], plain, 3);
    expect(pairs).toBe(2);
    for (const value of input) expect(Math.abs(value)).toBeLessThanOrEqual(0.5 / 2);
    expect(new Set(input).size).toBe(4);
    // Outputs begin at zero, so both logits are 0 and the step is (1 - 1/2) α; inputs gain nothing yet.
    const step = 0.5 * 0.025;
    const expected = [input[2]!, input[3]!, input[0]!, input[1]!].map((value) => Math.fround(step * value));
    expect([...output]).toEqual(expected);
  });

  it('skips a drawn negative that is the centre itself, and pushes the others away', async () => {
    const counts = [1e12, 1]; // in effect every draw is word 0
    const { output, input } = await trainReference(repeated([0, 1], 1), counts, { ...plain, negative: 5 }, 3);
    const alpha = 0.025;
    // First pair (centre 0): draws equal the centre. Second (centre 1, context 0): five draws of word 0 push it off.
    const positive = Math.fround(0.5 * alpha * input[2]!);
    expect(output[0]).not.toBe(positive);
    const away = -0.5 * alpha * 5 * input[0]!;
    expect(output[0]).toBeCloseTo(positive + away, 4);
  });

  it('lets the learning rate fall linearly, in steps of 10,000 words', async () => {
    const alpha = 1e-6; // so small that vectors stay put and steps only add up
    const { output, input } = await trainReference(repeated([0, 1], 30_000), [30_000, 30_000], { ...plain, alpha }, 1);
    const steps = [0, 10_002, 20_004, 30_006, 40_008, 50_010].map((words) => 1 - words / 60_001);
    const mean = steps.reduce((sum, step) => sum + step, 0) / steps.length;
    expect(output[0]! / (0.5 * alpha * 30_000 * input[2]!)).toBeCloseTo(mean, 3);
  });

  it('cuts sentences after 1,000 kept words', async () => {
    const sentence = Array.from({ length: 2500 }, (_, i) => i % 2);
    const { pairs } = await trainReference(repeated(sentence, 1), [1250, 1250], plain, 1);
    expect(pairs).toBe(2 * (999 + 999 + 499));
  });

  it('keeps words with the probability of word2vec.c', async () => {
    const sentence = Array.from({ length: 1000 }, (_, i) => (i % 10 === 0 ? 1 : 0));
    const counts = [900 * 200, 100 * 200];
    const sample = 0.05;
    const { pairs } = await trainReference(repeated(sentence, 200), counts, { ...plain, sample }, 1);
    const keep = (share: number): number => (Math.sqrt(share / sample) + 1) * (sample / share);
    const kept = 200 * (900 * keep(0.9) + 100 * Math.min(1, keep(0.1)));
    expect(pairs / (2 * (kept - 200))).toBeCloseTo(1, 2);
  });

  it('draws spans uniformly over 1..W', async () => {
    const window = 5;
    const sentence = Array.from({ length: 1000 }, (_, i) => i % 2);
    const { pairs } = await trainReference(repeated(sentence, 100), [50_000, 50_000], { ...plain, window }, 1);
    expect(pairs / 100_000 / (window + 1)).toBeCloseTo(1, 1.7); // mean span 3 on each side, less at the ends
  });
});

describe('a run', () => {
  // Words of a group share their neighbours; groups never mix. Word 10 g + i is the i-th of group g.
  const groups = 6;
  const counts = Array.from({ length: groups * 10 }, () => 600);
  const planted: Sentences = async function* () {
    let state = 5;
    const draw = (bound: number): number => {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
      return Math.floor((state / 2 ** 32) * bound);
    };
    for (let i = 0; i < 3600; i++) {
      const group = draw(groups);
      yield Array.from({ length: 10 }, () => group * 10 + draw(10));
    }
  };
  const config: SequentialConfig = {
    objective: 'skipgram',
    dim: 16,
    window: 5,
    negative: 5,
    sample: 0,
    epochs: 3,
    alpha: 0.05,
  };

  it('puts the words of a planted group next to each other', async () => {
    const { input } = await trainReference(planted, counts, config, 11);
    const words = counts.map((_, id) => `${Math.floor(id / 10)}-${id % 10}`);
    for (const word of words) {
      const neighbours = mostSimilar({ words, dim: config.dim, values: input }, [word], [], 9);
      for (const { word: neighbour } of neighbours) expect(neighbour[0]).toBe(word[0]);
    }
  });

  it('repeats bit for bit from the same seed, and not from another', async () => {
    const short = { ...config, epochs: 1 };
    const first = await trainReference(planted, counts, short, 1);
    expect(await trainReference(planted, counts, short, 1)).toEqual(first);
    expect((await trainReference(planted, counts, short, 2)).input).not.toEqual(first.input);
  });

  it('refuses senseless settings and ids without a count', async () => {
    await expect(trainReference(planted, counts, { ...config, dim: 0, alpha: NaN }, 1)).rejects.toMatchObject({
      code: 'REFERENCE_CONFIG',
      message: 'dim is 0; alpha is NaN',
    });
    await expect(trainReference(repeated([0, 60], 1), counts, config, 1)).rejects.toMatchObject({
      code: 'REFERENCE_WORD',
    });
  });
});
