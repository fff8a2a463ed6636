// Plain sequential training as word2vec.c does it: the oracle of every engine.
//
// One thread, one pair (or bag) after another, no batches; clear before fast. Where the project's engines differ
// (minibatches, shared negatives, blocks), this is what they are measured against. Where gensim differs, word2vec.c
// is followed: in CBOW the error of a bag is added in full to each of its rows, gensim divides it by their number.

import { buildHuffman } from './huffman.ts';
import { ReferenceBag } from './reference-bag.ts';
import { ReferenceHierarchical } from './reference-hierarchical.ts';
import type { Matrices } from './reference-row.ts';
import { ReferenceSkipGram } from './reference-skip-gram.ts';
import { type Draws, SeededDraws } from './sequential-draws.ts';
import {
  type CentreTrainer,
  checkSequential,
  type SequentialConfig,
  type Sentences,
  walkCorpus,
} from './sequential-walk.ts';

export interface ReferenceModel {
  readonly input: Float32Array; // (V, D) row-major, word2vec.c's syn0: the word vectors
  /** (V, D) row-major, word2vec.c's syn1neg. With hs its syn1: a row for each node of huffman.ts, the last unused. */
  readonly output: Float32Array;
  readonly pairs: number; // of centre and context, all epochs
}

/**
 * Trains from `seed`; the same arguments give the same bits. `counts[id]` is the word's count in one epoch; for hs
 * they descend.
 * @throws Word2vecError REFERENCE_CONFIG for senseless settings, REFERENCE_WORD for an id without a count
 */
export async function trainReference(
  sentences: Sentences,
  counts: ArrayLike<number>,
  config: SequentialConfig,
  seed: number,
): Promise<ReferenceModel> {
  checkSequential(config, counts);
  return trainDrawn(sentences, counts, config, new SeededDraws(counts, seed));
}

/** The same with draws of one's own, so that another program's can be replayed; the arguments are not checked. */
export async function trainDrawn(
  sentences: Sentences,
  counts: ArrayLike<number>,
  config: SequentialConfig,
  draws: Draws,
): Promise<ReferenceModel> {
  const values = counts.length * config.dim;
  const input = Float32Array.from({ length: values }, () => (draws.initial() - 0.5) / config.dim);
  const matrices = { dim: config.dim, input, output: new Float32Array(values) };
  const trainer = trainerFor(matrices, counts, config, draws);
  const pairs = await walkCorpus(sentences, counts, config, draws, trainer);
  return { input, output: matrices.output, pairs };
}

function trainerFor(
  matrices: Matrices,
  counts: ArrayLike<number>,
  { objective, negative }: SequentialConfig,
  draws: Draws,
): CentreTrainer {
  switch (objective) {
    case 'skipgram':
      return new ReferenceSkipGram(matrices, negative, draws);
    case 'cbow':
      return new ReferenceBag(matrices, negative, draws);
    case 'hs':
      return new ReferenceHierarchical(matrices, buildHuffman(counts));
  }
}
