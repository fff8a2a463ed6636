// gensim's Word2Vec with one worker, in a Python process of its own.
import { fileURLToPath } from 'node:url';
import { TributaryError } from '../../coordinator/errors.ts';
import { outputOf } from './process.ts';
import type { Program } from './settings.ts';

const SCRIPT = fileURLToPath(new URL('train_gensim.py', import.meta.url));
const HINT = 'pip install gensim, or leave it out: --programs word2vec.c,reference';

/** @throws TributaryError GENSIM_MISSING */
export async function gensim(corpus: string): Promise<Program> {
  const version = await outputOf('python3', ['-c', 'import gensim; print(gensim.__version__)'], HINT).catch(
    (cause: unknown) => {
      throw new TributaryError('GENSIM_MISSING', 'python3 has no gensim', { hint: HINT, cause });
    },
  );
  // The order of Python's sets must not differ between runs, and numpy's threads add nothing.
  const env = { ...process.env, PYTHONHASHSEED: '0', OMP_NUM_THREADS: '1' };
  return {
    about: `gensim ${version.trim()}, one worker, cbow_mean=1`,
    async train(run, settings, out) {
      const given = JSON.stringify({ ...settings, ...run, corpus, out });
      await outputOf('python3', [SCRIPT, given], HINT, { env });
    },
  };
}
