// Skip-gram pairs of a token stream: subsampling, window shrinking, and bucketing into the blocks of a grid.
import type { GridTables } from './grid-tables.ts';
import { below, hashAt, STREAM, streamKey } from './random.ts';

/** Tokens of a sentence after subsampling, at most: word2vec.c MAX_SENTENCE_LENGTH. */
export const SENTENCE_TOKENS = 1000;

/** The pairs of one episode, sorted by block. */
export interface BlockPairs {
  /** Rank in its input part of each pair's input row. Shape (pairs). */
  readonly inputs: Uint32Array<ArrayBuffer>;
  /** Rank in its output part of each pair's output row. Shape (pairs). */
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
    const { seed, keep } = this.#rules;
    if (hashAt(streamKey(seed, STREAM.subsample, epoch, Math.floor(position / 4294967296)), position) >= keep[id]!)
      return false;
    this.#sentence[this.#length] = id;
    this.#position[this.#length++] = position;
    this.#kept++;
    if (this.#length < SENTENCE_TOKENS) return false;
    this.endSentence(epoch);
    return true;
  }

  /** Closes the sentence: each context word's input row against the centre's output row, as word2vec.c trains. */
  endSentence(epoch: number): void {
    const { seed, window } = this.#rules;
    const length = this.#length;
    const key = streamKey(seed, STREAM.window, epoch);
    this.#reserve(length * 2 * window);
    for (let centre = 0; centre < length; centre++) {
      const reach = window - below(hashAt(key, this.#position[centre]!), window);
      const end = Math.min(length - 1, centre + reach);
      for (let context = Math.max(0, centre - reach); context <= end; context++) {
        if (context === centre) continue;
        this.#inputs[this.#pairs] = this.#sentence[context]!;
        this.#outputs[this.#pairs++] = this.#sentence[centre]!;
      }
    }
    this.#length = 0;
  }

  #reserve(more: number): void {
    if (this.#pairs + more <= this.#inputs.length) return;
    const size = Math.max(this.#pairs + more, this.#inputs.length * 2);
    this.#inputs = copied(this.#inputs, size);
    this.#outputs = copied(this.#outputs, size);
  }

  /** Sorts the collected pairs by block, shuffles each block, and starts afresh. The open sentence must be closed. */
  bucket(tables: GridTables, episode: number): BlockPairs {
    const { input, output } = tables;
    const parts = input.count;
    const pairs = this.#pairs;
    const offsets = new Uint32Array(parts * parts + 1);
    for (let k = 0; k < pairs; k++) {
      offsets[input.partOf[this.#inputs[k]!]! * parts + output.partOf[this.#outputs[k]!]! + 1]!++;
    }
    for (let block = 0; block < parts * parts; block++) offsets[block + 1]! += offsets[block]!;
    const cursor = offsets.slice();
    const inputs = new Uint32Array(pairs);
    const outputs = new Uint32Array(pairs);
    for (let k = 0; k < pairs; k++) {
      const x = this.#inputs[k]!;
      const u = this.#outputs[k]!;
      const at = cursor[input.partOf[x]! * parts + output.partOf[u]!]!++;
      inputs[at] = input.localOf[x]!;
      outputs[at] = output.localOf[u]!;
    }
    for (let block = 0; block < parts * parts; block++) {
      const key = streamKey(this.#rules.seed, STREAM.shuffle, episode, block);
      const start = offsets[block]!;
      for (let k = offsets[block + 1]! - 1; k > start; k--) {
        const other = start + below(hashAt(key, k - start), k - start + 1);
        swap(inputs, k, other);
        swap(outputs, k, other);
      }
    }
    this.#pairs = 0;
    this.#kept = 0;
    return { inputs, outputs, offsets };
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
