// The work of the ingest thread: corpus to vocabulary, and corpus to the pairs of an episode.
import { GridTablesCache } from '../../word2vec/grid-tables.ts';
import { PairCollector } from '../../word2vec/skip-gram-pairs.ts';
import { buildVocabulary, keepBounds } from '../../word2vec/vocabulary.ts';
import { Word2vecError } from '../../word2vec/errors.ts';
import { linesOf, readLineBlocks, readLines } from '../corpus/lines.ts';
import { openCorpus } from '../corpus/open.ts';
import type { CorpusFile, CorpusSource } from '../corpus/source.ts';
import type { Split } from '../corpus/splits.ts';
import { planSplits } from '../corpus/splits.ts';
import { addTextFaults, NO_TEXT_FAULTS, textFaultsOf } from '../corpus/text-faults.ts';
import { TributaryError } from '../errors.ts';
import type { Episode } from '../leases/episode.ts';
import { SCHEDULE } from '../run/config.ts';
import { HeldOutSelection, PIECE_WORDS, pieceHash } from './held-out-lines.ts';
import { firstWord, LineFeed, wordsOf } from './line-feed.ts';
import type { Counted, CountRequest, Opened, OpenRequest, PrepareRequest, TrainRequest } from './requests.ts';

/** Bytes between two progress reports. */
const PROGRESS_BYTES = 1 << 20;

/** Different words that can be counted: a Map of JavaScript holds 2^24. */
const MOST_DISTINCT = 16_000_000;

interface Training {
  readonly ids: ReadonlyMap<string, number>;
  readonly collector: PairCollector;
  readonly tables: GridTablesCache;
  /** In-vocabulary tokens of one epoch. */
  readonly epochTokens: number;
  readonly epochs: number;
  readonly heldOutLimit: number;
}

export class Ingest {
  readonly #progress: (bytes: number) => void;
  #source: CorpusSource | null = null;
  #files: readonly CorpusFile[] = [];
  #splits: readonly Split[] = [];
  #only: ReadonlySet<string> | null = null;
  #feed: LineFeed | null = null;
  #training: Training | null = null;

  constructor(progress: (bytes: number) => void) {
    this.#progress = progress;
  }

