// Draws the map of words by principal components, off the page's thread.
import { expose } from 'comlink';
import type { WordMap } from '../../../protocol/vectors.ts';
import { align, type Picture, project } from '../../ui/projection.ts';

export interface MapWorker {
  project(map: WordMap, last: Picture | null): Picture;
}

expose({
  project: (map, last) => {
    const picture = project(map);
    return last === null ? picture : align(picture, last);
  },
} satisfies MapWorker);
