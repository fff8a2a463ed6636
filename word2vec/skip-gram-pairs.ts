// Pairs of a token stream: subsampling, window shrinking, and bucketing into the blocks of a grid.
import { Word2vecError } from './errors.ts';
import type { GridTables } from './grid-tables.ts';
import { CONTINUES, type Objective } from './objective.ts';
import { below, hashAt, STREAM, streamKey } from './random.ts';

/** Tokens of a sentence after subsampling, at most: word2vec.c MAX_SENTENCE_LENGTH. */
export const SENTENCE_TOKENS = 1000;

/** The pairs of one episode, sorted by block. */
export interface BlockPairs {
  /** Rank in its input part of each pair's input row. Shape (pairs). */
  readonly inputs: Uint32Array<ArrayBuffer>;
  /**
   * Rank in its output part of each pair's output row; under hierarchical softmax 2 · rank + label, a pair for each
   * node of the centre's path; in CBOW CONTINUES for all contexts of a bag but the first. Shape (pairs).
   */
  readonly outputs: Uint32Array<ArrayBuffer>;
  /** Block b = i·P + j holds pairs [offsets[b], offsets[b+1]). Shape (P² + 1). */
  readonly offsets: Uint32Array<ArrayBuffer>;
}

export interface PairRules {
  readonly seed: number;
  /** W: contexts on each side, at most. */
  readonly window: number;
  /** Per id, the bound below which a hash keeps the token (vocabulary.ts, keepBounds). */
  readonly keep: Float64Array;
  readonly objective: Objective;
  /** `shuffled` within each block, for the grid; `text`: as the corpus has them, for CBOW and token ranges. */
  readonly order: 'shuffled' | 'text';
  /** Pairs per chunk. A bag of CBOW that a chunk's end would cut becomes two bags with the same centre. */
  readonly chunkPairs: number;
}

/** Collects the pairs of an episode, sentence by sentence. */
export class PairCollector {
  readonly #rules: PairRules;
  #inputs = new Uint32Array(1 << 16);
  #outputs = new Uint32Array(1 << 16);
  #pairs = 0;
  /** Kept tokens of the open sentence, and the corpus position of each. */
  readonly #sentence = new Uint32Array(SENTENCE_TOKENS);
  readonly #position = new Float64Array(SENTENCE_TOKENS);
  #length = 0;
  #kept = 0;
  /** Of subsampling, for the tokens of an epoch whose numbers have the same upper 32 bits. */
  readonly #key = { epoch: -1, upper: 0, value: 0 };

  constructor(rules: PairRules) {
    this.#rules = rules;
  }

  get pairs(): number {
    return this.#pairs;
  }

  /** Tokens that subsampling kept. */
  get kept(): number {
    return this.#kept;
  }

