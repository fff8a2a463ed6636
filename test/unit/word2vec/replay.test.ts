// The sequential reference, given word2vec.c's own draws, trains word2vec.c's own weights.
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { type ReferenceModel, trainDrawn } from '../../../word2vec/reference.ts';
import type { SequentialConfig, SequentialObjective } from '../../../word2vec/sequential-walk.ts';
import { longLine, shortLines } from './replay/corpus.ts';
import { Word2vecCDraws } from './replay/draws.ts';

/** What word2vec.c trained (replay/weights.c). */
interface Trained {
  readonly words: readonly string[];
  readonly counts: readonly number[];
  readonly input: readonly number[];
  readonly output: readonly number[];
}

type Case = SequentialObjective | 'longLine';

const trained = JSON.parse(readFileSync(new URL('replay/weights.json', import.meta.url), 'utf8')) as Record<
  Case,
  Trained
>;

const shared = { dim: 6, window: 3, alpha: 0.1 };

/** Rows of the output matrix as word2vec.c orders them: it numbers the tree's nodes from the leaves. */
function outputOf(model: ReferenceModel, objective: SequentialObjective): number[] {
  if (objective !== 'hs') return [...model.output];
  const nodes = model.output.length / shared.dim - 1;
  const rows = Array.from({ length: nodes }, (_, node) => nodes - 1 - node);
  const values = rows.flatMap((node) => [...model.output.subarray(node * shared.dim, (node + 1) * shared.dim)]);
  return [...values, ...model.output.subarray(nodes * shared.dim)];
}

/** The greatest difference of any weight from word2vec.c's. */
async function replay(
  name: Case,
  lines: readonly (readonly string[])[],
  config: SequentialConfig,
): Promise<{ readonly input: number; readonly output: number }> {
  const expected = trained[name];
  const ids = new Map(expected.words.map((word, id) => [word, id]));
  const sentences = lines.map((words) => words.map((word) => ids.get(word)!));
  const draws = new Word2vecCDraws(expected.counts);
  const model = await trainDrawn(() => sentences, expected.counts, config, draws);
  const output = outputOf(model, config.objective);
  return { input: apart(model.input, expected.input), output: apart(output, expected.output) };
}

function apart(values: ArrayLike<number>, expected: readonly number[]): number {
  // The weights have moved far from where they began, so that being close says something.
  const greatest = Math.max(...expected.map(Math.abs));
  if (values.length !== expected.length || !(greatest > 0.5)) return Infinity;
  return Math.max(...expected.map((value, at) => Math.abs(value - values[at]!)));
}

describe('word2vec.c, replayed', () => {
  const short = shortLines().map((line) => line.split(' '));

  for (const objective of ['skipgram', 'hs', 'cbow'] as const) {
    it(`trains the same weights: ${objective}`, async () => {
      const negative = objective === 'hs' ? 0 : 4;
      const { input, output } = await replay(objective, short, {
        ...shared,
        objective,
        negative,
        sample: 0.02,
        epochs: 3,
      });
      expect(input).toBeLessThan(1e-5);
      expect(output).toBeLessThan(1e-5);
    });
  }

  it('trains the same weights where a line is cut and the learning rate falls', async () => {
    // The line's end is read as a word after twelve whole sentences, and makes one of its own.
    const lines = longLine().map((line) => [...line.split(' '), '</s>']);
    const config = { ...shared, alpha: 0.04, objective: 'skipgram', negative: 4, sample: 0, epochs: 2 } as const;
    const { input, output } = await replay('longLine', lines, config);
    expect(input).toBeLessThan(1e-5);
    expect(output).toBeLessThan(1e-5);
  });
});
