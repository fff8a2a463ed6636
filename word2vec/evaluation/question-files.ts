// Parsers of the two kinds of evaluation files: analogy questions and rated word pairs.

import { Word2vecError } from '../errors.ts';

/** a is to b as c is to expected. */
export interface Question {
  readonly a: string;
  readonly b: string;
  readonly c: string;
  readonly expected: string;
}

export interface QuestionSection {
  readonly name: string;
  readonly questions: readonly Question[];
}

export interface RatedPair {
  readonly a: string;
  readonly b: string;
  readonly rating: number; // what people said; any scale
}

/**
 * The format of questions-words.txt: `: section` lines, each followed by questions of four words.
 * Throws QUESTIONS_LINE with the line number, QUESTIONS_EMPTY.
 */
export function parseQuestions(text: string): QuestionSection[] {
  const sections: { name: string; questions: Question[] }[] = [];
  for (const [number, line] of numberedLines(text)) {
    if (line.startsWith(':')) {
      sections.push({ name: line.slice(1).trim(), questions: [] });
      continue;
    }
    const [a, b, c, expected, ...rest] = line.split(/\s+/);
    if (a === undefined || b === undefined || c === undefined || expected === undefined || rest.length > 0)
      throw badQuestion(number, line, 'a question has four words');
    const section = sections.at(-1);
    if (section === undefined) throw badQuestion(number, line, 'a line ": name of the section" comes before the first');
    section.questions.push({ a, b, c, expected });
  }
  if (!sections.some((section) => section.questions.length > 0))
    throw new Word2vecError('QUESTIONS_EMPTY', 'the file holds no question', 'Pass a file like questions-words.txt.');
  return sections;
}

/**
 * Lines `word<TAB>word<TAB>rating`; a line that begins with # is a comment.
 * Throws PAIRS_LINE with the line number, PAIRS_EMPTY.
 */
export function parsePairs(text: string): RatedPair[] {
  const pairs: RatedPair[] = [];
  for (const [number, line] of numberedLines(text)) {
    if (line.startsWith('#')) continue;
    const [a, b, score, ...rest] = line.split('\t').map((field) => field.trim());
    const rating = Number(score);
    if (!a || !b || !score || rest.length > 0 || !Number.isFinite(rating))
      throw new Word2vecError(
        'PAIRS_LINE',
        `line ${number} (${shown(line)}) is not word<TAB>word<TAB>number`,
        'Convert the file to three columns divided by tabs; comments begin with #.',
      );
    pairs.push({ a, b, rating });
  }
  if (pairs.length === 0)
    throw new Word2vecError('PAIRS_EMPTY', 'the file holds no word pair', 'Pass lines of word<TAB>word<TAB>rating.');
  return pairs;
}

/** Lines that are not blank, trimmed, with their number from 1. */
function* numberedLines(text: string): Generator<[number, string]> {
  for (const [i, raw] of text.split('\n').entries()) {
    const line = raw.trim();
    if (line !== '') yield [i + 1, line];
  }
}

function badQuestion(number: number, line: string, expected: string): Word2vecError {
  return new Word2vecError(
    'QUESTIONS_LINE',
    `line ${number} (${shown(line)}) is no question: ${expected}`,
    'Pass a file like questions-words.txt.',
  );
}

function shown(line: string): string {
  return JSON.stringify(line.length > 60 ? `${line.slice(0, 60)}…` : line);
}
