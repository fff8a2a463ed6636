// What a plan is: the pairs of a lease as minibatches of groups, the exact arithmetic every engine performs.
import type { DrawTable } from './noise.ts';
import type { FlushList } from './row-census.ts';

/** Pairs that share one set of negatives. Sharing among 6 costs no quality, among 32 it does (docs/architecture.md). */
export const GROUP = 6;
/** Bags of CBOW that share one set of negatives. */
export const BAG_GROUP = 6;
/** Marks an empty slot of a group. */
export const ABSENT = 0xffffffff;
/** Set in a slot's target whose label is 0: a node of a Huffman path where it turns the other way. ABSENT goes first. */
export const LABEL_ZERO = 0x80000000;
/** Most negatives a group may share. */
export const MAX_NEGATIVES = 64;

/** What both sides know of a lease before any row value: pure input of `Planner.plan`. */
export interface LeaseShape {
  /** Run seed. */
  readonly seed: number;
  readonly episode: number;
  /** Number of the block in its episode, i·P + j. */
  readonly block: number;
  /** Index in the block of the lease's first chunk; chunks are numbered from 0. */
  readonly firstChunk: number;
  /** Pairs per chunk; the lease's last chunk may be shorter. A multiple of `minibatch`. */
  readonly chunkPairs: number;
  /** Pairs per minibatch. */
  readonly minibatch: number;
  /** Input row of each pair, as its rank in input part i. Shape (n). */
  readonly inputs: Uint32Array;
  /**
   * Target of each pair: the rank in output part j of its output row; labelled, 2 · rank + label; for `planBags`
   * CONTINUES where the pair is a further context of the bag before. Shape (n).
   */
  readonly outputs: Uint32Array;
  /** `positive`: every target's label is 1. `labelled`: nodes of Huffman paths, each with its label. */
  readonly targets: 'positive' | 'labelled';
  readonly inputPartSize: number;
  readonly outputPartSize: number;
  /** Draws from output part j by count^0.75. */
  readonly noise: DrawTable;
  readonly negatives: NegativeRule;
}

/**
 * `none`: hierarchical softmax draws nothing. Otherwise how negatives are corrected so that every output row gets its due (docs/architecture.md, "Negatives").
 * `coupled`: each group of pairs shares `rate`/65536 draws on average, K·Q_j·n/n_j.
 * `decoupled`: positives stand alone; per positive, `rate`/65536 negative inputs, Q_j·n_i/n_ij, are drawn from the
 * episode's inputs of part i and meet K draws.
 */
export type NegativeRule =
  | { readonly kind: 'none' }
  | { readonly kind: 'coupled'; readonly rate: number }
  | { readonly kind: 'decoupled'; readonly rate: number; readonly draws: number; readonly inputs: DrawTable };

/** What every plan says of the rows, renumbered 0..R-1 by ascending rank in their part. */
export interface RowPlan {
  /** Rank in the part of each touched row, ascending. */
  readonly inputIds: Uint32Array;
  readonly outputIds: Uint32Array;
  /** Dot products each touched row takes part in, over the whole lease. */
  readonly inputHits: Uint32Array;
  readonly outputHits: Uint32Array;
  readonly minibatches: number;
  readonly inputFlush: FlushList;
  readonly outputFlush: FlushList;
  /** Dot products with targets, of label 1 or 0. */
  readonly positiveDots: number;
  readonly negativeDots: number;
}

/** Groups of slots that share their negatives, in minibatches. */
export interface GroupPlan {
  /** `labelled`: a target beyond ±SATURATION teaches nothing, as in word2vec.c; its loss counts all the same. */
  readonly targets: LeaseShape['targets'];
  readonly groups: number;
  /**
   * Renumbered output row of each slot, with LABEL_ZERO set where its label is 0 instead of 1; or ABSENT for a slot
   * that has negatives only. Whether slot 0 is absent says it of the whole group. Shape (groups, GROUP).
   */
  readonly groupOutputs: Uint32Array;
  /** Group g shares negatives[negativeStart[g] .. negativeStart[g+1]). Shape (groups + 1). */
  readonly negativeStart: Uint32Array;
  readonly negatives: Uint32Array;
  /** Minibatch b holds groups [batchStart[b], batchStart[b+1]). Shape (minibatches + 1). */
  readonly batchStart: Uint32Array;
}

/** Minibatches of pairs. Views are valid until the next plan. */
export interface Plan extends RowPlan, GroupPlan {
  /** Renumbered input row of each slot, or ABSENT. Shape (groups, GROUP). */
  readonly groupInputs: Uint32Array;
}

/**
 * Minibatches of bags. Bag b stands for one input row, the mean of bagRows[bagStart[b] .. bagStart[b+1]); its summed
 * step is added in full to each of them, as in word2vec.c, once for each time that a row is in the bag. So every dot
 * product of the bag is a hit of each of its places: a row's hits bound its step as those of a pair do, hits · α · the
 * longest output row, and an output row's do with the longest input row, since no mean is longer.
 * Views are valid until the next plan.
 */
export interface BagPlan extends RowPlan, GroupPlan {
  /** Shape (bags + 1). */
  readonly bagStart: Uint32Array;
  /** Renumbered input row of each context. */
  readonly bagRows: Uint32Array;
  /** Bag of each slot, or ABSENT. Shape (groups, GROUP). */
  readonly groupBags: Uint32Array;
  /** Minibatch b holds bags [batchBags[b], batchBags[b+1]). Shape (minibatches + 1). */
  readonly batchBags: Uint32Array;
}