  async open(request: OpenRequest): Promise<Opened> {
    if (request.vocab !== '') this.#only = await readWordList(request.vocab, request.options);
    this.#source = await openCorpus(request.corpus, request.options);
    this.#files = await this.#source.list();
    this.#splits = await planSplits(this.#source, this.#files, request.splitBytes);
    const bytes = this.#files.reduce((sum, file) => sum + file.length, 0);
    return { description: this.#source.description, files: this.#files.length, bytes, splits: this.#splits.length };
  }

  async count(request: CountRequest): Promise<Counted> {
    const counts = new Map<string, number>();
    const selection = new HeldOutSelection();
    let textFaults = NO_TEXT_FAULTS;
    let tokens = 0;
    let bytes = 0;
    let reported = 0;
    for (const split of this.#splits) {
      const file = this.#files[split.file]!;
      for await (const block of readLineBlocks(this.#source!, file, split)) {
        textFaults = addTextFaults(textFaults, textFaultsOf(block, file.path));
        for (const line of linesOf(block)) {
          const words = wordsOf(line);
          for (let from = firstWord(words); from < words.length; from += PIECE_WORDS) {
            const to = Math.min(words.length, from + PIECE_WORDS);
            const before = tokens;
            for (let k = from; k < to; k++) {
              const word = words[k]!;
              if (word === '' || (this.#only !== null && !this.#only.has(word))) continue;
              if (counts.size >= MOST_DISTINCT && !counts.has(word)) throw tooManyWords(this.#source!);
              counts.set(word, (counts.get(word) ?? 0) + 1);
              tokens++;
            }
            selection.offer(words, from, to, tokens - before);
          }
          bytes += line.length + 1;
        }
        if (bytes - reported >= PROGRESS_BYTES) this.#progress((reported = bytes));
      }
    }
    if (tokens === 0) {
      throw new TributaryError(
        'CORPUS_EMPTY',
        `${this.#source!.description} holds no words${this.#only === null ? '' : ' of the word list'}`,
        {
          hint: 'Name a corpus of plain text, words separated by blanks.',
        },
      );
    }
    const vocabulary = refuseTiny(() => buildVocabulary(counts, request));
    const heldOut = selection.finish(tokens);
    return { words: vocabulary.words, counts: vocabulary.counts, distinct: counts.size, tokens, heldOut, textFaults };
  }

  train(request: TrainRequest): void {
    const { words, counts, seed, window, sample, epochs, model, hs, schedule } = request;
    const objective = { model, hs };
    const total = counts.reduce((sum, count) => sum + count, 0);
    this.#training = {
      ids: new Map(words.map((word, id) => [word, id])),
      collector: new PairCollector({
        seed,
        window,
        keep: keepBounds({ counts, total }, sample),
        objective,
        order: schedule === 'grid' ? 'shuffled' : 'text',
        chunkPairs: SCHEDULE.chunkPairs,
      }),
      tables: new GridTablesCache(counts, sample, seed, objective),
      epochTokens: total,
      epochs,
      heldOutLimit: request.heldOutLimit,
    };
  }

  /**
   * Held-out pieces give no pairs, but their tokens count as read, so that positions and totals are those of the corpus.
   * @throws TributaryError SOURCE_CHANGED when an epoch does not hold the tokens that were counted
   */
  async prepare(request: PrepareRequest): Promise<Episode> {
    const training = this.#training!;
    const { collector, ids, epochTokens, heldOutLimit } = training;
    const end = epochTokens * training.epochs;
    const until = Math.min(request.until, end);
    const feed = (this.#feed ??= new LineFeed(this.#source!, this.#files, this.#splits));
    let { tokens, token } = request.from;
    await feed.seek(request.from.epoch, request.from.split, request.from.line);
    while (tokens < until) {
      const line = feed.peek();
      if (line === undefined) {
        if (!(await feed.fill()) && tokens !== feed.epoch * epochTokens)
          throw changed(this.#source!, tokens, feed.epoch, epochTokens);
        continue;
      }
      const { epoch } = feed;
      let at = 0;
      let cutAt = -1;
      const words = wordsOf(line);
      for (let from = firstWord(words); from < words.length && cutAt < 0; from += PIECE_WORDS) {
        const to = Math.min(words.length, from + PIECE_WORDS);
        const held = heldOutLimit > 0 && pieceHash(words, from, to) < heldOutLimit;
        // No window reaches over a gap.
        if (held) collector.endSentence(epoch);
        for (let k = from; k < to; k++) {
          const id = ids.get(words[k]!);
          if (id === undefined) continue;
          if (at++ < token) continue;
          const full = !held && collector.add(id, epoch, tokens - epoch * epochTokens);
          tokens++;
          if (full && tokens >= until) {
            cutAt = at;
            break;
          }
        }
      }
      if (cutAt >= 0) {
        token = cutAt;
        break;
      }
      collector.endSentence(epoch);
      feed.take();
      token = 0;
    }
    if (tokens > end) throw changed(this.#source!, tokens, training.epochs, epochTokens);
    const { kept } = collector;
    const pairs = collector.bucket(training.tables.of(request.parts), request.number);
    const to = { epoch: feed.epoch, split: feed.split, line: feed.line, token, tokens };
    return { ...pairs, number: request.number, parts: request.parts, from: request.from, to, kept };
  }

  async close(): Promise<void> {
    await this.#feed?.close();
    await this.#source?.close();
  }
}

function changed(source: CorpusSource, tokens: number, epoch: number, epochTokens: number): TributaryError {
  return new TributaryError(
    'SOURCE_CHANGED',
    `${source.description}: ${tokens} words after ${epoch} epochs, counted ${epoch * epochTokens}`,
    {
      hint: 'The corpus changed since it was counted. Start a new run.',
    },
  );
}

function tooManyWords(source: CorpusSource): TributaryError {
  return new TributaryError(
    'VOCABULARY_HUGE',
    `${source.description} holds more than ${MOST_DISTINCT.toLocaleString('en')} different words`,
    {
      hint: 'Clean the text, or give the words to train with --vocab.',
    },
  );
}

/** Words of a list: one or more a line, `word<TAB>count` lines give their word, lines that begin with ':' are headings. */
async function readWordList(path: string, options: OpenRequest['options']): Promise<ReadonlySet<string>> {
  const source = await openCorpus([path], options);
  const words = new Set<string>();
  try {
    const files = await source.list();
    for (const [index, file] of files.entries()) {
      for await (const lines of readLines(source, file, { file: index, start: 0, end: file.length })) {
        for (const line of lines) {
          if (line.startsWith(':')) continue;
          const counted = /^(\S+)\t\d+$/.exec(line);
          for (const word of counted === null ? wordsOf(line) : [counted[1]!]) if (word !== '') words.add(word);
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
