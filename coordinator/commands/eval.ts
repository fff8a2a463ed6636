// tributary eval: analogies and word similarity of a vector file, scored as gensim scores them.

import type { Command } from 'commander';
import { type AnalogyScore, RESTRICT_VOCABULARY } from '../../word2vec/evaluation/analogies.ts';
import { EXIT, TributaryError } from '../errors.ts';
import { type Evaluation, type EvaluationFiles, evaluateModel } from '../library/evaluation.ts';
import { readVectors } from '../settings/input-files.ts';
import { wholeNumber } from '../settings/option-values.ts';
import { tableLines } from './table.ts';

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
