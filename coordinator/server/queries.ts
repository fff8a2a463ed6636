// Nearest neighbours in the model as it is now, sought in steps so that volunteers' frames never wait for a query.
import { setImmediate as breathe } from 'node:timers/promises';
import { NearestNeighbours } from '../../word2vec/similarity.ts';
import type { Neighbour } from '../../word2vec/similarity.ts';
import type { Run } from '../run/run.ts';

/** Queries sought at once; each takes a step of a millisecond or so in turn. */
const MOST_QUERIES = 4;

/** Values read in one step. */
const STEP_VALUES = 500_000;

export class Queries {
  readonly #run: Run;
  #index: NearestNeighbours | null = null;
  #underWay = 0;

  constructor(run: Run) {
    this.#run = run;
  }

  /** Whether a further query must be refused. */
  get full(): boolean {
    return this.#underWay >= MOST_QUERIES;
  }

  /** null before there is a model. Rejects with Word2vecError UNKNOWN_WORD, QUERY_EMPTY, QUERY_TOP. */
  async similar(positive: readonly string[], negative: readonly string[], top: number): Promise<Neighbour[] | null> {
    const { training } = this.#run;
    if (training === null) return null;
    const { words, model } = training;
    this.#index ??= new NearestNeighbours({ words, dim: model.dim, values: model.input });
    this.#underWay++;
    try {
      const search = this.#index.nearestNow(positive, negative, top, Math.max(1, Math.floor(STEP_VALUES / model.dim)));
      for (;;) {
        const step = search.next();
        if (step.done === true) return step.value;
        await breathe();
      }
    } finally {
      this.#underWay--;
    }
  }
}
