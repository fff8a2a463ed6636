// Plain sequential skip-gram with negative sampling, as word2vec.c does it: the oracle of every engine.
//
// One thread, one pair after another, no batches; clear before fast. Where the project's engines differ
// (minibatches, shared negatives, blocks), this is what they are measured against.

import { Word2vecError } from './errors.ts';

export interface ReferenceConfig {
  readonly dim: number; // D
  readonly window: number; // W: the span is drawn from 1..W for each centre
  readonly negative: number; // K: draws per pair
  readonly sample: number; // s: subsampling threshold as a share of the corpus; 0 keeps every word
  readonly epochs: number;
  readonly alpha: number; // learning rate at the start; falls linearly to alpha × 1e-4
}

export interface ReferenceModel {
  readonly input: Float32Array; // (V, D) row-major, word2vec.c's syn0: the word vectors
  readonly output: Float32Array; // (V, D) row-major, word2vec.c's syn1neg
  readonly pairs: number; // pairs trained, all epochs
}

/** One pass over the corpus: sentences of word ids, each id an index into the counts. Called once an epoch. */
export type Sentences = () => Iterable<ArrayLike<number>> | AsyncIterable<ArrayLike<number>>;

/** word2vec.c's MAX_SENTENCE_LENGTH: kept words after which a sentence is cut. */
const SENTENCE_WORDS_MAX = 1000;
/** word2vec.c's MAX_EXP: outside ±6 the sigmoid is taken as 0 or 1. */
const LOGIT_MAX = 6;
/** word2vec.c sets the learning rate anew after this many words. */
const ALPHA_WORDS = 10_000;
const ALPHA_FLOOR = 1e-4;
const NOISE_POWER = 0.75;

/**
 * Trains from `seed`; the same arguments give the same bits. `counts[id]` is the word's count in one epoch.
 * Throws REFERENCE_CONFIG for senseless settings, REFERENCE_WORD for an id without a count.
 */
export async function trainReference(
  sentences: Sentences,
  counts: ArrayLike<number>,
  config: ReferenceConfig,
  seed: number,
): Promise<ReferenceModel> {
  checkConfig(config, counts);
  const trainer = new Trainer(counts, config, seed);
  const sentence = new Int32Array(SENTENCE_WORDS_MAX);
  for (let epoch = 0; epoch < config.epochs; epoch++) {
    for await (const words of sentences()) {
      let length = 0;
      trainer.updateAlpha();
      for (let i = 0; i < words.length; i++) {
        const word = words[i]!;
        if (!(word >= 0 && word < counts.length))
          throw new Word2vecError('REFERENCE_WORD', `word id ${word} is outside the ${counts.length} counted words`);
        if (!trainer.keeps(word)) continue;
        sentence[length++] = word;
        if (length < SENTENCE_WORDS_MAX) continue;
        trainer.trainSentence(sentence, length); // what follows is a sentence of its own
        trainer.updateAlpha();
        length = 0;
      }
      trainer.trainSentence(sentence, length);
    }
  }
  return { input: trainer.input, output: trainer.output, pairs: trainer.pairs };
}

class Trainer {
  readonly input: Float32Array;
  readonly output: Float32Array;
  pairs = 0;
  readonly #config: ReferenceConfig;
  readonly #random: Random;
  readonly #keep: Float64Array; // (V) probability that a word survives subsampling
  readonly #noise: Float64Array; // (V) cumulative counts^0.75; the last is the total
  readonly #wordsInRun: number; // of all epochs, before subsampling
  readonly #inputChange: Float32Array; // (D) word2vec.c's neu1e: the pair's sum, applied after the last draw
  #wordsRead = 0;
  #wordsAtAlpha = 0;
  #alpha: number;

