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

/** Where arrays for pairs come from: memory that is used again, or new. */
export interface PairRoom {
  /** An array with `length` numbers, whatever they are. */
  take(length: number): Uint32Array<ArrayBuffer>;
}

const NEW_ROOM: PairRoom = { take: (length) => new Uint32Array(length) };

/**
 * Collects an episode sentence by sentence. Its pairs take ten times the memory of the tokens that they are made from:
 * only tokens are kept, and the pairs are gone through twice, to be counted and to be put where they belong.
 */
export class PairCollector {
  readonly #rules: PairRules;
  readonly #room: PairRoom;
  /** Tokens that subsampling kept, and how far the window of each reaches. Shape (at least `#kept`). */
  #ids = new Uint32Array(1 << 14);
  #reach = new Uint8Array(1 << 14);
  /** Where each sentence ends, in tokens. Shape (at least `#sentences`). */
  #ends = new Uint32Array(1 << 10);
  #kept = 0;
  #sentences = 0;
  #pairs = 0;
  /** Corpus positions of the open sentence's tokens. */
  readonly #position = new Float64Array(SENTENCE_TOKENS);
  /** Tokens of the open sentence. */
  #length = 0;
  /** Of subsampling, for the tokens of an epoch whose numbers have the same upper 32 bits. */
  readonly #key = { epoch: -1, upper: 0, value: 0 };

  /** @param rules a window of at most 255 @param room for what `bucket` answers */
  constructor(rules: PairRules, room: PairRoom = NEW_ROOM) {
    this.#rules = rules;
    this.#room = room;
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
    if (this.#kept === this.#ids.length) {
      this.#ids = grown(this.#ids, new Uint32Array(2 * this.#kept));
      this.#reach = grown(this.#reach, new Uint8Array(2 * this.#kept));
    }
    this.#ids[this.#kept++] = id;
    this.#position[this.#length++] = position;
    if (this.#length < SENTENCE_TOKENS) return false;
    this.endSentence(epoch);
    return true;
  }

  /** Closes the sentence: each context word's input row against the centre's output row, as word2vec.c trains. */
  endSentence(epoch: number): void {
    const length = this.#length;
    if (length === 0) return;
    const { seed, window } = this.#rules;
    const key = streamKey(seed, STREAM.window, epoch);
    const start = this.#kept - length;
    let pairs = this.#pairs;
    for (let at = 0; at < length; at++) {
      const reach = window - below(hashAt(key, this.#position[at]!), window);
      this.#reach[start + at] = reach;
      pairs += Math.min(reach, at) + Math.min(reach, length - 1 - at);
    }
    this.#pairs = pairs;
    this.#length = 0;
    if (this.#sentences === this.#ends.length) this.#ends = grown(this.#ends, new Uint32Array(2 * this.#sentences));
    this.#ends[this.#sentences++] = this.#kept;
  }

  /**
   * Makes the pairs sorted by block, shuffles each block, and starts afresh. The open sentence must be closed.
   * @throws Word2vecError CBOW_PARTS for CBOW in more than one part
   */
  bucket(tables: GridTables, episode: number): BlockPairs {
    const bucketed = this.#rules.objective.model === 'cbow' ? this.#bags(tables) : this.#blocks(tables);
    if (this.#rules.order === 'shuffled') this.#shuffle(bucketed, episode);
    this.#pairs = 0;
    this.#kept = 0;
    this.#sentences = 0;
    return bucketed;
  }

  /** Every pair once for each target of its centre. */
  #blocks({ input, targets }: GridTables): BlockPairs {
    const { count: parts, partOf, localOf } = input;
    const { start, part, value } = targets;
    const offsets = this.#blockOffsets(input, targets);
    const cursor = offsets.slice();
    const inputs = this.#room.take(offsets[parts * parts]!);
    const outputs = this.#room.take(inputs.length);
    const ids = this.#ids;
    const reaches = this.#reach;
    let centre = 0;
    for (let sentence = 0; sentence < this.#sentences; sentence++) {
      const first = centre;
      const last = this.#ends[sentence]! - 1;
      for (; centre <= last; centre++) {
        const reach = reaches[centre]!;
        const from = start[ids[centre]!]!;
        const to = start[ids[centre]! + 1]!;
        const end = Math.min(last, centre + reach);
        for (let context = Math.max(first, centre - reach); context <= end; context++) {
          if (context === centre) continue;
          const row = partOf[ids[context]!]! * parts;
          const rank = localOf[ids[context]!]!;
          for (let at = from; at < to; at++) {
            const place = cursor[row + part[at]!]!++;
            inputs[place] = rank;
            outputs[place] = value[at]!;
          }
        }
      }
    }
    return { inputs, outputs, offsets };
  }

  /** `BlockPairs.offsets`. */
  #blockOffsets({ count: parts, partOf }: GridTables['input'], { start, part }: GridTables['targets']) {
    const offsets = new Uint32Array(parts * parts + 1);
    const ids = this.#ids;
    const reaches = this.#reach;
    let centre = 0;
    for (let sentence = 0; sentence < this.#sentences; sentence++) {
      const first = centre;
      const last = this.#ends[sentence]! - 1;
      for (; centre <= last; centre++) {
        const reach = reaches[centre]!;
        const from = start[ids[centre]!]!;
        const to = start[ids[centre]! + 1]!;
        const end = Math.min(last, centre + reach);
        for (let context = Math.max(first, centre - reach); context <= end; context++) {
          if (context === centre) continue;
          const row = partOf[ids[context]!]! * parts + 1;
          for (let at = from; at < to; at++) offsets[row + part[at]!]!++;
        }
      }
    }
    for (let block = 0; block < parts * parts; block++) offsets[block + 1]! += offsets[block]!;
    return offsets;
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
    const { chunkPairs } = this.#rules;
    const inputs = this.#room.take(this.#pairs);
    const outputs = this.#room.take(this.#pairs);
    let place = 0;
    let centre = 0;
    for (let sentence = 0; sentence < this.#sentences; sentence++) {
      const first = centre;
      const last = this.#ends[sentence]! - 1;
      for (; centre <= last; centre++) {
        const reach = this.#reach[centre]!;
        const end = Math.min(last, centre + reach);
        let begun = false;
        for (let context = Math.max(first, centre - reach); context <= end; context++) {
          if (context === centre) continue;
          inputs[place] = this.#ids[context]!;
          outputs[place] = begun && place % chunkPairs !== 0 ? CONTINUES : this.#ids[centre]!;
          place++;
          begun = true;
        }
      }
    }
    return { inputs, outputs, offsets: Uint32Array.of(0, place) };
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

function grown<Numbers extends Uint8Array | Uint32Array>(old: Numbers, room: Numbers): Numbers {
  room.set(old);
  return room;
}

function swap(values: Uint32Array, a: number, b: number): void {
  const held = values[a]!;
  values[a] = values[b]!;
  values[b] = held;
}
