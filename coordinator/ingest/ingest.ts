// The work of the ingest thread: corpus to vocabulary, and to the pairs of an episode.
import { Word2vecError } from '../../word2vec/errors.ts';
import { buildVocabulary } from '../../word2vec/vocabulary.ts';
import { readLineBlocks, readLines } from '../corpus/lines.ts';
import { openCorpus } from '../corpus/open.ts';
import type { CorpusSource } from '../corpus/source.ts';
import { planSplits } from '../corpus/splits.ts';
import { addTextFaults, NO_TEXT_FAULTS, textFaultsOf } from '../corpus/text-faults.ts';
import { TributaryError } from '../errors.ts';
import type { Episode } from '../leases/episode.ts';
import type { OpenedCorpus } from './code-feed.ts';
import type { Normalisation } from './normalisation.ts';
import { AS_IT_STANDS, wordsOf } from './normalisation.ts';
import { Preparation } from './preparation.ts';
import type { Counted, CountRequest, Opened, OpenRequest, PrepareRequest, TrainRequest } from './requests.ts';
import { WordCounter } from './word-counter.ts';

/** Bytes between two progress reports. */
const PROGRESS_BYTES = 1 << 20;

/** Memory for different words: about 16 million of them. */
const WORDS_BYTES = 1 << 30;

export class Ingest {
  readonly #progress: (bytes: number) => void;
  readonly #hashSeed: number;
  #corpus: OpenedCorpus | null = null;
  #rules: Normalisation = AS_IT_STANDS;
  #only: ReadonlySet<string> | null = null;
  #preparation: Preparation | null = null;

  /** @param hashSeed any 32-bit integer, which nobody who writes a corpus should know: only speed depends on it */
  constructor(progress: (bytes: number) => void, hashSeed = 0) {
    this.#progress = progress;
    this.#hashSeed = hashSeed;
  }

  async open(request: OpenRequest): Promise<Opened> {
    this.#rules = request.normalisation;
    if (request.vocab !== '') this.#only = await readWordList(request);
    const source = await openCorpus(request.corpus, request.options);
    const files = await source.list();
    const splits = await planSplits(source, files, request.splitBytes);
    this.#corpus = { source, files, splits };
    const bytes = files.reduce((sum, file) => sum + file.length, 0);
    return { description: source.description, files: files.length, bytes, splits: splits.length };
  }

  async count(request: CountRequest): Promise<Counted> {
    const { source, files, splits } = this.#corpus!;
    const counter = new WordCounter(this.#rules, WORDS_BYTES, { only: this.#only, hashSeed: this.#hashSeed });
    let textFaults = NO_TEXT_FAULTS;
    let bytes = 0;
    let reported = 0;
    for (const split of splits) {
      const file = files[split.file]!;
      for await (const block of readLineBlocks(source, file, split)) {
        textFaults = addTextFaults(textFaults, textFaultsOf(block, file.path));
        counter.add(block);
        if (counter.pruned.times > 0) throw tooManyWords(source, counter.distinct);
        bytes += block.bytes.length;
        if (bytes - reported >= PROGRESS_BYTES) this.#progress((reported = bytes));
      }
    }
    const { tokens, distinct } = counter;
    if (tokens === 0) {
      throw new TributaryError(
        'CORPUS_EMPTY',
        `${source.description} holds no words${this.#only === null ? '' : ' of the word list'}`,
        {
          hint: 'Name a corpus of plain text, words separated by blanks.',
        },
      );
    }
    const vocabulary = refuseTiny(() => buildVocabulary(new Map(counter.entries()), request));
    const heldOut = counter.heldOut.finish(tokens);
    return { words: vocabulary.words, counts: vocabulary.counts, distinct, tokens, heldOut, textFaults };
  }

  train(request: TrainRequest): void {
    this.#preparation = new Preparation(this.#corpus!, this.#rules, request, this.#hashSeed);
  }

  /** @throws TributaryError SOURCE_CHANGED when an epoch does not hold the tokens that were counted */
  prepare(request: PrepareRequest): Promise<Episode> {
    return this.#preparation!.prepare(request);
  }

  async close(): Promise<void> {
    await this.#preparation?.close();
    await this.#corpus?.source.close();
  }
}

function tooManyWords(source: CorpusSource, words: number): TributaryError {
  return new TributaryError(
    'VOCABULARY_HUGE',
    `${source.description} holds too many different words: more than ${words.toLocaleString('en')}`,
    {
      hint: 'Clean the text, or give the words to train with --vocab.',
    },
  );
}

/** Words of a list: one or more a line, `word<TAB>count` lines give their word, lines that begin with ':' are headings. */
async function readWordList({ vocab, options, normalisation }: OpenRequest): Promise<ReadonlySet<string>> {
  const source = await openCorpus([vocab], options);
  const words = new Set<string>();
  try {
    const files = await source.list();
    for (const [index, file] of files.entries()) {
      for await (const lines of readLines(source, file, { file: index, start: 0, end: file.length })) {
        for (const line of lines) {
          if (line.startsWith(':')) continue;
          const counted = /^(\S+)\t\d+$/.exec(line);
          for (const word of wordsOf(counted?.[1] ?? line, normalisation)) words.add(word);
        }
      }
    }
  } finally {
    await source.close();
  }
  return words;
}

function refuseTiny<T>(build: () => T): T {
  try {
    return build();
  } catch (error) {
    if (!(error instanceof Word2vecError)) throw error;
    throw new TributaryError(error.code, error.message, {
      hint: 'Lower --min-count, or give more text.',
      cause: error,
    });
  }
}
