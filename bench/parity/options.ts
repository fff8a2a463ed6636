// The options of `bench -- parity`.
import { resolve } from 'node:path';
import { Command, InvalidArgumentError } from 'commander';
import { wholeNumber } from '../../coordinator/settings/option-values.ts';
import type { SequentialObjective } from '../../word2vec/sequential-walk.ts';
import { DEFAULT_ALPHA } from '../word2vec-c.ts';
import { type ProgramName, PROGRAMS } from './settings.ts';

export interface ParityOptions {
  readonly corpus: string;
  readonly questions?: string;
  readonly similarity?: readonly string[];
  readonly programs: readonly ProgramName[];
  readonly objectives: readonly SequentialObjective[];
  readonly seeds: readonly number[];
  readonly epochs: number;
  readonly dim: number;
  readonly window: number;
  readonly negative: number;
  readonly sample: number;
  readonly minCount: number;
  readonly alpha: number;
  readonly jobs: number;
  readonly folder?: string;
  readonly json: boolean;
}

/** npm changes to the project's folder; paths are meant from where the command was given. */
function path(text: string): string {
  return resolve(process.env['INIT_CWD'] ?? '.', text);
}

function paths(text: string, before: readonly string[] = []): readonly string[] {
  return [...before, path(text)];
}

function listOf<T>(entry: (text: string) => T): (text: string) => T[] {
  return (text) => [...new Set(text.split(',').map((one) => entry(one.trim())))];
}

function oneOf<T extends string>(names: readonly T[]): (text: string) => T {
  return (text) => {
    const name = names.find((one) => one === text);
    if (name === undefined) throw new InvalidArgumentError(`Some of ${names.join(',')} belong here.`);
    return name;
  };
}

function positive(text: string): number {
  const value = Number(text);
  if (!(value >= 0 && Number.isFinite(value)) || text.trim() === '')
    throw new InvalidArgumentError('A number, 0 or more, belongs here.');
  return value;
}

export function parityCommand(run: (options: ParityOptions) => Promise<void>): Command {
  const objectives = ['skipgram', 'hs', 'cbow'] as const;
  return new Command('npm run bench -- parity')
    .summary('word2vec.c, gensim and the sequential reference on one corpus, by one scorer')
    .description(
      "Trains the original word2vec.c, gensim and the project's sequential reference on the same lines with the same " +
        'settings, scores their vectors alike, and compares the means over seeds. Appends to bench/results/parity.json.',
    )
    .requiredOption('--corpus <file>', 'plain text, a sentence a line', path)
    .option(
      '--questions <file>',
      'analogy questions, such as questions-words.txt; the 30,000 first words take part',
      path,
    )
    .option('--similarity <files...>', 'rated word pairs, such as wordsim353.tsv and simlex999.txt', paths)
    .option('--programs <names>', 'what to compare', listOf(oneOf(PROGRAMS)), [...PROGRAMS])
    .option(
      '--objectives <names>',
      'skipgram and cbow with negative sampling, hs: skip-gram with hierarchical softmax',
      listOf(oneOf(objectives)),
      [...objectives],
    )
    .option('--seeds <numbers>', 'a run for each', listOf(wholeNumber(1)), [1, 2, 3])
    .option('--epochs <n>', 'passes over the corpus', wholeNumber(1), 1)
    .option('--dim <n>', 'dimensions', wholeNumber(1), 100)
    .option('--window <n>', 'words on each side, at most', wholeNumber(1), 5)
    .option('--negative <n>', 'negatives; hs has none', wholeNumber(1), 5)
    .option('--sample <share>', 'threshold of subsampling', positive, 1e-4)
    .option('--min-count <n>', 'rarer words are left out', wholeNumber(1), 5)
    .option('--alpha <rate>', 'learning rate at the start, of every objective', positive, DEFAULT_ALPHA)
    .option('--jobs <n>', 'trainings at a time', wholeNumber(1), 1)
    .option('--folder <path>', 'keep vectors there; what is there already is scored, not trained again', path)
    .option('--json', 'print one JSON object instead of a table', false)
    .action(run);
}
