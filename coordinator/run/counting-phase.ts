// The first part of a run, until its vocabulary is known: its progress, and what of it outlives an interruption.
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { CountsStatus, RunEventLevel } from '../../protocol/status.ts';
import { describeTextFaults } from '../corpus/text-faults.ts';
import { TributaryError } from '../errors.ts';
import type { IngestThread } from '../ingest/ingest-thread.ts';
import type { Counted } from '../ingest/requests.ts';
import type { RunConfig } from './config.ts';
import { countingFolder, forgetCounting, hasCounts, keepSettings } from './counting-folder.ts';
import { RateMeter } from './meters.ts';

export class CountingPhase {
  readonly #config: RunConfig;
  readonly #ingest: () => IngestThread;
  readonly #now: () => number;
  /** Its unit is bytes. */
  readonly #rate = new RateMeter(15_000);
  #bytes = 0;
  #running: Promise<Counted> | null = null;

  constructor(config: RunConfig, ingest: () => IngestThread, now: () => number) {
    this.#config = config;
    this.#ingest = ingest;
    this.#now = now;
  }

  /** Bytes of the corpus that are counted. */
  get bytes(): number {
    return this.#bytes;
  }

  get bytesPerSecond(): number {
    return this.#rate.wordsPerSecond;
  }

  progress(bytes: number): void {
    this.#bytes = bytes;
    this.#rate.sample(this.#now(), bytes);
  }

  /** Counts, or takes up what was counted. */
  async count(): Promise<Counted> {
    const { out, training, counting } = this.#config;
    await keepSettings(out, this.#config);
    // A run that never had a checkpoint may have trained: it begins again, and so does its journal.
    await rm(join(out, 'journal.jsonl'), { force: true });
    const { minCount, maxVocab } = training;
    this.#running = this.#ingest().count({
      minCount,
      maxVocab,
      threads: counting.threads,
      folder: countingFolder(out),
    });
    try {
      return await this.#running;
    } catch (error) {
      // With these no run goes on.
      const final = error instanceof TributaryError && /^(VOCABULARY_|CORPUS_EMPTY$)/.test(error.code);
      if (final || !hasCounts(out)) await forgetCounting(out);
      throw error;
    }
  }

  /** Ends counting, and keeps what is counted. @returns whether there is anything to go on with */
  async interrupt(): Promise<boolean> {
    if (this.#running === null) return false;
    this.#ingest().interrupt();
    // It fails with INTERRUPTED, or ends in the same moment; whoever began it hears of either.
    await this.#running.catch(() => undefined);
    return hasCounts(this.#config.out);
  }

  /** @param total bytes of the corpus */
  etaSeconds(total: number): number | null {
    const rate = this.bytesPerSecond;
    return rate > 0 ? Math.max(0, total - this.#bytes) / rate : null;
  }
}

/** Whether an epoch has exactly the tokens that the counts say. */
export function isExact({ source, pruned }: CountsStatus): boolean {
  return source === 'counted' && pruned === null;
}

const number = (value: number): string => value.toLocaleString('en');

/** Lines for the operator: where the counts come from, what they lack, and what had to be repaired in the text. */
export function describeCounts(
  { words, origin, textFaults }: Counted,
  epochTokens: number,
  minCount: number,
): [RunEventLevel, string][] {
  const { source, path, threads, splits, reused, distinct, tokens, pruned } = origin;
  const what = `${number(tokens)} words, ${number(distinct)} different ones`;
  const how =
    source === 'given'
      ? `as ${path} has them: the corpus itself was not counted`
      : `counted by ${threads === 1 ? 'one thread' : `${threads} threads`}` +
        (reused === 0 ? '' : `; ${number(reused)} of ${number(splits)} splits had been counted before`);
  const lines: [RunEventLevel, string][] = [
    ['info', `${number(words.length)} words in the vocabulary, ${number(epochTokens)} words an epoch`],
    ['info', `${what}, ${how}`],
  ];
  if (pruned !== null) {
    const sure = number(minCount + pruned.most);
    lines.push([
      'warning',
      `memory did not suffice for all words: those seen fewer than ${number(pruned.minimum)} times were forgotten on the way, ` +
        `${number(pruned.tokens)} occurrences in all. Counts may be too low by up to ${number(pruned.most)}; words that occur ` +
        `${sure} times or more are all there, rarer ones may be missing. Give --count-memory more, or raise --min-count`,
    ]);
  }
  for (const line of describeTextFaults(textFaults)) lines.push(['warning', line]);
  return lines;
}
