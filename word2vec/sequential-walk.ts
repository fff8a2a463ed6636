// word2vec.c's way through a corpus (its TrainModelThread): subsampling, sentences, learning rate and windows.
import { Word2vecError } from './errors.ts';
import type { Draws } from './sequential-draws.ts';
import { SENTENCE_TOKENS } from './skip-gram-pairs.ts';

/**
 * What is learnt: skip-gram with negative sampling, skip-gram with hierarchical softmax alone (word2vec.c's -hs 1
 * -negative 0), or the continuous bag of words with negative sampling.
 */
export type SequentialObjective = 'skipgram' | 'hs' | 'cbow';

export interface SequentialConfig {
  readonly objective: SequentialObjective;
  readonly dim: number; // D
  readonly window: number; // W: the span is drawn from 1..W for each centre
  readonly negative: number; // K: draws per pair, or per bag; hs draws none
  readonly sample: number; // s: subsampling threshold as a share of the corpus; 0 keeps every word
  readonly epochs: number;
  readonly alpha: number; // learning rate at the start; falls linearly to alpha × 1e-4
}

/** One pass over the corpus: sentences of word ids, each id an index into the counts. Called once an epoch. */
export type Sentences = () => Iterable<ArrayLike<number>> | AsyncIterable<ArrayLike<number>>;

/** Trains one position of a sentence: the word at `centre` with those at first..last around it. */
export interface CentreTrainer {
  trainCentre(sentence: Int32Array, first: number, centre: number, last: number, alpha: number): void;
}

/** word2vec.c sets the learning rate anew after this many words. */
const ALPHA_WORDS = 10_000;
const ALPHA_FLOOR = 1e-4;

/**
 * Walks all epochs. `counts[id]` is the word's count in one epoch, so that their sum is the epoch's length.
 * Answers the pairs of centre and context that were trained.
 * @throws Word2vecError REFERENCE_WORD for an id without a count
 */
export async function walkCorpus(
  sentences: Sentences,
  counts: ArrayLike<number>,
  config: SequentialConfig,
  draws: Draws,
  trainer: CentreTrainer,
): Promise<number> {
  const walk = new Walk(counts, config, draws, trainer);
  for (let epoch = 0; epoch < config.epochs; epoch++) {
    for await (const words of sentences()) walk.read(words);
    walk.endEpoch();
  }
  return walk.pairs;
}

class Walk {
  pairs = 0;
  readonly #config: SequentialConfig;
  readonly #draws: Draws;
  readonly #trainer: CentreTrainer;
  readonly #keep: Float64Array; // (V) probability that a word survives subsampling; may exceed 1
  readonly #wordsInRun: number; // of all epochs, before subsampling
  readonly #sentence = new Int32Array(SENTENCE_TOKENS);
  #wordsRead = 0;
  #wordsAtAlpha = 0;
  #alpha: number;

  constructor(counts: ArrayLike<number>, config: SequentialConfig, draws: Draws, trainer: CentreTrainer) {
    this.#config = config;
    this.#draws = draws;
    this.#trainer = trainer;
    this.#alpha = config.alpha;
    const perWord = Float64Array.from(counts);
    const total = perWord.reduce((sum, count) => sum + count, 0);
    const threshold = config.sample * total;
    this.#wordsInRun = total * config.epochs;
    this.#keep = perWord.map((count) => ((Math.sqrt(count / threshold) + 1) * threshold) / count);
  }

  read(words: ArrayLike<number>): void {
    const sentence = this.#sentence;
    const keep = this.#keep;
    const subsampled = this.#config.sample > 0;
    let length = 0;
    this.#updateAlpha();
    for (let i = 0; i < words.length; i++) {
      const word = words[i]!;
      if (!(word >= 0 && word < keep.length))
        throw new Word2vecError('REFERENCE_WORD', `word id ${word} is outside the ${keep.length} counted words`);
      this.#wordsRead++;
      if (subsampled && this.#draws.unit() > keep[word]!) continue;
      sentence[length++] = word;
      if (length < SENTENCE_TOKENS) continue;
      this.#train(length); // what follows is a sentence of its own
      this.#updateAlpha();
      length = 0;
    }
    this.#train(length);
  }

  /** word2vec.c counts the words since it set the learning rate from the epoch's start. */
  endEpoch(): void {
    this.#wordsAtAlpha = this.#wordsRead;
  }

  #train(length: number): void {
    const { window } = this.#config;
    for (let centre = 0; centre < length; centre++) {
      // word2vec.c looks at the words read before each centre; those of this sentence were read with the first.
      if (centre === 1) this.#updateAlpha();
      const span = window - this.#draws.below(window); // uniform over 1..W
      const first = Math.max(0, centre - span);
      const last = Math.min(length - 1, centre + span);
      if (first === last) continue;
      this.#trainer.trainCentre(this.#sentence, first, centre, last, this.#alpha);
      this.pairs += last - first;
    }
  }

  /** Linear in the words read so far, of all epochs, in steps as word2vec.c has them. */
  #updateAlpha(): void {
    if (this.#wordsRead - this.#wordsAtAlpha <= ALPHA_WORDS) return;
    this.#wordsAtAlpha = this.#wordsRead;
    const left = 1 - this.#wordsRead / (this.#wordsInRun + 1);
    this.#alpha = this.#config.alpha * Math.max(left, ALPHA_FLOOR);
  }
}

/** @throws Word2vecError REFERENCE_CONFIG for senseless settings; the message lists all that is wrong */
export function checkSequential(config: SequentialConfig, counts: ArrayLike<number>): void {
  const whole = (value: number, least: number): boolean => Number.isInteger(value) && value >= least;
  const problems = [
    whole(config.dim, 1) ? '' : `dim is ${config.dim}`,
    whole(config.window, 1) ? '' : `window is ${config.window}`,
    whole(config.negative, 0) ? '' : `negative is ${config.negative}`,
    whole(config.epochs, 1) ? '' : `epochs is ${config.epochs}`,
    config.sample >= 0 ? '' : `sample is ${config.sample}`,
    config.alpha > 0 && Number.isFinite(config.alpha) ? '' : `alpha is ${config.alpha}`,
    counts.length >= 2 ? '' : `the vocabulary has ${counts.length} words`,
    Array.from(counts).every((count) => count > 0) ? '' : 'a count is not positive',
  ].filter((problem) => problem !== '');
  if (problems.length > 0) throw new Word2vecError('REFERENCE_CONFIG', problems.join('; '));
}
