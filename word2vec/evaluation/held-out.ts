// The loss of sentences that were left out of training: the same pairs and negatives whoever is measured.

import { Word2vecError } from '../errors.ts';
import type { HuffmanTree } from '../huffman.ts';
import type { DrawTable } from '../noise.ts';
import { draw, drawTable, noiseWeight } from '../noise.ts';
import { below, hashAt, STREAM, streamKey } from '../random.ts';
import { keepBounds } from '../vocabulary.ts';

/** Word w's nodes and turns from the root; a node is a row of the output matrix. */
export type CodePaths = Pick<HuffmanTree, 'start' | 'path' | 'codes'>;

export interface HeldOutRules {
  readonly window: number; // W: the reach is drawn from 1..W for each centre
  readonly negative: number; // K: draws per pair; unused with paths
  readonly sample: number; // the training's threshold: what it would rarely see weighs as little here
  /** Of the measurement, not of the training: runs measured with one seed can be compared. */
  readonly seed: number;
  readonly model: 'skipgram' | 'cbow';
  /** Hierarchical softmax instead of negative samples; null for negative sampling. */
  readonly paths: CodePaths | null;
}

/** Two row-major matrices of rows of `dim` values. */
export interface HeldOutModel {
  readonly dim: number; // D
  readonly input: Float32Array; // (V, D)
  readonly output: Float32Array; // (V, D)
}

export interface HeldOutLoss {
  /** Mean over the pairs (CBOW: the bags) of the sum of -ln σ(±x·u) over their targets; null without any pair. */
  readonly loss: number | null;
  /** What a model of zeros has: ln 2 a target. With K negatives that is nearly (1 + K) ln 2. */
  readonly untrained: number | null;
  readonly pairs: number;
}

/** word2vec.c's MAX_SENTENCE_LENGTH. */
const SENTENCE_TOKENS = 1000;
/** Streams of the measurement, within STREAM.heldOut. */
const KEEP = 0;
const REACH = 1;
const NEGATIVES = 2;
/** Below it ln(1 + e^-x) is -x in double precision, and e^-x may leave it. */
const LINEAR_BELOW = -36;

/**
 * Sentences made ready to be scored again and again: subsampled once, reaches drawn once. Per pair it is the loss that
 * Mikolov et al. 2013 train (equation 4), natural logarithm, without word2vec.c's cut at ±6, which would hide how
 * wrong a sure answer is. A negative that is the centre itself is left out, as word2vec.c does.
 */
export class HeldOutSet {
  readonly #rules: HeldOutRules;
  readonly #noise: DrawTable;
  /** Kept tokens; contexts of token t are those of [from[t], to[t]) except t. Shape (kept). */
  readonly #ids: Uint32Array;
  readonly #from: Uint32Array;
  readonly #to: Uint32Array;

  /**
   * @param sentences of word ids; no pair crosses from one to the next
   * @param counts of each word in one epoch of the corpus. Shape (V)
   * @throws Word2vecError HELD_OUT_WORD for an id without a count
   */
  constructor(sentences: Iterable<ArrayLike<number>>, counts: Float64Array, rules: HeldOutRules) {
    this.#rules = rules;
    this.#noise = drawTable(counts.map(noiseWeight));
    const total = counts.reduce((sum, count) => sum + count, 0);
    const keep = keepBounds({ counts, total }, rules.sample);
    const keepKey = streamKey(rules.seed, STREAM.heldOut, KEEP);
    const ids: number[] = [];
    const starts: number[] = [];
    let position = 0;
    for (const sentence of sentences) {
      starts.push(ids.length);
      for (let at = 0; at < sentence.length; at++) {
        const id = sentence[at]!;
        if (!(id >= 0 && id < counts.length))
          throw new Word2vecError('HELD_OUT_WORD', `word id ${id} is outside the ${counts.length} counted words`);
        if (hashAt(keepKey, position++) >= keep[id]!) continue;
        if (ids.length === starts.at(-1)! + SENTENCE_TOKENS) starts.push(ids.length);
        ids.push(id);
      }
    }
    starts.push(ids.length);
    this.#ids = Uint32Array.from(ids);
    this.#from = new Uint32Array(ids.length);
    this.#to = new Uint32Array(ids.length);
    const reachKey = streamKey(rules.seed, STREAM.heldOut, REACH);
    for (let s = 1; s < starts.length; s++) {
      const [first, end] = [starts[s - 1]!, starts[s]!];
      for (let at = first; at < end; at++) {
        const reach = rules.window - below(hashAt(reachKey, at), rules.window);
        this.#from[at] = Math.max(first, at - reach);
        this.#to[at] = Math.min(end, at + reach + 1);
      }
    }
  }

