// Scores a model against files of analogy questions and of rated pairs.
import { type AnalogyScores, scoreAnalogies } from '../../word2vec/evaluation/analogies.ts';
import { type PairScore, scorePairs } from '../../word2vec/evaluation/pair-similarity.ts';
import { parsePairs, parseQuestions } from '../../word2vec/evaluation/question-files.ts';
import { NearestNeighbours } from '../../word2vec/similarity.ts';
import type { WordVectors } from '../../word2vec/vector-file.ts';
import { readParsed } from '../settings/input-files.ts';

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
