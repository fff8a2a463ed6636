// What both sides derive from counts, seed and objective for a grid of P × P blocks: parts, targets, noise tables, shares.
import type { HuffmanTree } from './huffman.ts';
import { buildHuffman } from './huffman.ts';
import type { DrawTable } from './noise.ts';
import { drawTable, noiseShares, partNoise } from './noise.ts';
import type { Objective } from './objective.ts';
import type { Parts } from './parts.ts';
import { dealParts } from './parts.ts';
import { keptCounts } from './vocabulary.ts';

/** What the tables of every P are made from. */
interface GridBasis {
  /** Occurrences of each word in one epoch, descending. Shape (V). */
  readonly counts: Float64Array;
  /** Expected dot products of each row with positives or labelled targets. Shape (V), as the next. */
  readonly inputWeights: Float64Array;
  readonly outputWeights: Float64Array;
  /** Of hierarchical softmax; null with negative sampling. */
  readonly tree: HuffmanTree | null;
  readonly seed: number;
}

/** Output rows that a pair with centre w trains: at [start[w], start[w + 1]) of the other two. */
interface Targets {
  /** Shape (V + 1). */
  readonly start: Uint32Array;
  /** Output part of the target. */
  readonly part: Uint16Array;
  /** As in `BlockPairs.outputs`: the rank in the part; of a labelled target 2 · rank + label. */
  readonly value: Uint32Array;
}

/** The tables of one P. Noise tables and targets are made when first asked for. */
export class GridTables {
  readonly input: Parts;
  /** Under hierarchical softmax the rows are the tree's nodes; the last row of the matrix is dealt too, and unused. */
  readonly output: Parts;
  readonly #basis: GridBasis;
  readonly #noise = new Map<number, DrawTable>();
  #targets: Targets | undefined;
  #shares: Float64Array | undefined;

  constructor(basis: GridBasis, parts: number) {
    this.#basis = basis;
    this.input = dealParts(basis.inputWeights, parts, basis.seed, 'input');
    this.output = dealParts(basis.outputWeights, parts, basis.seed, 'output');
  }

  /** Q_j. Shape (P). Without meaning under hierarchical softmax, as `noise`: nothing is drawn there. */
  get shares(): Float64Array {
    return (this.#shares ??= noiseShares(this.#basis.counts, this.output.members));
  }

  /** Draws from output part `part` by count^0.75. */
  noise(part: number): DrawTable {
    let table = this.#noise.get(part);
    if (table === undefined) {
      table = drawTable(partNoise(this.#basis.counts, this.output.members[part]!));
      this.#noise.set(part, table);
    }
    return table;
  }

  get targets(): Targets {
    return (this.#targets ??= this.#makeTargets());
  }

  #makeTargets(): Targets {
    const { partOf, localOf } = this.output;
    const { tree, counts } = this.#basis;
    if (tree === null) {
      return {
        start: Uint32Array.from({ length: counts.length + 1 }, (_, word) => word),
        part: partOf,
        value: localOf,
      };
    }
    const { start, path, codes } = tree;
    const part = new Uint16Array(path.length);
    const value = new Uint32Array(path.length);
    for (let at = 0; at < path.length; at++) {
      part[at] = partOf[path[at]!]!;
      value[at] = localOf[path[at]!]! * 2 + 1 - codes[at]!;
    }
    return { start, part, value };
  }
}

/** Keeps the tables of the few values of P that are in use at once. */
export class GridTablesCache {
  readonly objective: Objective;
  /**
   * Targets of a pair on average: 1, or the mean length of a path. By so much the pairs of an episode, and with them
   * its memory and the dot products of a block, are more than those of skip-gram's positives.
   */
  readonly targetsPerPair: number;
  readonly #basis: GridBasis;
  readonly #tables = new Map<number, GridTables>();

  /**
   * @param sample subsampling threshold s; with the counts it gives the weights that parts are balanced by
   * @throws Word2vecError HUFFMAN_COUNTS, HUFFMAN_DEPTH under hierarchical softmax
   */
  constructor(counts: Float64Array, sample: number, seed: number, objective: Objective) {
    this.objective = objective;
    const weights = keptCounts(counts, sample);
    const tree = objective.hs ? buildHuffman(counts) : null;
    const outputWeights = tree === null ? weights : nodeWeights(tree, weights);
    this.targetsPerPair = sum(outputWeights) / sum(weights);
    this.#basis = { counts, inputWeights: weights, outputWeights, tree, seed };
  }

  of(parts: number): GridTables {
    let tables = this.#tables.get(parts);
    if (tables === undefined) {
      tables = new GridTables(this.#basis, parts);
      // Two episodes overlap at most; a third entry spares a rebuild when P swings back.
      if (this.#tables.size >= 3) this.#tables.delete(this.#tables.keys().next().value!);
      this.#tables.set(parts, tables);
    }
    return tables;
  }
}

/** Summed weights of the words below each node; 0 for the output matrix's unused last row. Shape (V). */
function nodeWeights(tree: HuffmanTree, weights: Float64Array): Float64Array {
  const nodes = new Float64Array(weights.length);
  for (let word = 0; word < weights.length; word++) {
    for (let at = tree.start[word]!; at < tree.start[word + 1]!; at++) nodes[tree.path[at]!]! += weights[word]!;
  }
  return nodes;
}

function sum(values: Float64Array): number {
  return values.reduce((total, value) => total + value, 0);
}
