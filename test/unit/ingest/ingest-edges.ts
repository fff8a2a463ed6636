// What an Ingest needs in a test: nobody listens, and tables of words have room.
import type { IngestEdges } from '../../../coordinator/ingest/ingest.ts';

export const SILENT: IngestEdges = {
  now: () => performance.now(),
  wait: () => new Promise(() => undefined),
  progress: () => undefined,
  note: () => undefined,
};

/** Bytes. */
export const MEMORY = 64 << 20;

/** How to count: by one thread, nothing kept. */
export const ONCE = { kind: 'count', threads: 1, folder: '' } as const;
