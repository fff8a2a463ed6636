// tributary query: the nearest neighbours of words, in a vector file.

import type { Command } from 'commander';
import { Word2vecError } from '../../word2vec/errors.ts';
import { mostSimilar, type Neighbour } from '../../word2vec/similarity.ts';
import { EXIT, TributaryError } from '../errors.ts';
import { coded, readVectors } from '../settings/input-files.ts';
import { wholeNumber } from '../settings/option-values.ts';
import { tableLines } from './table.ts';

interface QueryOptions {
  readonly positive: readonly string[];
  readonly negative: readonly string[];
  readonly top: number;
  readonly json?: true;
}

export function register(program: Command): void {
  program
    .command('query')
    .summary('nearest neighbours of words')
    .description(
      'Prints the words whose vectors lie nearest (by cosine) to the sum of the positive words minus the negative ' +
        "ones, as gensim's most_similar does. The query's own words are left out.",
    )
    .argument('<vectors>', 'vectors.bin or vectors.txt (word2vec formats, told by content), or the directory of a run')
    .option('--positive <words...>', 'words to add', [])
    .option('--negative <words...>', 'words to subtract', [])
    .option('--top <n>', 'how many neighbours', wholeNumber(1), 10)
    .option('--json', 'print [{"word", "similarity"}] instead of a table')
    .addHelpText(
      'after',
      '\nExamples:\n  tributary query runs/brown --positive father\n' +
        '  tributary query vectors.bin --positive woman king --negative man --top 5 --json',
    )
    .action(query);
}

async function query(file: string, options: QueryOptions): Promise<void> {
  const { positive, negative, top } = options;
  if (positive.length + negative.length === 0)
    throw new TributaryError('QUERY_EMPTY', 'the query names no word', {
      hint: 'Pass --positive WORD…, --negative WORD… or both, after the file.',
      exit: EXIT.usage,
    });
  const vectors = await readVectors(file);
  const neighbours = search(() => mostSimilar(vectors, positive, negative, top), file);
  process.stdout.write(options.json ? `${JSON.stringify(neighbours)}\n` : `${neighbourTable(neighbours)}\n`);
}

/** Neighbours as aligned lines, without a line feed at the end. */
export function neighbourTable(neighbours: readonly Neighbour[]): string {
  const rows = neighbours.map(({ word, similarity }) => [word, similarity.toFixed(4)]);
  return tableLines([{ title: 'word' }, { title: 'similarity', align: 'right' }], rows).join('\n');
}

function search<T>(run: () => T, file: string): T {
  try {
    return run();
  } catch (error) {
    throw error instanceof Word2vecError ? coded(error, file) : error;
  }
}
