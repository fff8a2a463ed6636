// How good a model is: one set of measures for whoever trained it.
import type { EvaluationFiles } from '../../coordinator/library/evaluation.ts';
import { evaluateModel } from '../../coordinator/library/evaluation.ts';
import { scoreAnalogies } from '../../word2vec/evaluation/analogies.ts';
import type { HeldOutRules } from '../../word2vec/evaluation/held-out.ts';
import { HeldOutSet } from '../../word2vec/evaluation/held-out.ts';
import type { QuestionSection } from '../../word2vec/evaluation/question-files.ts';
import { buildHuffman } from '../../word2vec/huffman.ts';
import type { Goodness } from './simulation.ts';
import { knownIds } from './text.ts';

/** Seed of the measurement, not of the training. */
const HELD_OUT_SEED = 1;

export interface Scores {
  /** Mean loss per pair of the lines held out; null where there are none, or the model is no model any more. */
  readonly heldOutLoss: number | null;
  /** null without --questions. */
  readonly analogies: { readonly correct: number; readonly asked: number; readonly accuracy: number | null } | null;
  readonly similarity: readonly { readonly file: string; readonly rho: number | null; readonly found: number }[];
  /** Of the vocabulary. */
  readonly words: number;
}

export interface ScoredModel {
  readonly words: readonly string[];
  /** Shape (V). */
  readonly counts: Float64Array;
  readonly dim: number;
  /** Shape (V, D). */
  readonly input: Float32Array<ArrayBuffer>;
  readonly output: Float32Array<ArrayBuffer>;
}

type ScoreRules = Pick<HeldOutRules, 'window' | 'negative' | 'sample' | 'model'> & { readonly hs: boolean };

export class Scorer {
  readonly #heldOut: readonly string[];
  readonly #files: EvaluationFiles;
  readonly #rules: ScoreRules;
  #set: HeldOutSet | null = null;

  constructor(heldOut: readonly string[], files: EvaluationFiles, rules: ScoreRules) {
    this.#heldOut = heldOut;
    this.#files = files;
    this.#rules = rules;
  }

  /** Mean loss per pair of the lines held out. */
  heldOutLoss({ words, counts, dim, input, output }: ScoredModel): number | null {
    this.#set ??= this.#prepare(words, counts);
    const { loss } = this.#set.score({ dim, input, output });
    return loss !== null && Number.isFinite(loss) ? loss : null;
  }

  /** What a curve shows; analogies only when questions are given. */
  goodness(model: ScoredModel, questions: readonly QuestionSection[] | null): Goodness {
    const heldOutLoss = this.heldOutLoss(model);
    if (questions === null) return { heldOutLoss };
    const { words, dim, input } = model;
    return { heldOutLoss, accuracy: scoreAnalogies({ words, dim, values: input }, questions).total.accuracy };
  }

  #prepare(words: readonly string[], counts: Float64Array): HeldOutSet {
    const ids = new Map(words.map((word, id) => [word, id]));
    const sentences = this.#heldOut.map((line) => knownIds(line.split(' '), ids));
    const { hs, ...rest } = this.#rules;
    const rules = { ...rest, seed: HELD_OUT_SEED, paths: hs ? buildHuffman(counts) : null };
    return new HeldOutSet(sentences, counts, rules);
  }

  async score(model: ScoredModel): Promise<Scores> {
    const { words, dim, input } = model;
    const { analogies, similarity } = await evaluateModel({ words, dim, values: input }, this.#files);
    const total = analogies?.total;
    return {
      heldOutLoss: this.heldOutLoss(model),
      analogies: total === undefined ? null : { correct: total.correct, asked: total.asked, accuracy: total.accuracy },
      similarity: similarity.map(({ file, rho, found }) => ({ file, rho, found })),
      words: words.length,
    };
  }
}
