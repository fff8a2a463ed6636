// word2vec.c, built from the npm package `word2vec` in a folder of its own outside the project, and run there.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TributaryError } from '../coordinator/errors.ts';

/** Its makefile's own flags, and those that its makefile suggests to newer compilers, which let dot products use SIMD. */
export const BUILDS = { 'word2vec.c': '-O3', 'word2vec.c -Ofast': '-Ofast' } as const;

export type Build = keyof typeof BUILDS;

/** What both programs are given alike. */
export interface SharedSettings {
  readonly dim: number;
  readonly window: number;
  readonly negative: number;
  readonly sample: number;
  readonly minCount: number;
  readonly epochs: number;
}

interface Trained {
  /** Of its own clock: processor time, from after the vocabulary to the last epoch's end. Line ends count as words. */
  readonly wordsPerSecond: number;
  /** Wall clock of the whole process, with vocabulary and vector file. */
  readonly seconds: number;
  /** Path of the vectors, binary. */
  readonly vectors: string;
}

export interface Word2vecC {
  /** One thread, skip-gram with negative sampling, learning rate `alpha` at the start. */
  train(build: Build, settings: SharedSettings, alpha: number): Trained;
  /** Removes the folder. */
  dispose(): void;
}

/** Its own default learning rate for skip-gram. */
export const DEFAULT_ALPHA = 0.025;

/** Where it comes from. */
export const WORD2VEC_C = 'word2vec@1.1.5';

/** @throws TributaryError WORD2VEC_C_FAILED */
function runIn(folder: string, command: string, words: readonly string[]): string {
  try {
    return execFileSync(command, words, { cwd: folder, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
  } catch (cause) {
    throw new TributaryError('WORD2VEC_C_FAILED', `word2vec.c cannot be measured: ${(cause as Error).message}`, {
      hint: 'It needs gcc, tar and npm with access to a registry (package word2vec).',
      cause,
    });
  }
}

/** Gets the source into the folder. Answers its path. @throws TributaryError WORD2VEC_C_FAILED without registry or tar */
export function unpackWord2vecC(folder: string): string {
  runIn(folder, 'npm', ['pack', WORD2VEC_C, '--silent']);
  runIn(folder, 'tar', ['xzf', readdirSync(folder).find((name) => name.endsWith('.tgz')) ?? 'no package']);
  return join(folder, 'package/src/word2vec.c');
}

/** Builds it beside the text. @throws TributaryError WORD2VEC_C_FAILED without gcc, npm's registry, or tar */
export function buildWord2vecC(text: string): Word2vecC {
  const folder = mkdtempSync(join(tmpdir(), 'tributary-bench-'));
  const dispose = (): void => rmSync(folder, { recursive: true, force: true });
  const run = (command: string, words: readonly string[]): string => runIn(folder, command, words);
  try {
    const source = unpackWord2vecC(folder);
    for (const flag of Object.values(BUILDS)) {
      const flags = [flag, '-march=native', '-funroll-loops', '-w', '-lm', '-lpthread'];
      run('gcc', [source, '-o', `word2vec${flag}`, ...flags]);
    }
  } catch (error) {
    dispose();
    throw error;
  }
  writeFileSync(join(folder, 'text'), text);
  const train: Word2vecC['train'] = (build, settings, alpha) => {
    const { dim, window, negative, sample, minCount, epochs } = settings;
    const numbers = { size: dim, window, negative, sample, 'min-count': minCount, iter: epochs, alpha, hs: 0, cbow: 0 };
    const given = { ...numbers, train: 'text', output: `vectors${BUILDS[build]}`, binary: 1, threads: 1, debug: 2 };
    const words = Object.entries(given).flatMap(([name, value]) => [`-${name}`, String(value)]);
    const start = performance.now();
    const log = run(`./word2vec${BUILDS[build]}`, words);
    const seconds = (performance.now() - start) / 1000;
    // The last figure that it prints covers all epochs.
    const last = [...log.matchAll(/Words\/thread\/sec: ([\d.]+)k/g)].at(-1)?.[1];
    if (last === undefined) throw new TributaryError('WORD2VEC_C_FAILED', 'word2vec.c printed no speed');
    return { wordsPerSecond: Number(last) * 1000, seconds, vectors: join(folder, given.output) };
  };
  return { train, dispose };
}
