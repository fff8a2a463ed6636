// From the corpus to the pairs of an episode.
import type { RunEventLevel } from '../../protocol/status.ts';
import { GridTablesCache } from '../../word2vec/grid-tables.ts';
import { PairCollector, type PairRules } from '../../word2vec/skip-gram-pairs.ts';
import { keepBounds } from '../../word2vec/vocabulary.ts';
import { TributaryError } from '../errors.ts';
import type { Episode } from '../leases/episode.ts';
import { SCHEDULE } from '../run/config.ts';
import type { OpenedCorpus } from './code-feed.ts';
import { CodeFeed } from './code-feed.ts';
import { Encoder, GAP, LINE_END } from './encoder.ts';
import type { Normalisation } from './normalisation.ts';
import { PairBuffers, type PairMemory } from './pair-buffers.ts';
import type { PrepareRequest, TrainRequest } from './requests.ts';

/** Share of an epoch by which counts may be off without a warning. */
const NOTEWORTHY = 0.001;

export class Preparation {
  readonly #feed: CodeFeed;
  readonly #collector: PairCollector;
  readonly #buffers = new PairBuffers();
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
  readonly #note: (level: RunEventLevel, text: string) => void;
  #request: PrepareRequest | null = null;
  /** In-vocabulary tokens of the episode that is made, those beyond what was counted included. */
  #length = 0;

  /** @param note hears at the end of the first epoch how far counts that are not exact were off */
  constructor(
    corpus: OpenedCorpus,
    normalisation: Normalisation,
    request: TrainRequest,
    hashSeed: number,
    note: (level: RunEventLevel, text: string) => void,
  ) {
    const { words, counts, seed, window, sample, epochs, model, hs, schedule, heldOutLimit } = request;
    const objective = { model, hs };
    const total = counts.reduce((sum, count) => sum + count, 0);
    this.#feed = new CodeFeed(corpus, new Encoder({ words, normalisation, heldOutLimit, hashSeed }));
    const rules: PairRules = {
      seed,
      window,
      keep: keepBounds({ counts, total }, sample),
      objective,
      order: schedule === 'grid' ? 'shuffled' : 'text',
      chunkPairs: SCHEDULE.chunkPairs,
    };
    this.#collector = new PairCollector(rules, this.#buffers);
    this.#tables = new GridTablesCache(counts, sample, seed, objective);
    this.#note = note;
    this.#description = corpus.source.description;
    this.#epochTokens = total;
    this.#epochs = epochs;
    this.#exact = request.exact;
    this.#sentence = request.sentence === 'line' ? null : request.sentence;
  }

  /**
   * Held-out pieces give no pairs, but their tokens count as read, so that positions and totals are those of the corpus.
   * Where counts are not exact, an epoch's last tokens are made up or left out of the total, which is what was counted;
   * the last epoch ends with that total.
   * @throws TributaryError SOURCE_CHANGED when an epoch does not hold the tokens that were counted, VOCABULARY_FOREIGN
   * when it holds more than twice those of counts that are not exact
   */
  async prepare(request: PrepareRequest): Promise<Episode> {
    const { from, until, parts, number } = request;
    const feed = this.#feed;
    this.#request = request;
    this.#length = 0;
    const end = this.#epochTokens * this.#epochs;
    const last = Math.min(until, end);
    await this.#seek(from);
    let { tokens } = from;
    this.#beyond = from.beyond;
    while (!this.#reached(tokens, last) || this.#open > 0) {
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
    if (!this.#exact && tokens === end) await this.#tellRest();
    return { ...pairs, number, parts, from, to, kept };
  }

  /** The memory of an episode that is trained serves the next ones. */
  giveBack(memory: PairMemory): void {
    this.#buffers.giveBack(memory);
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
        this.#length++;
        if (sentence === null) done = full && this.#reached(tokens, last);
        else if (++this.#open === sentence) {
          this.#endSentence(epoch);
          done = this.#reached(tokens, last);
        }
      } else if (code === LINE_END) {
        feed.line++;
        this.#token = 0;
        if (sentence === null) {
          this.#endSentence(epoch);
          done = this.#reached(tokens, last);
        }
      } else {
        // No window reaches over a gap.
        this.#endSentence(epoch);
        const words = GAP - code;
        const counted = Math.min(words, epochEnd - tokens);
        tokens += counted;
        this.#beyond += words - counted;
        this.#token += words;
        this.#length += words;
        done = sentence !== null && this.#reached(tokens, last);
      }
    }
    feed.at = at;
    this.#refuseForeign(tokens);
    return tokens;
  }

  /**
   * Whether the episode has all that it shall have, at the end of a sentence. Beyond what was counted `tokens` stand
   * still, so its length bounds it as well; one that is made again ends where it ended.
   */
  #reached(tokens: number, last: number): boolean {
    const { from, until, stop } = this.#request!;
    if (stop === null) return tokens >= last || this.#length >= until - from.tokens;
    const feed = this.#feed;
    return (
      feed.epoch === stop.epoch && feed.split === stop.split && feed.line === stop.line && this.#token === stop.token
    );
  }

  /** Given counts of half the corpus' words, or a corpus that changed under an episode that is made again. */
  #refuseForeign(tokens: number): void {
    const { stop } = this.#request!;
    if (stop !== null && tokens > stop.tokens) throw this.#changed(tokens, this.#feed.epoch);
    if (this.#beyond <= this.#epochTokens) return;
    throw new TributaryError(
      'VOCABULARY_FOREIGN',
      `${this.#description} holds more than twice the ${this.#epochTokens} words of the vocabulary that its counts say`,
      { hint: 'Give --vocab the counts of the whole corpus, or leave it out.' },
    );
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
    if (!this.#exact && epoch === 1) this.#tellDifference(tokens + this.#beyond);
    this.#beyond = 0;
    return counted;
  }

  /** At the end of the last epoch. */
  async #tellRest(): Promise<void> {
    const feed = this.#feed;
    const isRest = (): boolean => feed.codes.subarray(feed.at).some((code) => code !== LINE_END);
    if (feed.epoch === this.#epochs || !(isRest() || ((await feed.fill()) && isRest()))) return;
    const words = this.#epochTokens.toLocaleString('en');
    this.#note(
      'warning',
      `the last epoch ended with the ${words} words that the counts say; the corpus has more, which it did not train`,
    );
  }

  #tellDifference(found: number): void {
    const counted = this.#epochTokens;
    const number = (value: number): string => value.toLocaleString('en');
    const share = Math.abs(found - counted) / counted;
    if (found === counted) this.#note('info', `the first epoch held the ${number(found)} words that the counts say`);
    else {
      this.#note(
        share > NOTEWORTHY ? 'warning' : 'info',
        `the first epoch held ${number(found)} words of the vocabulary, the counts say ${number(counted)}: ` +
          'progress and learning rate go by the counts',
      );
    }
  }

  #changed(tokens: number, epochs: number): TributaryError {
    return new TributaryError(
      'SOURCE_CHANGED',
      `${this.#description}: ${tokens} words after ${epochs} epochs, counted ${epochs * this.#epochTokens}`,
      { hint: 'The corpus changed since it was counted. Start a new run.' },
    );
  }
}
