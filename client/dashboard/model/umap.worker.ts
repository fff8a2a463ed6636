// Draws the map of words by UMAP, off the page's thread; loaded only when somebody asks for it.
import { expose } from 'comlink';
import { UMAP } from 'umap-js';
import type { WordMap } from '../../../protocol/vectors.ts';
import { align, type Picture, unitRows } from '../../ui/projection.ts';
import { similarWords } from './map-geometry.ts';

const NEIGHBOURS = 15;
/** Epochs between two reports of progress. */
const REPORT = 10;

export interface UmapWorker {
  /** `report` is told the share done. The same vectors give the same picture. */
  project(map: WordMap, last: Picture | null, report: (share: number) => void): Picture;
}

function random(): () => number {
  let state = 1;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

expose({
  project: (map, last, report) => {
    const { words, dim } = map;
    const rows = unitRows(map);
    const neighbours = Math.min(NEIGHBOURS, words.length - 1);
    // Exact neighbours: for a few thousand words that is quick, and the library's own are approximate.
    const near = words.map((_, at) => [{ at, similarity: 1 }, ...similarWords(rows, dim, at, neighbours)]);
    const umap = new UMAP({ nComponents: 2, nNeighbors: neighbours + 1, random: random() });
    umap.setPrecomputedKNN(
      near.map((list) => list.map(({ at }) => at)),
      near.map((list) => list.map(({ similarity }) => Math.max(0, 1 - similarity))),
    );
    const epochs = umap.initializeFit(words.map((_, at) => Array.from(rows.subarray(at * dim, (at + 1) * dim))));
    for (let epoch = 0; epoch < epochs; epoch++) {
      umap.step();
      if (epoch % REPORT === 0) report(epoch / epochs);
    }
    const points = umap.getEmbedding();
    const picture = {
      words,
      x: Float32Array.from(points, (point) => point[0]!),
      y: Float32Array.from(points, (point) => point[1]!),
    };
    return last === null ? picture : align(picture, last);
  },
} satisfies UmapWorker);
