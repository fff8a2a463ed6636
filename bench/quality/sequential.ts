// The yardstick: one sequential run over the same lines with the same vocabulary.
import { trainSequential } from '../../word2vec/sequential.ts';
import type { Counted } from '../../coordinator/ingest/requests.ts';
import type { SequentialConfig } from '../../word2vec/sequential-walk.ts';
import type { ScoredModel } from './scores.ts';
import { readSentences } from './text.ts';

/** @param file text to train on, one sentence a line */
export async function sequentialModel(
  file: string,
  { words, counts, heldOut }: Counted,
  settings: SequentialConfig,
  seed: number,
): Promise<{ model: ScoredModel; pairs: number; seconds: number }> {
  const sentences = await readSentences(file, new Map(words.map((word, id) => [word, id])), heldOut.limit);
  const begun = performance.now();
  const { input, output, pairs } = await trainSequential(() => sentences, counts, settings, seed);
  const seconds = (performance.now() - begun) / 1000;
  const copy = (matrix: Float32Array): Float32Array<ArrayBuffer> => Float32Array.from(matrix);
  return { model: { words, counts, dim: settings.dim, input: copy(input), output: copy(output) }, pairs, seconds };
}
