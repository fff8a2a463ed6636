// tributary eval: analogies and word similarity of a vector file, scored as gensim scores them.

import type { Command } from 'commander';
import {
  type AnalogyScore,
  type AnalogyScores,
  RESTRICT_VOCABULARY,
  scoreAnalogies,
} from '../../word2vec/evaluation/analogies.ts';
import { type PairScore, scorePairs } from '../../word2vec/evaluation/pair-similarity.ts';
import { parsePairs, parseQuestions } from '../../word2vec/evaluation/question-files.ts';
import { NearestNeighbours } from '../../word2vec/similarity.ts';
import type { WordVectors } from '../../word2vec/vector-file.ts';
import { EXIT, TributaryError } from '../errors.ts';
import { readParsed, readVectors } from './input-files.ts';
import { wholeNumber } from './option-values.ts';
import { tableLines } from './table.ts';

/** What to score against; paths of files. */
export interface EvaluationFiles {
  readonly questions?: string | undefined; // format of questions-words.txt
  readonly similarity?: readonly string[] | undefined; // word<TAB>word<TAB>rating
  readonly restrictVocab?: number | undefined; // most frequent words that take part in analogies; 30,000 unless told
}

export interface Evaluation {
  readonly words: number;
  readonly dim: number;
  readonly analogies: AnalogyScores | null; // null where no questions were given
  readonly similarity: readonly (PairScore & { readonly file: string })[];
}

interface EvalOptions extends EvaluationFiles {
  readonly restrictVocab: number;
  readonly json?: true;
}

export function register(program: Command): void {
  program
    .command('eval')
    .summary('analogy accuracy and word similarity of a vector file')
    .description(
      'Scores word vectors as gensim does. Analogies (a is to b as c is to …): 3CosAdd, case folded, the words of the ' +
        "question excluded, questions with unknown words left out and counted. Similarity: Spearman's rank " +
        'correlation of cosines with human ratings, over the pairs of which both words are known.',
    )
    .argument('<vectors>', 'vectors.bin or vectors.txt (word2vec formats, told by content), or the directory of a run')
    .option('--questions <file>', 'analogy questions in the format of questions-words.txt')
    .option('--similarity <files...>', 'rated pairs, word<TAB>word<TAB>rating, such as wordsim353.tsv or simlex999.txt')
    .option(
      '--restrict-vocab <n>',
      'analogies ask for and answer with the n first (most frequent) words only',
      wholeNumber(1),
      RESTRICT_VOCABULARY,
    )
    .option('--json', 'print one JSON object instead of tables')
    .addHelpText(
      'after',
      '\nExample:\n  tributary eval runs/brown --questions questions-words.txt --similarity wordsim353.tsv simlex999.txt',
    )
    .action(evaluate);
}

async function evaluate(file: string, options: EvalOptions): Promise<void> {
  if (options.questions === undefined && options.similarity === undefined)
    throw new TributaryError('EVAL_NOTHING', 'nothing to score against was named', {
      hint: 'Pass --questions questions-words.txt, --similarity wordsim353.tsv, or both.',
      exit: EXIT.usage,
    });
  const evaluation = await evaluateModel(await readVectors(file), options);
  process.stdout.write(options.json ? `${JSON.stringify(evaluation)}\n` : `${evaluationText(evaluation)}\n`);
}

/** Scores a model against the named files. Throws FILE_NOT_FOUND, QUESTIONS_LINE, PAIRS_LINE and the like, naming the file. */
export async function evaluateModel(vectors: WordVectors, files: EvaluationFiles): Promise<Evaluation> {
  // All files are read before anything is scored: a typing error shows at once.
  const sections = files.questions === undefined ? undefined : await readParsed(files.questions, parseQuestions);
  const sets = await Promise.all(
    (files.similarity ?? []).map(async (file) => ({ file, pairs: await readParsed(file, parsePairs) })),
  );
  const index = sets.length === 0 ? undefined : new NearestNeighbours(vectors);
  return {
    words: vectors.words.length,
    dim: vectors.dim,
    analogies: sections === undefined ? null : scoreAnalogies(vectors, sections, files.restrictVocab),
    similarity: sets.map(({ file, pairs }) => ({ file, ...scorePairs(vectors, pairs, index) })),
  };
}

/** The evaluation as tables for the terminal, without a line feed at the end. */
export function evaluationText({ words, dim, analogies, similarity }: Evaluation): string {
  const blocks = [`${words.toLocaleString('en')} words, ${dim} dimensions`];
  if (analogies !== null) {
    const columns = [
      { title: 'analogies' },
      ...['accuracy', 'correct', 'asked', 'skipped'].map((title) => ({ title, align: 'right' as const })),
    ];
    const rows = analogies.sections.map((section) => [section.name, ...analogyCells(section)]);
    blocks.push(tableLines(columns, [...rows, ['total', ...analogyCells(analogies.total)]]).join('\n'));
  }
  if (similarity.length > 0) {
    const columns = [
      { title: 'similarity' },
      ...['rho', 'found', 'pairs'].map((title) => ({ title, align: 'right' as const })),
    ];
    const rows = similarity.map(({ file, rho, found, pairs }) => [
      file,
      rho?.toFixed(4) ?? '-',
      `${found}`,
      `${pairs}`,
    ]);
    blocks.push(tableLines(columns, rows).join('\n'));
  }
  return blocks.join('\n\n');
}

function analogyCells({ accuracy, correct, asked, skipped }: AnalogyScore): string[] {
  return [accuracy === null ? '-' : `${(100 * accuracy).toFixed(2)} %`, `${correct}`, `${asked}`, `${skipped}`];
}
