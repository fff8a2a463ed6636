// The work of the ingest thread: corpus to vocabulary, and to the pairs of an episode.
import type { CountsStatus, RunEventLevel } from '../../protocol/status.ts';
import { Word2vecError } from '../../word2vec/errors.ts';
import type { Vocabulary, VocabularyRules } from '../../word2vec/vocabulary.ts';
import { buildVocabulary } from '../../word2vec/vocabulary.ts';
import { listingOf } from '../corpus/listing.ts';
import { openCorpus } from '../corpus/open.ts';
import { fileTable } from '../corpus/reading/file-table.ts';
import { type ReadingPass, tellReading } from '../corpus/reading/reports.ts';
import { planSplits } from '../corpus/splits.ts';
import type { TextFaults } from '../corpus/text-faults.ts';
import { NO_TEXT_FAULTS } from '../corpus/text-faults.ts';
import { TributaryError } from '../errors.ts';
import type { Episode } from '../leases/episode.ts';
import type { OpenedCorpus } from './code-feed.ts';
import { CorpusCount } from './corpus-count.ts';
import { sampleCorpus } from './corpus-sample.ts';
import type { GivenWords } from './given-words.ts';
import { readGivenWords } from './given-words.ts';
import type { HeldOutLines } from './held-out-lines.ts';
import type { PairMemory } from './pair-buffers.ts';
import { Preparation } from './preparation.ts';
import type { Counted, CountRequest, Opened, OpenRequest, PrepareRequest, TrainRequest } from './requests.ts';
import type { WordCounter } from './word-counter.ts';

/** Bytes between two progress reports. */
const PROGRESS_BYTES = 1 << 20;

/** Least share of the corpus' words that given counts must know. */
const LEAST_KNOWN = 0.01;

/** What the ingest tells while it works, and the clock it works by. */
export interface IngestEdges {
  now(): number;
  wait(ms: number): Promise<void>;
  /** Bytes of the corpus that are counted so far. */
  progress(bytes: number): void;
  note(level: RunEventLevel, text: string): void;
}

interface Words {
  readonly counter: WordCounter;
  readonly heldOut: HeldOutLines;
  readonly textFaults: TextFaults;
  readonly origin: CountsStatus;
}

export class Ingest {
  readonly #edges: IngestEdges;
  readonly #hashSeed: number;
  #request: OpenRequest | null = null;
  #corpus: OpenedCorpus | null = null;
  #given: GivenWords | null = null;
  #count: CorpusCount | null = null;
  readonly #interruption = new AbortController();
  #preparation: Preparation | null = null;

  /** @param hashSeed any 32-bit integer, which nobody who writes a corpus should know: only speed depends on it */
  constructor(edges: IngestEdges, hashSeed = 0) {
    this.#edges = edges;
    this.#hashSeed = hashSeed;
  }

  async open(request: OpenRequest): Promise<Opened> {
    this.#request = request;
    if (request.vocab !== '') {
      const { options: corpus, memory: limitBytes } = request;
      const rules = request.normalisation;
      this.#given = await readGivenWords(request.vocab, { corpus, rules, limitBytes, hashSeed: this.#hashSeed });
    }
    const source = await openCorpus(request.corpus, request.options);
    const files = await source.list();
    const splits = await planSplits(source, files, request.splitBytes);
    this.#corpus = { source, files, splits };
    tellReading(request.options.hdfsWaits, { kind: 'files', table: fileTable(files, splits) });
    const bytes = files.reduce((sum, file) => sum + file.length, 0);
    return {
      description: source.description,
      files: files.length,
      bytes,
      splits: splits.length,
      listing: listingOf(files),
    };
  }

  async count(request: CountRequest): Promise<Counted> {
    const given = this.#given;
    const { counter, heldOut, textFaults, origin } =
      given?.kind === 'counts' ? await this.#sample(given, request) : await this.#countAll(request);
    const { words, counts } = vocabularyOf(counter, request);
    return { words, counts, heldOut, textFaults, origin };
  }

  /** What is being counted is kept, and `count` fails with INTERRUPTED. */
  interrupt(): void {
    this.#count?.interrupt();
    this.#interruption.abort(new TributaryError('INTERRUPTED', 'interrupted while a sample of the corpus was read'));
  }

