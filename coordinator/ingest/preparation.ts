// From the corpus to the pairs of an episode.
import { GridTablesCache } from '../../word2vec/grid-tables.ts';
import { PairCollector } from '../../word2vec/skip-gram-pairs.ts';
import { keepBounds } from '../../word2vec/vocabulary.ts';
import { TributaryError } from '../errors.ts';
import type { Episode } from '../leases/episode.ts';
import { SCHEDULE } from '../run/config.ts';
import type { OpenedCorpus } from './code-feed.ts';
import { CodeFeed } from './code-feed.ts';
import { Encoder, GAP, LINE_END } from './encoder.ts';
import type { Normalisation } from './normalisation.ts';
import type { PrepareRequest, TrainRequest } from './requests.ts';

export class Preparation {
  readonly #feed: CodeFeed;
  readonly #collector: PairCollector;
  readonly #tables: GridTablesCache;
  readonly #description: string;
  /** In-vocabulary tokens of one epoch. */
  readonly #epochTokens: number;
  readonly #epochs: number;
  /** Where the feed stands within its line: in-vocabulary tokens read. */
  #token = 0;

  constructor(corpus: OpenedCorpus, normalisation: Normalisation, request: TrainRequest, hashSeed: number) {
    const { words, counts, seed, window, sample, epochs, model, hs, schedule, heldOutLimit } = request;
    const objective = { model, hs };
    const total = counts.reduce((sum, count) => sum + count, 0);
    this.#feed = new CodeFeed(corpus, new Encoder({ words, normalisation, heldOutLimit, hashSeed }));
    this.#collector = new PairCollector({
      seed,
      window,
      keep: keepBounds({ counts, total }, sample),
      objective,
      order: schedule === 'grid' ? 'shuffled' : 'text',
      chunkPairs: SCHEDULE.chunkPairs,
    });
    this.#tables = new GridTablesCache(counts, sample, seed, objective);
    this.#description = corpus.source.description;
    this.#epochTokens = total;
    this.#epochs = epochs;
  }

  /**
   * Held-out pieces give no pairs, but their tokens count as read, so that positions and totals are those of the corpus.
   * @throws TributaryError SOURCE_CHANGED when an epoch does not hold the tokens that were counted
   */
  async prepare({ from, until, parts, number }: PrepareRequest): Promise<Episode> {
    const feed = this.#feed;
    const end = this.#epochTokens * this.#epochs;
    const last = Math.min(until, end);
    await this.#seek(from);
    let { tokens } = from;
    while (tokens < last) {
      if (feed.at < feed.codes.length) tokens = this.#read(tokens, last);
      else if (!(await feed.fill()) && tokens !== feed.epoch * this.#epochTokens)
        throw this.#changed(tokens, feed.epoch);
    }
    if (tokens > end) throw this.#changed(tokens, this.#epochs);
    const { kept } = this.#collector;
    const pairs = this.#collector.bucket(this.#tables.of(parts), number);
    const to = { epoch: feed.epoch, split: feed.split, line: feed.line, token: this.#token, tokens };
    return { ...pairs, number, parts, from, to, kept };
  }

  async close(): Promise<void> {
    await this.#feed.close();
  }

  async #seek({ epoch, split, line, token }: PrepareRequest['from']): Promise<void> {
    const feed = this.#feed;
    if (epoch === feed.epoch && split === feed.split && line === feed.line && token === this.#token) return;
    await feed.seek(epoch, split, line);
    this.#token = 0;
    // A line is encoded as a whole.
    while (this.#token < token && (feed.at < feed.codes.length || (await feed.fill()))) {
      const code = feed.codes[feed.at++]!;
      this.#token += code <= GAP ? GAP - code : 1;
    }
  }

  /** Reads codes until they are used up, or a sentence ends when `last` tokens are read. @returns tokens read */
  #read(before: number, last: number): number {
    const feed = this.#feed;
    const collector = this.#collector;
    const { codes, epoch } = feed;
    const epochStart = epoch * this.#epochTokens;
    let { at } = feed;
    let tokens = before;
    let done = false;
    while (at < codes.length && !done) {
      const code = codes[at++]!;
      if (code >= 0) {
        const full = collector.add(code, epoch, tokens - epochStart);
        tokens++;
        this.#token++;
        done = full && tokens >= last;
      } else {
        collector.endSentence(epoch);
        if (code === LINE_END) {
          feed.line++;
          this.#token = 0;
          done = tokens >= last;
        } else {
          // No window reaches over a gap.
          tokens += GAP - code;
          this.#token += GAP - code;
        }
      }
    }
    feed.at = at;
    return tokens;
  }

  #changed(tokens: number, epochs: number): TributaryError {
    return new TributaryError(
      'SOURCE_CHANGED',
      `${this.#description}: ${tokens} words after ${epochs} epochs, counted ${epochs * this.#epochTokens}`,
      { hint: 'The corpus changed since it was counted. Start a new run.' },
    );
  }
}
