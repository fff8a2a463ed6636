// The original word2vec.c, one build a seed: its own generators begin with constants, which the copies change.
import { readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { TributaryError } from '../../coordinator/errors.ts';
import { unpackWord2vecC, WORD2VEC_C } from '../word2vec-c.ts';
import { outputOf } from './process.ts';
import type { Program } from './settings.ts';

/** `-Ofast` lets dot products use SIMD; nothing but the order of sums depends on it. */
const FLAGS = ['-Ofast', '-march=native', '-funroll-loops', '-w'];
/** Seed 1 is the program as it is. */
const SEEDED: readonly (readonly [string, (seed: number) => string])[] = [
  [
    'unsigned long long next_random = (long long)id;',
    (seed) => `unsigned long long next_random = (long long)id + ${(seed - 1) * 1_000_003}ULL;`,
  ],
  ['unsigned long long next_random = 1;', (seed) => `unsigned long long next_random = ${seed};`],
];

/** @throws TributaryError WORD2VEC_C_FAILED, PARITY_FAILED */
export async function word2vecC(corpus: string, folder: string, seeds: readonly number[]): Promise<Program> {
  const original = readFileSync(unpackWord2vecC(folder), 'utf8');
  for (const seed of seeds) {
    let source = original;
    for (const [text, seeded] of SEEDED) {
      if (!source.includes(text))
        throw new TributaryError('WORD2VEC_C_FAILED', `word2vec.c is not the one that is known: it has no ${text}`);
      source = source.replace(text, seeded(seed));
    }
    writeFileSync(join(folder, `seed${seed}.c`), source);
    const words = [...FLAGS, `seed${seed}.c`, '-o', `seed${seed}`, '-lm', '-lpthread'];
    await outputOf('gcc', words, 'It needs gcc.', { cwd: folder });
  }
  // It has room for 99 letters of a path.
  symlinkSync(corpus, join(folder, 'corpus'));
  return {
    about: `${WORD2VEC_C}, gcc ${FLAGS.slice(0, 2).join(' ')}, one thread; seeds other than 1 by changed constants`,
    async train({ objective, seed }, settings, out) {
      const { dim, window, negative, sample, minCount, epochs, alpha } = settings;
      const shared = { size: dim, window, sample, 'min-count': minCount, iter: epochs, alpha, threads: 1, debug: 0 };
      const own = { cbow: objective === 'cbow' ? 1 : 0, hs: objective === 'hs' ? 1 : 0 };
      const given = { ...shared, ...own, negative: objective === 'hs' ? 0 : negative, binary: 1 };
      const name = `${objective}${seed}`;
      const words = Object.entries({ train: 'corpus', output: name, ...given });
      const flags = words.flatMap(([flag, value]) => [`-${flag}`, String(value)]);
      await outputOf(join(folder, `seed${seed}`), flags, 'Is the corpus plain text?', { cwd: folder });
      await outputOf('mv', [join(folder, name), out], 'Is there room for the vectors?');
    },
  };
}