  /** Tokens that subsampling kept. */
  get tokens(): number {
    return this.#ids.length;
  }

  /**
   * Scores a model, giving way after every `tokens` centres, so that a measurement can be spread over time. What
   * changes in the model meanwhile is seen by the centres that follow.
   */
  *steps(model: HeldOutModel, tokens: number): Generator<undefined, HeldOutLoss> {
    const cbow = this.#rules.model === 'cbow';
    const scorer = new TargetScorer(model, this.#rules, this.#noise);
    const { dim, input } = model;
    const mean = new Float32Array(dim);
    for (let at = 0; at < this.#ids.length; at++) {
      if (at > 0 && at % tokens === 0) yield;
      const [from, to, centre] = [this.#from[at]!, this.#to[at]!, this.#ids[at]!];
      if (!cbow) {
        for (let context = from; context < to; context++)
          if (context !== at) scorer.add(input, this.#ids[context]! * dim, centre);
        continue;
      }
      if (to - from < 2) continue;
      mean.fill(0);
      for (let context = from; context < to; context++) {
        if (context === at) continue;
        const row = this.#ids[context]! * dim;
        for (let d = 0; d < dim; d++) mean[d]! += input[row + d]!;
      }
      for (let d = 0; d < dim; d++) mean[d]! /= to - from - 1;
      scorer.add(mean, 0, centre);
    }
    return scorer.result;
  }

  /** Scores a model at one go. */
  score(model: HeldOutModel): HeldOutLoss {
    const steps = this.steps(model, Number.MAX_SAFE_INTEGER);
    for (;;) {
      const step = steps.next();
      if (step.done === true) return step.value;
    }
  }
}

/** Sums the losses of one vector after the other against its centre and what the centre is told from. */
class TargetScorer {
  readonly #output: Float32Array;
  readonly #dim: number;
  readonly #paths: CodePaths | null;
  readonly #negative: number;
  readonly #noise: DrawTable;
  readonly #key: number;
  #pairs = 0;
  #targets = 0;
  #sum = 0;

  constructor({ output, dim }: HeldOutModel, { negative, seed, paths }: HeldOutRules, noise: DrawTable) {
    this.#output = output;
    this.#dim = dim;
    this.#paths = paths;
    this.#negative = negative;
    this.#noise = noise;
    this.#key = streamKey(seed, STREAM.heldOut, NEGATIVES);
  }

  /** @param at where in `rows` the vector begins */
  add(rows: Float32Array, at: number, centre: number): void {
    if (this.#paths === null) {
      const draws = this.#pairs * this.#negative;
      this.#target(rows, at, centre, 1);
      for (let k = 0; k < this.#negative; k++) {
        const word = draw(this.#noise, hashAt(this.#key, draws + k));
        if (word !== centre) this.#target(rows, at, word, -1);
      }
    } else {
      const { start, path, codes } = this.#paths;
      for (let k = start[centre]!; k < start[centre + 1]!; k++)
        this.#target(rows, at, path[k]!, codes[k] === 0 ? 1 : -1);
    }
    this.#pairs++;
  }

  #target(rows: Float32Array, at: number, row: number, sign: 1 | -1): void {
    const dim = this.#dim;
    const output = this.#output;
    const to = row * dim;
    let dot = 0;
    for (let d = 0; d < dim; d++) dot += rows[at + d]! * output[to + d]!;
    dot *= sign;
    this.#sum += dot < LINEAR_BELOW ? -dot : Math.log1p(Math.exp(-dot));
    this.#targets++;
  }

  get result(): HeldOutLoss {
    const pairs = this.#pairs;
    if (pairs === 0) return { loss: null, untrained: null, pairs };
    return { loss: this.#sum / pairs, untrained: (this.#targets * Math.LN2) / pairs, pairs };
  }
}
