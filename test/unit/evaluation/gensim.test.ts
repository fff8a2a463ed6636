// Neighbours, analogies and pair similarity against figures that gensim computed for the same files.
//
// gensim-small-model.json was made with gensim 4.4.0: smallModel() written by binaryVectors and loaded with
// KeyedVectors.load_word2vec_format(binary=True), smallQuestions() and smallPairs() as files, then
// evaluate_word_analogies(file, restrict_vocab=N) -> [section, correct, asked], evaluate_word_pairs(file)
// -> Spearman's rho and the share of unknown pairs, most_similar(topn=5). The same comparison over a model of
// 36,000 words × 100 with questions-words.txt and wordsim353.tsv was equal in every section too.

import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { scoreAnalogies } from '../../../word2vec/evaluation/analogies.ts';
import { PairProbe } from '../../../word2vec/evaluation/pair-probe.ts';
import { scorePairs } from '../../../word2vec/evaluation/pair-similarity.ts';
import { parsePairs, parseQuestions } from '../../../word2vec/evaluation/question-files.ts';
import { NearestNeighbours } from '../../../word2vec/similarity.ts';
import { smallModel, smallPairs, smallQuestions } from './small-model.ts';

interface Expected {
  readonly analogies: Readonly<Record<string, readonly [section: string, correct: number, asked: number][]>>;
  readonly pairs: { readonly rho: number; readonly unknownPercent: number };
  readonly similar: readonly {
    readonly positive: string[];
    readonly negative: string[];
    readonly neighbours: readonly [word: string, similarity: number][];
  }[];
}

const expected = JSON.parse(readFileSync(new URL('gensim-small-model.json', import.meta.url), 'utf8')) as Expected;
const model = smallModel();

describe('gensim', () => {
  it.each(Object.keys(expected.analogies))('scores the same analogies over %s words', (restrict) => {
    const scores = scoreAnalogies(model, parseQuestions(smallQuestions()), Number(restrict));
    const ours = [...scores.sections, { name: 'Total accuracy', ...scores.total }];
    expect(ours.map(({ name, correct, asked }) => [name, correct, asked])).toEqual(expected.analogies[restrict]);
    const questions = smallQuestions().trim().split('\n').length - 2;
    expect(scores.total.asked + scores.total.skipped).toBe(questions);
  });

  it('finds the same rank correlation and coverage', () => {
    const score = scorePairs(model, parsePairs(smallPairs()));
    expect(score.rho).toBeCloseTo(expected.pairs.rho, 7);
    expect(score.pairs).toBe(60);
    expect(100 * (1 - score.found / score.pairs)).toBeCloseTo(expected.pairs.unknownPercent, 9);
    expect(score.found).toBeLessThan(60);
    const probe = new PairProbe(model.words, parsePairs(smallPairs()));
    expect(probe.found).toBe(score.found);
    expect(probe.rho(model.values, model.dim)).toBeCloseTo(expected.pairs.rho, 7);
  });

  it('finds the same neighbours', () => {
    const index = new NearestNeighbours(model);
    for (const { positive, negative, neighbours } of expected.similar) {
      const ours = index.nearest(positive, negative, neighbours.length);
      expect(ours.map(({ word }) => word)).toEqual(neighbours.map(([word]) => word));
      for (const [i, { similarity }] of ours.entries()) expect(similarity).toBeCloseTo(neighbours[i]![1], 5);
    }
  });
});
