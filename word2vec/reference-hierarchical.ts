// Skip-gram with hierarchical softmax, pair by pair (Mikolov et al. 2013, section 2.1; word2vec.c, -hs 1 -negative 0).
import type { HuffmanTree } from './huffman.ts';
import { LOGIT_MAX, logitOf, type Matrices, propagate, sigmoid } from './reference-row.ts';
import type { CentreTrainer } from './sequential-walk.ts';

export class ReferenceHierarchical implements CentreTrainer {
  readonly #matrices: Matrices;
  readonly #tree: HuffmanTree;
  readonly #change: Float32Array; // (D) the pair's sum, applied after the last node

  constructor(matrices: Matrices, tree: HuffmanTree) {
    this.#matrices = matrices;
    this.#tree = tree;
    this.#change = new Float32Array(matrices.dim);
  }

  trainCentre(sentence: Int32Array, first: number, centre: number, last: number, alpha: number): void {
    for (let context = first; context <= last; context++)
      if (context !== centre) this.#trainPair(sentence[context]!, sentence[centre]!, alpha);
  }

  /** The context word's input vector learns the way to the centre: at each node, which side it lies on. */
  #trainPair(context: number, centre: number, alpha: number): void {
    const { dim, input } = this.#matrices;
    const { start, path, codes } = this.#tree;
    const change = this.#change.fill(0);
    const at = context * dim;
    for (let step = start[centre]!; step < start[centre + 1]!; step++) {
      const logit = logitOf(input, at, this.#matrices, path[step]!);
      if (Math.abs(logit) >= LOGIT_MAX) continue; // here word2vec.c learns nothing, right or wrong
      propagate(change, input, at, this.#matrices, path[step]!, (1 - codes[step]! - sigmoid(logit)) * alpha);
    }
    for (let d = 0; d < dim; d++) input[at + d]! += change[d]!;
  }
}
