// An episode in memory: its pairs by block, and what the negatives' correction needs of their counts.
import type { DrawTable } from '../../word2vec/noise.ts';
import { drawTable } from '../../word2vec/noise.ts';
import { loneInputs } from '../../word2vec/lone-inputs.ts';
import { MAX_NEGATIVES } from '../../word2vec/plan.ts';
import type { BlockPairs } from '../../word2vec/skip-gram-pairs.ts';

/** Where reading continues; enough to start again at an episode's first token. */
export interface CorpusPosition {
  readonly epoch: number;
  readonly split: number;
  /** Lines of the split already consumed. */
  readonly line: number;
  /** In-vocabulary tokens of the next line already consumed. */
  readonly token: number;
  /** In-vocabulary tokens before this position, over all epochs; of each at most as many as were counted. */
  readonly tokens: number;
  /** In-vocabulary tokens of this epoch before this position that are not in `tokens`: 0 where counts are exact. */
  readonly beyond: number;
}

export interface Episode extends BlockPairs {
  readonly number: number;
  /** P. */
  readonly parts: number;
  readonly from: CorpusPosition;
  readonly to: CorpusPosition;
  /** Tokens that subsampling kept. */
  readonly kept: number;
}

/** Pairs with output part j (n_j) and with input part i (n_i), over the episode. */
export class EpisodeCensus {
  readonly byInputPart: Float64Array;
  readonly byOutputPart: Float64Array;
  readonly #episode: Episode;
  readonly #inputCounts = new Map<number, Uint32Array>();
  readonly #inputTables = new Map<number, DrawTable>();
  /** Of each output part: negative inputs per pair of its blocks, by input part. */
  readonly #loneInputs = new Map<number, Float64Array>();

  constructor(episode: Episode) {
    this.#episode = episode;
    const { parts, offsets } = episode;
    this.byInputPart = new Float64Array(parts);
    this.byOutputPart = new Float64Array(parts);
    for (let block = 0; block < parts * parts; block++) {
      const pairs = offsets[block + 1]! - offsets[block]!;
      this.byInputPart[Math.floor(block / parts)]! += pairs;
      this.byOutputPart[block % parts]! += pairs;
    }
  }

  /** The episode's pairs with each input row of part i, by rank in the part. */
  inputCounts(part: number, size: number): Uint32Array {
    let counts = this.#inputCounts.get(part);
    if (counts === undefined) {
      counts = new Uint32Array(size);
      const { inputs, offsets, parts } = this.#episode;
      for (let at = offsets[part * parts]!; at < offsets[(part + 1) * parts]!; at++) counts[inputs[at]!]!++;
      this.#inputCounts.set(part, counts);
    }
    return counts;
  }

  /** Draws from them. */
  inputTable(part: number, size: number): DrawTable {
    let table = this.#inputTables.get(part);
    if (table === undefined) {
      table = drawTable(Float64Array.from(this.inputCounts(part, size)));
      this.#inputTables.set(part, table);
    }
    return table;
  }

  /**
   * How negatives of block (i, j) are corrected (docs/architecture.md, "Negatives"): up to `coupledParts` parts,
   * K·Q_j·n/n_j draws a pair; beyond, Q_j·n_i/n_ij negative inputs a pair, and what
   * empty and poor blocks of the output part cannot draw. Nothing where nothing is drawn, as in hierarchical softmax. Rates are in 1/65536.
   */
  negatives(
    inputPart: number,
    outputPart: number,
    share: number,
    { negative, coupledParts }: { readonly negative: number; readonly coupledParts: number },
  ): { rule: 'coupled' | 'decoupled'; rate: number } {
    const { parts, inputs, offsets } = this.#episode;
    if (negative === 0) return { rule: 'coupled', rate: 0 };
    if (parts <= coupledParts) {
      const exact = (negative * share * inputs.length) / this.byOutputPart[outputPart]!;
      return { rule: 'coupled', rate: Math.round(Math.min(exact, MAX_NEGATIVES - 1) * 65536) };
    }
    let lone = this.#loneInputs.get(outputPart);
    if (lone === undefined) {
      const pairs = this.byInputPart.map((_, part) => {
        const block = part * parts + outputPart;
        return offsets[block + 1]! - offsets[block]!;
      });
      this.#loneInputs.set(outputPart, (lone = loneInputs(pairs, this.byInputPart, share)));
    }
    return { rule: 'decoupled', rate: Math.round(lone[inputPart]! * 65536) };
  }
}
