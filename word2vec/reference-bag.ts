// The continuous bag of words with negative sampling, bag by bag (Mikolov et al. 2013; word2vec.c, -cbow 1 -hs 0).
import { logitOf, type Matrices, propagate, pull } from './reference-row.ts';
import type { Draws } from './sequential-draws.ts';
import type { CentreTrainer } from './sequential-walk.ts';

export class ReferenceBag implements CentreTrainer {
  readonly #matrices: Matrices;
  readonly #negative: number;
  readonly #draws: Draws;
  readonly #mean: Float32Array; // (D) word2vec.c's neu1: of the context words' input vectors
  readonly #change: Float32Array; // (D) word2vec.c's neu1e

  constructor(matrices: Matrices, negative: number, draws: Draws) {
    this.#matrices = matrices;
    this.#negative = negative;
    this.#draws = draws;
    this.#mean = new Float32Array(matrices.dim);
    this.#change = new Float32Array(matrices.dim);
  }

  /** The mean of the context's vectors learns the centre; each of them then moves by the whole change, not its share. */
  trainCentre(sentence: Int32Array, first: number, centre: number, last: number, alpha: number): void {
    const { dim, input } = this.#matrices;
    const mean = this.#mean.fill(0);
    const change = this.#change.fill(0);
    for (let context = first; context <= last; context++) {
      const at = sentence[context]! * dim;
      if (context !== centre) for (let d = 0; d < dim; d++) mean[d]! += input[at + d]!;
    }
    for (let d = 0; d < dim; d++) mean[d]! /= last - first;
    for (let draw = 0; draw <= this.#negative; draw++) {
      const target = draw === 0 ? sentence[centre]! : this.#draws.noise();
      if (draw > 0 && target === sentence[centre]) continue; // skipped, not drawn again
      const logit = logitOf(mean, 0, this.#matrices, target);
      propagate(change, mean, 0, this.#matrices, target, pull(draw === 0 ? 1 : 0, logit) * alpha);
    }
    for (let context = first; context <= last; context++) {
      const at = sentence[context]! * dim;
      if (context !== centre) for (let d = 0; d < dim; d++) input[at + d]! += change[d]!;
    }
  }
}
