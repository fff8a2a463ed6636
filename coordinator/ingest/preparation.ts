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
  readonly #exact: boolean;
  /** Tokens of a sentence; null where lines are sentences. */
  readonly #sentence: number | null;
  /** Where the feed stands within its line: in-vocabulary tokens read. */
  #token = 0;
  /** Tokens of the open sentence, where sentences have a number of them: an episode never ends within one. */
  #open = 0;
  /** In-vocabulary tokens that this epoch has beyond those counted. */
  #beyond = 0;

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
    this.#exact = request.exact;
    this.#sentence = request.sentence === 'line' ? null : request.sentence;
  }

  /**
   * Held-out pieces give no pairs, but their tokens count as read, so that positions and totals are those of the corpus.
   * Where counts are not exact, an epoch's last tokens are made up or left out of the total, which is what was counted.
   * @throws TributaryError SOURCE_CHANGED when an epoch does not hold the tokens that were counted
   */
  async prepare({ from, until, parts, number }: PrepareRequest): Promise<Episode> {
    const feed = this.#feed;
    const end = this.#epochTokens * this.#epochs;
    const last = Math.min(until, end);
    await this.#seek(from);
    let { tokens } = from;
    this.#beyond = from.beyond;
    while (tokens < last || this.#open > 0) {
      if (feed.at < feed.codes.length) {
        tokens = this.#read(tokens, last);
        continue;
      }
      const { file, epoch } = feed;
      const more = await feed.fill();
      // No sentence reaches over two files.
      if (!more || feed.file !== file) this.#endSentence(epoch);
      if (!more) tokens = this.#endEpoch(tokens);
    }
    if (tokens > end) throw this.#changed(tokens, this.#epochs);
    const { kept } = this.#collector;
    const pairs = this.#collector.bucket(this.#tables.of(parts), number);
    const to = {
      epoch: feed.epoch,
      split: feed.split,
      line: feed.line,
      token: this.#token,
      tokens,
      beyond: this.#beyond,
    };
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
    const sentence = this.#sentence;
    const { codes, epoch } = feed;
    const epochStart = epoch * this.#epochTokens;
    const epochEnd = this.#exact ? Number.POSITIVE_INFINITY : epochStart + this.#epochTokens;
    let { at } = feed;
    let tokens = before;
    let done = false;
    while (at < codes.length && !done) {
      const code = codes[at++]!;
      if (code >= 0) {
        const full = collector.add(code, epoch, tokens - epochStart + this.#beyond);
        if (tokens < epochEnd) tokens++;
        else this.#beyond++;
        this.#token++;
        if (sentence === null) done = full && tokens >= last;
        else if (++this.#open === sentence) {
          this.#endSentence(epoch);
          done = tokens >= last;
        }
      } else if (code === LINE_END) {
        feed.line++;
        this.#token = 0;
        if (sentence === null) {
          this.#endSentence(epoch);
          done = tokens >= last;
        }
      } else {
        // No window reaches over a gap.
        this.#endSentence(epoch);
        const words = GAP - code;
        const counted = Math.min(words, epochEnd - tokens);
        tokens += counted;
        this.#beyond += words - counted;
        this.#token += words;
        done = sentence !== null && tokens >= last;
      }
    }
    feed.at = at;
    return tokens;
  }

  #endSentence(epoch: number): void {
    this.#collector.endSentence(epoch);
    this.#open = 0;
  }

  /** At the end of an epoch, when the feed has begun the next. @returns tokens read, by what was counted */
  #endEpoch(tokens: number): number {
    const { epoch } = this.#feed;
    const counted = epoch * this.#epochTokens;
    // Without a single word, what is counted would be another corpus' altogether.
    if (this.#exact ? tokens !== counted : tokens === counted - this.#epochTokens) throw this.#changed(tokens, epoch);
    this.#beyond = 0;
    return counted;
  }

  #changed(tokens: number, epochs: number): TributaryError {
    return new TributaryError(
      'SOURCE_CHANGED',
      `${this.#description}: ${tokens} words after ${epochs} epochs, counted ${epochs * this.#epochTokens}`,
      { hint: 'The corpus changed since it was counted. Start a new run.' },
    );
  }
}
