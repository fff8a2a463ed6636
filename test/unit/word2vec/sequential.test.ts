// The fast sequential trainer computes what the plain reference computes, whatever the shape.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { mix32 } from '../../../word2vec/random.ts';
import { trainReference } from '../../../word2vec/reference.ts';
import { trainSequential } from '../../../word2vec/sequential.ts';
import type { SequentialConfig, SequentialObjective } from '../../../word2vec/sequential-walk.ts';

const OBJECTIVES = ['skipgram', 'hs', 'cbow'] as const satisfies readonly SequentialObjective[];

interface Corpus {
  readonly sentences: readonly (readonly number[])[];
  readonly counts: Float64Array;
}

/** Sentences of 0..lengthMax words of which the first are the most frequent; every word occurs. */
function corpusOf(words: number, sentences: number, lengthMax: number, seed: number): Corpus {
  const drawn = (at: number, bound: number): number => Math.floor((mix32(mix32(seed) + at) / 2 ** 32) ** 2 * bound);
  const text = Array.from({ length: sentences }, (_, s) =>
    Array.from({ length: mix32(seed + s) % (lengthMax + 1) }, (__, at) => drawn(s * 1000 + at, words)),
  );
  text.push(Array.from({ length: words }, (_, word) => word));
  const tally = new Map<number, number>();
  for (const word of text.flat()) tally.set(word, (tally.get(word) ?? 0) + 1);
  const ranked = [...tally].sort((a, b) => b[1] - a[1]);
  const rank = new Map(ranked.map(([word], at) => [word, at]));
  return {
    sentences: text.map((sentence) => sentence.map((word) => rank.get(word)!)),
    counts: Float64Array.from(ranked, ([, count]) => count),
  };
}

/** The greatest difference of any weight, over the greatest weight of its matrix. */
async function apart({ sentences, counts }: Corpus, config: SequentialConfig, seed: number): Promise<number> {
  const expected = await trainReference(() => sentences, counts, config, seed);
  const trained = await trainSequential(() => sentences, counts, config, seed);
  expect(trained.pairs).toBe(expected.pairs);
  const relative = (values: Float32Array, wanted: Float32Array): number => {
    expect(values.length).toBe(wanted.length);
    const greatest = wanted.reduce((most, value) => Math.max(most, Math.abs(value)), 1e-9);
    return wanted.reduce((most, value, at) => Math.max(most, Math.abs(value - values[at]!)), 0) / greatest;
  };
  return Math.max(relative(trained.input, expected.input), relative(trained.output, expected.output));
}

describe('trainSequential', () => {
  for (const objective of OBJECTIVES) {
    it(`agrees with the reference for any shape: ${objective}`, async () => {
      await fc.assert(
        fc.asyncProperty(
          fc.record({
            dim: fc.oneof(fc.integer({ min: 1, max: 9 }), fc.constantFrom(16, 31, 100)),
            window: fc.integer({ min: 1, max: 7 }),
            negative: fc.integer({ min: 0, max: 25 }),
            sample: fc.constantFrom(0, 0.01, 0.1),
            epochs: fc.integer({ min: 1, max: 2 }),
            alpha: fc.constantFrom(0.01, 0.025, 0.05),
          }),
          fc.integer({ min: 2, max: 40 }),
          fc.integer({ min: 1, max: 60 }),
          fc.nat(),
          async (shape, words, sentences, seed) => {
            const corpus = corpusOf(words, sentences, 12, seed);
            expect(await apart(corpus, { objective, ...shape }, seed)).toBeLessThan(1e-4);
          },
        ),
        { numRuns: 60 },
      );
    });

    it(`agrees after long training, as the learning rate falls: ${objective}`, async () => {
      const corpus = corpusOf(60, 4000, 16, 5);
      const config = { objective, dim: 20, window: 4, negative: 5, sample: 0.01, epochs: 2, alpha: 0.025 };
      expect(await apart(corpus, config, 3)).toBeLessThan(1e-3);
    });

    it(`agrees where dot products leave the range: ${objective}`, async () => {
      // Words that meet one other only, and noise that is always the same word: sums go beyond ±6 and stay there.
      const sentences = Array.from({ length: 2000 }, (_, s) => [(s % 2) * 2 + 1, (s % 2) * 2 + 2]);
      const corpus = { sentences, counts: Float64Array.of(1e9, 1, 1, 1, 1) };
      const config = { objective, dim: 4, window: 1, negative: 2, sample: 0, epochs: 1, alpha: 0.5 };
      const { input, output } = await trainReference(() => sentences, corpus.counts, config, 1);
      const products = Array.from({ length: 25 }, (_, at) =>
        [0, 1, 2, 3].reduce((sum, d) => sum + input[(at % 5) * 4 + d]! * output[Math.floor(at / 5) * 4 + d]!, 0),
      );
      expect(Math.max(...products)).toBeGreaterThan(6);
      expect(Math.min(...products)).toBeLessThan(-6);
      expect(await apart(corpus, config, 1)).toBeLessThan(1e-4);
    });
  }

  it('repeats bit for bit from the same seed, and not from another', async () => {
    const { sentences, counts } = corpusOf(40, 300, 12, 2);
    const config = {
      objective: 'skipgram',
      dim: 12,
      window: 5,
      negative: 5,
      sample: 0,
      epochs: 1,
      alpha: 0.05,
    } as const;
    const first = await trainSequential(() => sentences, counts, config, 1);
    expect(await trainSequential(() => sentences, counts, config, 1)).toEqual(first);
    expect((await trainSequential(() => sentences, counts, config, 2)).input).not.toEqual(first.input);
  });

  it('refuses a model beyond what WebAssembly can address', async () => {
    const config = {
      objective: 'skipgram',
      dim: 4000,
      window: 5,
      negative: 5,
      sample: 0,
      epochs: 1,
      alpha: 0.05,
    } as const;
    const counts = new Float64Array(300_000).fill(1);
    await expect(trainSequential(() => [], counts, config, 1)).rejects.toMatchObject({ code: 'REFERENCE_MEMORY' });
  });
});
