// Starts worker threads: their modules are beside their owner, as JavaScript when built and as TypeScript under tsx.
import { Worker } from 'node:worker_threads';

/** @param owner `import.meta.url` of the caller @param entry path without extension, such as './ingest.worker' */
export function startThread(owner: string, entry: string): Worker {
  if (!owner.endsWith('.ts')) return new Worker(new URL(`${entry}.js`, owner));
  const source = new URL('./thread-from-source.mjs', import.meta.url);
  return new Worker(source, { workerData: new URL(`${entry}.ts`, owner).href });
}
