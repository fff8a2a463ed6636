// A map of words being made: fetched, projected in a worker, given up at any time.
import { proxy, type Remote, wrap } from 'comlink';
import type { WordMap } from '../../../protocol/vectors.ts';
import type { CallResult } from '../../ui/coordinator-call.ts';
import type { Picture } from '../../ui/projection.ts';
import { fetchWordMap, type FetchBytes } from '../../ui/word-map.ts';
import type { MapWorker } from './map.worker.ts';
import type { UmapWorker } from './umap.worker.ts';

export type Method = 'pca' | 'umap';

export interface DrawnMap {
  readonly method: Method;
  readonly map: WordMap;
  readonly picture: Picture;
}

export interface DrawingOrder {
  readonly method: Method;
  readonly top: number;
  /** Drawn by the same method before: words stay near where they were. */
  readonly last: Picture | null;
  /** Ends the work at once, the worker with it; the promise is then rejected. */
  readonly signal: AbortSignal;
  /** Share done. */
  report(share: number): void;
  readonly send: FetchBytes | undefined;
}

export async function drawMap({
  method,
  top,
  last,
  signal,
  report,
  send,
}: DrawingOrder): Promise<CallResult<DrawnMap>> {
  const told = await fetchWordMap(top, signal, send);
  if (!told.ok) return told;
  const map = told.body;
  if (map.words.length < 3) {
    return {
      ok: false,
      failure: { code: 'FEW_WORDS', message: `A map needs 3 words; there are ${map.words.length}.` },
    };
  }
  const picture = await inWorker(method, signal, (worker) =>
    method === 'umap'
      ? (worker as unknown as Remote<UmapWorker>).project(map, last, proxy(report))
      : (worker as unknown as Remote<MapWorker>).project(map, last),
  );
  return { ok: true, body: { method, map, picture } };
}

async function inWorker(
  method: Method,
  signal: AbortSignal,
  work: (worker: Remote<unknown>) => Promise<Picture>,
): Promise<Picture> {
  signal.throwIfAborted();
  // Two files, so that UMAP's is not even loaded before it is asked for.
  const worker =
    method === 'umap'
      ? new Worker(new URL('umap.worker.ts', import.meta.url), { type: 'module' })
      : new Worker(new URL('map.worker.ts', import.meta.url), { type: 'module' });
  const stop = new AbortController();
  try {
    const broken = new Promise<never>((_, fail) => {
      signal.addEventListener('abort', () => fail(new Error('given up')), { signal: stop.signal });
      worker.addEventListener('error', (event) => fail(new Error(event.message || 'the worker cannot be loaded')));
    });
    return await Promise.race([work(wrap(worker)), broken]);
  } finally {
    stop.abort();
    worker.terminate();
  }
}