  async #countAll({ threads, folder }: CountRequest): Promise<Words> {
    const { corpus, options, normalisation, memory } = this.#request!;
    const only = this.#given?.kind === 'list' ? this.#given.words : null;
    const hashSeed = this.#hashSeed;
    const order = { corpus, options, rules: normalisation, only, threads, memory, folder, hashSeed };
    let reported = 0;
    this.#count = new CorpusCount(this.#corpus!, order, {
      ...this.#edges,
      progress: (bytes) => {
        if (bytes - reported >= PROGRESS_BYTES) this.#edges.progress((reported = bytes));
      },
    });
    const { counter, textFaults, status } = await this.#count.run();
    if (counter.tokens === 0) {
      const { description } = this.#corpus!.source;
      throw new TributaryError(
        'CORPUS_EMPTY',
        `${description} holds no words${only === null ? '' : ' of the word list'}`,
        {
          hint:
            only === null
              ? 'Name a corpus of plain text, words separated by blanks.'
              : 'Give --vocab words of this corpus, by the same rules for words (--lowercase and the like).',
        },
      );
    }
    return { counter, heldOut: counter.heldOut.finish(counter.tokens), textFaults, origin: status };
  }

  /**
   * Without a pass over the corpus, what is held out is chosen from a sample of it, as if that were all; pieces with
   * hashes as small are not trained wherever they stand.
   * @throws TributaryError VOCABULARY_FOREIGN when the sample has next to none of the words
   */
  async #sample({ counter }: Extract<GivenWords, { kind: 'counts' }>, request: CountRequest): Promise<Words> {
    const corpus = this.#corpus!;
    const { vocab, normalisation } = this.#request!;
    this.#begin('sampling');
    const sample = await sampleCorpus(corpus, normalisation, this.#hashSeed, this.#interruption.signal);
    const known = new Set(vocabularyOf(counter, request).words);
    let tokens = 0;
    for (const [word, count] of sample.entries()) if (known.has(word)) tokens += count;
    if (tokens < LEAST_KNOWN * sample.tokens || sample.tokens === 0) {
      throw new TributaryError(
        'VOCABULARY_FOREIGN',
        `${vocab} knows ${tokens} of the first ${sample.tokens} words that were read of ${corpus.source.description}`,
        { hint: 'Give --vocab the counts of this corpus, by the same rules for words (--lowercase and the like).' },
      );
    }
    const { distinct, pruned } = counter;
    const origin: CountsStatus = {
      source: 'given',
      path: vocab,
      threads: 0,
      splits: corpus.splits.length,
      reused: 0,
      distinct,
      tokens: counter.tokens,
      pruned: pruned.times === 0 ? null : pruned,
    };
    return { counter, heldOut: sample.heldOut.finish(sample.tokens), textFaults: NO_TEXT_FAULTS, origin };
  }

  train(request: TrainRequest): void {
    this.#begin('training');
    this.#preparation = new Preparation(
      this.#corpus!,
      this.#request!.normalisation,
      request,
      this.#hashSeed,
      (level, text) => this.#edges.note(level, text),
    );
  }

  /** @throws TributaryError SOURCE_CHANGED when an epoch does not hold the tokens that were counted */
  prepare(request: PrepareRequest): Promise<Episode> {
    return this.#preparation!.prepare(request);
  }

  #begin(pass: ReadingPass): void {
    tellReading(this.#request!.options.hdfsWaits, { kind: 'pass', pass, done: new Uint32Array(0) });
  }

  /** The memory of an episode that is trained serves the next ones. */
  giveBack(memory: PairMemory): void {
    this.#preparation!.giveBack(memory);
  }

  async close(): Promise<void> {
    await this.#preparation?.close();
    await this.#corpus?.source.close();
  }
}

function vocabularyOf(counter: WordCounter, rules: VocabularyRules): Vocabulary {
  const { distinct: size } = counter;
  const words = { size, [Symbol.iterator]: () => counter.entries(rules.minCount) };
  return refuseTiny(() => buildVocabulary(words, rules));
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