  /**
   * Adds one in-vocabulary token, number `position` of epoch `epoch`. Answers true when it filled the sentence,
   * which is then closed.
   */
  add(id: number, epoch: number, position: number): boolean {
    const key = this.#key;
    const upper = Math.floor(position / 4294967296);
    if (key.epoch !== epoch || key.upper !== upper) {
      key.epoch = epoch;
      key.upper = upper;
      key.value = streamKey(this.#rules.seed, STREAM.subsample, epoch, upper);
    }
    if (hashAt(key.value, position) >= this.#rules.keep[id]!) return false;
    this.#sentence[this.#length] = id;
    this.#position[this.#length++] = position;
    this.#kept++;
    if (this.#length < SENTENCE_TOKENS) return false;
    this.endSentence(epoch);
    return true;
  }

  /** Closes the sentence: each context word's input row against the centre's output row, as word2vec.c trains. */
  endSentence(epoch: number): void {
    const { seed, window, objective, chunkPairs } = this.#rules;
    const bags = objective.model === 'cbow';
    const length = this.#length;
    if (length === 0) return;
    const key = streamKey(seed, STREAM.window, epoch);
    this.#reserve(length * 2 * window);
    const inputs = this.#inputs;
    const outputs = this.#outputs;
    const sentence = this.#sentence;
    let pairs = this.#pairs;
    for (let centre = 0; centre < length; centre++) {
      const reach = window - below(hashAt(key, this.#position[centre]!), window);
      const end = Math.min(length - 1, centre + reach);
      let first = true;
      for (let context = Math.max(0, centre - reach); context <= end; context++) {
        if (context === centre) continue;
        inputs[pairs] = sentence[context]!;
        const continues = bags && !first && pairs % chunkPairs !== 0;
        outputs[pairs++] = continues ? CONTINUES : sentence[centre]!;
        first = false;
      }
    }
    this.#pairs = pairs;
    this.#length = 0;
  }

  #reserve(more: number): void {
    if (this.#pairs + more <= this.#inputs.length) return;
    const size = Math.max(this.#pairs + more, this.#inputs.length * 2);
    this.#inputs = copied(this.#inputs, size);
    this.#outputs = copied(this.#outputs, size);
  }

  /**
   * Sorts the collected pairs by block, shuffles each block, and starts afresh. The open sentence must be closed.
   * @throws Word2vecError CBOW_PARTS for CBOW in more than one part
   */
  bucket(tables: GridTables, episode: number): BlockPairs {
    const bucketed = this.#rules.objective.model === 'cbow' ? this.#bags(tables) : this.#blocks(tables);
    if (this.#rules.order === 'shuffled') this.#shuffle(bucketed, episode);
    this.#pairs = 0;
    this.#kept = 0;
    return bucketed;
  }

  /** Every pair once for each target of its centre. */
  #blocks({ input, targets }: GridTables): BlockPairs {
    const { count: parts, partOf, localOf } = input;
    const { start, part, value } = targets;
    const pairs = this.#pairs;
    const contexts = this.#inputs;
    const centres = this.#outputs;
    const offsets = new Uint32Array(parts * parts + 1);
    for (let k = 0; k < pairs; k++) {
      const row = partOf[contexts[k]!]! * parts + 1;
      const centre = centres[k]!;
      const end = start[centre + 1]!;
      for (let at = start[centre]!; at < end; at++) offsets[row + part[at]!]!++;
    }
    for (let block = 0; block < parts * parts; block++) offsets[block + 1]! += offsets[block]!;
    const cursor = offsets.slice();
    const inputs = new Uint32Array(offsets[parts * parts]!);
    const outputs = new Uint32Array(inputs.length);
    for (let k = 0; k < pairs; k++) {
      const context = contexts[k]!;
      const row = partOf[context]! * parts;
      const rank = localOf[context]!;
      const centre = centres[k]!;
      const end = start[centre + 1]!;
      for (let at = start[centre]!; at < end; at++) {
        const to = cursor[row + part[at]!]!++;
        inputs[to] = rank;
        outputs[to] = value[at]!;
      }
    }
    return { inputs, outputs, offsets };
  }

  /** In one part a row's rank is its id. */
  #bags({ input }: GridTables): BlockPairs {
    if (input.count !== 1 || this.#rules.order !== 'text') {
      throw new Word2vecError(
        'CBOW_PARTS',
        `the contexts of a bag lie in one block, in order: not in ${input.count} parts ${this.#rules.order}`,
        'Train CBOW in one part and in the order of the text.',
      );
    }
    const inputs = this.#inputs.slice(0, this.#pairs);
    return { inputs, outputs: this.#outputs.slice(0, this.#pairs), offsets: Uint32Array.of(0, this.#pairs) };
  }

  #shuffle({ inputs, outputs, offsets }: BlockPairs, episode: number): void {
    for (let block = 0; block + 1 < offsets.length; block++) {
      const key = streamKey(this.#rules.seed, STREAM.shuffle, episode, block);
      const start = offsets[block]!;
      for (let k = offsets[block + 1]! - 1; k > start; k--) {
        const other = start + below(hashAt(key, k - start), k - start + 1);
        swap(inputs, k, other);
        swap(outputs, k, other);
      }
    }
  }
}

function copied(old: Uint32Array, size: number): Uint32Array<ArrayBuffer> {
  const next = new Uint32Array(size);
  next.set(old);
  return next;
}

function swap(values: Uint32Array, a: number, b: number): void {
  const held = values[a]!;
  values[a] = values[b]!;
  values[b] = held;
}
