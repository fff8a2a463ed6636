// Skip-gram with negative sampling, pair by pair (Mikolov et al. 2013, section 2.2; word2vec.c, -cbow 0 -hs 0).
import { logitOf, type Matrices, propagate, pull } from './reference-row.ts';
import type { Draws } from './sequential-draws.ts';
import type { CentreTrainer } from './sequential-walk.ts';

export class ReferenceSkipGram implements CentreTrainer {
  readonly #matrices: Matrices;
  readonly #negative: number;
  readonly #draws: Draws;
  readonly #change: Float32Array; // (D) word2vec.c's neu1e: the pair's sum, applied after the last draw

  constructor(matrices: Matrices, negative: number, draws: Draws) {
    this.#matrices = matrices;
    this.#negative = negative;
    this.#draws = draws;
    this.#change = new Float32Array(matrices.dim);
  }

  trainCentre(sentence: Int32Array, first: number, centre: number, last: number, alpha: number): void {
    for (let context = first; context <= last; context++)
      if (context !== centre) this.#trainPair(sentence[context]!, sentence[centre]!, alpha);
  }

  /** The context word's input vector learns to tell the centre's output vector from those of drawn words. */
  #trainPair(context: number, centre: number, alpha: number): void {
    const { dim, input } = this.#matrices;
    const change = this.#change.fill(0);
    const at = context * dim;
    for (let draw = 0; draw <= this.#negative; draw++) {
      const target = draw === 0 ? centre : this.#draws.noise();
      if (draw > 0 && target === centre) continue; // skipped, not drawn again
      const logit = logitOf(input, at, this.#matrices, target);
      propagate(change, input, at, this.#matrices, target, pull(draw === 0 ? 1 : 0, logit) * alpha);
    }
    for (let d = 0; d < dim; d++) input[at + d]! += change[d]!;
  }
}
