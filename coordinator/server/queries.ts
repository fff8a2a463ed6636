// Nearest neighbours in the model as it is now.
import { NearestNeighbours } from '../../word2vec/similarity.ts';
import type { Neighbour } from '../../word2vec/similarity.ts';
import type { Run } from '../run/run.ts';

/** While rows move, the index (row lengths) is made again at most this often, in ms. */
const INDEX_MS = 5000;

export class Queries {
  readonly #run: Run;
  #index: NearestNeighbours | null = null;
  #version = -1;
  #madeAt = 0;

  constructor(run: Run) {
    this.#run = run;
  }

  /** null before there is a model. Throws Word2vecError UNKNOWN_WORD, QUERY_EMPTY, QUERY_TOP. */
  similar(positive: readonly string[], negative: readonly string[], top: number): Neighbour[] | null {
    const { training } = this.#run;
    if (training === null) return null;
    const now = performance.now();
    if (this.#index === null || (training.model.version !== this.#version && now - this.#madeAt > INDEX_MS)) {
      this.#index = new NearestNeighbours({
        words: training.words,
        dim: training.model.dim,
        values: training.model.input,
      });
      this.#version = training.model.version;
      this.#madeAt = now;
    }
    return this.#index.nearest(positive, negative, top);
  }
}
