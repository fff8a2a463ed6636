// Nearest neighbours in the model as it is now.
import { NearestNeighbours } from '../../word2vec/similarity.ts';
import type { Neighbour } from '../../word2vec/similarity.ts';
import type { Run } from '../run/run.ts';

export class Queries {
  readonly #run: Run;
  #index: NearestNeighbours | null = null;
  #version = -1;

  constructor(run: Run) {
    this.#run = run;
  }

  /** null before there is a model. Throws Word2vecError UNKNOWN_WORD, QUERY_EMPTY, QUERY_TOP. */
  similar(positive: readonly string[], negative: readonly string[], top: number): Neighbour[] | null {
    const { training } = this.#run;
    if (training === null) return null;
    const { words, model } = training;
    // Rows grow manyfold within seconds early in a run: with lengths of before, a cosine would be far above 1. To
    // measure them costs as much as the query itself.
    const stale = model.version !== this.#version;
    if (this.#index === null || stale) {
      if (this.#index === null) this.#index = new NearestNeighbours({ words, dim: model.dim, values: model.input });
      else this.#index.remeasure();
      this.#version = model.version;
    }
    return this.#index.nearest(positive, negative, top);
  }
}
