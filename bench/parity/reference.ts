// The project's own sequential run, in a process of its own: trainSequential, which its tests hold to the reference.
import { fileURLToPath } from 'node:url';
import { outputOf } from './process.ts';
import type { Program } from './settings.ts';

const SCRIPT = fileURLToPath(new URL('train-reference.worker.ts', import.meta.url));

export function reference(corpus: string): Program {
  return {
    about: 'trainSequential, one thread',
    async train(run, settings, out) {
      const given = JSON.stringify({ ...settings, ...run, corpus, out });
      // The flags that let Node run TypeScript here.
      await outputOf(process.execPath, [...process.execArgv, SCRIPT, given], 'npm test says more.');
    },
  };
}