  constructor(counts: ArrayLike<number>, config: ReferenceConfig, seed: number) {
    const { dim, sample } = config;
    const words = counts.length;
    this.#config = config;
    this.#random = new Random(seed);
    this.#alpha = config.alpha;
    this.input = new Float32Array(words * dim);
    this.output = new Float32Array(words * dim);
    for (let i = 0; i < this.input.length; i++) this.input[i] = (this.#random.unit() - 0.5) / dim;
    let total = 0;
    for (let word = 0; word < words; word++) total += counts[word]!;
    this.#wordsInRun = total * config.epochs;
    this.#keep = new Float64Array(words);
    this.#noise = new Float64Array(words);
    let mass = 0;
    for (let word = 0; word < words; word++) {
      const count = counts[word]!;
      const threshold = sample * total;
      this.#keep[word] = sample > 0 ? ((Math.sqrt(count / threshold) + 1) * threshold) / count : 1;
      mass += count ** NOISE_POWER;
      this.#noise[word] = mass;
    }
    this.#inputChange = new Float32Array(dim);
  }

  /** Linear in the words read so far, of all epochs, in steps as word2vec.c has them. */
  updateAlpha(): void {
    if (this.#wordsRead - this.#wordsAtAlpha <= ALPHA_WORDS) return;
    this.#wordsAtAlpha = this.#wordsRead;
    const left = 1 - this.#wordsRead / (this.#wordsInRun + 1);
    this.#alpha = this.#config.alpha * Math.max(left, ALPHA_FLOOR);
  }

  /** Counts a word as read, and says whether it survives subsampling. */
  keeps(word: number): boolean {
    this.#wordsRead++;
    return this.#config.sample <= 0 || this.#random.unit() <= this.#keep[word]!;
  }

  trainSentence(sentence: Int32Array, length: number): void {
    const { window } = this.#config;
    for (let centre = 0; centre < length; centre++) {
      const span = window - this.#random.below(window); // uniform over 1..W
      const last = Math.min(length - 1, centre + span);
      for (let context = Math.max(0, centre - span); context <= last; context++)
        if (context !== centre) this.#trainPair(sentence[context]!, sentence[centre]!);
    }
  }

  /** The context word's input vector learns to tell the centre's output vector from those of drawn words. */
  #trainPair(context: number, centre: number): void {
    const { dim, negative } = this.#config;
    const { input, output } = this;
    const change = this.#inputChange.fill(0);
    const at = context * dim;
    for (let draw = 0; draw <= negative; draw++) {
      const target = draw === 0 ? centre : this.#drawNoise();
      if (draw > 0 && target === centre) continue; // skipped, not drawn again
      const to = target * dim;
      let logit = 0;
      for (let d = 0; d < dim; d++) logit += input[at + d]! * output[to + d]!;
      const step = ((draw === 0 ? 1 : 0) - sigmoid(logit)) * this.#alpha;
      for (let d = 0; d < dim; d++) {
        change[d]! += step * output[to + d]!;
        output[to + d]! += step * input[at + d]!;
      }
    }
    for (let d = 0; d < dim; d++) input[at + d]! += change[d]!;
    this.pairs++;
  }

  /** A word with probability in proportion to counts^0.75: the first whose cumulative mass exceeds the draw. */
  #drawNoise(): number {
    const mass = this.#noise;
    const drawn = this.#random.unit() * mass[mass.length - 1]!;
    let low = 0;
    let high = mass.length - 1;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (mass[middle]! > drawn) high = middle;
      else low = middle + 1;
    }
    return low;
  }
}

function sigmoid(logit: number): number {
  if (logit > LOGIT_MAX) return 1;
  if (logit < -LOGIT_MAX) return 0;
  return 1 / (1 + Math.exp(-logit));
}

/** xoshiro128**: 128 bits of state in place, so that drawing allocates nothing. */
class Random {
  readonly #state = new Int32Array(4);

  constructor(seed: number) {
    let mixed = seed | 0;
    for (let i = 0; i < 4; i++) {
      mixed = (mixed + 0x9e3779b9) | 0; // splitmix32, so that near seeds give unlike states
      let word = Math.imul(mixed ^ (mixed >>> 16), 0x21f0aaad);
      word = Math.imul(word ^ (word >>> 15), 0x735a2d97);
      this.#state[i] = word ^ (word >>> 15);
    }
  }

  /** Uniform in [0, 1). */
  unit(): number {
    return (this.#next() >>> 0) / 2 ** 32;
  }

  /** Uniform over 0..bound-1. */
  below(bound: number): number {
    return Math.floor(this.unit() * bound);
  }

  #next(): number {
    const state = this.#state;
    const second = state[1]!;
    const scrambled = Math.imul(rotated(Math.imul(second, 5), 7), 9);
    state[2]! ^= state[0]!;
    state[3]! ^= second;
    state[1]! ^= state[2]!;
    state[0]! ^= state[3]!;
    state[2]! ^= second << 9;
    state[3] = rotated(state[3]!, 11);
    return scrambled;
  }
}

function rotated(value: number, bits: number): number {
  return (value << bits) | (value >>> (32 - bits));
}

function checkConfig(config: ReferenceConfig, counts: ArrayLike<number>): void {
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
