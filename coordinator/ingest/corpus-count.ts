// Counts an opened corpus: what a run had counted before is taken up, threads do the rest, and the folder has it all.
import type { CountsStatus, RunEventLevel } from '../../protocol/status.ts';
import type { CorpusOptions } from '../corpus/source.ts';
import { tellReading } from '../corpus/reading/reports.ts';
import type { TextFaults } from '../corpus/text-faults.ts';
import type { OpenedCorpus } from './code-feed.ts';
import type { CountLane } from './count-lane.ts';
import { CountThread } from './count-lane.ts';
import { CountStore } from './count-store.ts';
import type { Tally } from './counting.ts';
import { ALL_LINES, Counting, newTally, splitsCounted } from './counting.ts';
import type { Normalisation } from './normalisation.ts';
import type { CountPlan } from './part-counter.ts';
import { PartCounter } from './part-counter.ts';
import { WordCounter } from './word-counter.ts';

/** Share of the memory that the threads' tables may have, before they are merged into one. */
const THREADS_SHARE = 1 / 3;
/** A part is given away before its table doubles: while it grows it is there twice. */
const GROWTH = 4;
/** Milliseconds of a part: what a lost process has counted in vain, at most, a thread. */
const PART_MS = 10_000;
/** A corpus of fewer bytes is counted before a thread has started. */
const SMALL_BYTES = 4 << 20;

export interface CountOrder {
  readonly corpus: readonly string[];
  readonly options: CorpusOptions;
  readonly rules: Normalisation;
  readonly only: ReadonlySet<string> | null;
  /** Most threads. */
  readonly threads: number;
  /** Bytes for tables of words, in all. */
  readonly memory: number;
  /** Where counts are kept; '' for nowhere. */
  readonly folder: string;
  readonly hashSeed: number;
}

export interface CountEdges {
  now(): number;
  wait(ms: number): Promise<void>;
  /** Bytes of the corpus that are read, those before this process included. */
  progress(bytes: number): void;
  note(level: RunEventLevel, text: string): void;
}

export interface CorpusCounts {
  readonly counter: WordCounter;
  readonly textFaults: TextFaults;
  readonly status: CountsStatus;
}

export class CorpusCount {
  readonly #opened: OpenedCorpus;
  readonly #order: CountOrder;
  readonly #edges: CountEdges;
  #counting: Counting | null = null;
  #interrupted = false;

  constructor(opened: OpenedCorpus, order: CountOrder, edges: CountEdges) {
    this.#opened = opened;
    this.#order = order;
    this.#edges = edges;
  }

  /** `run` ends soon, with what is counted in the folder. */
  interrupt(): void {
    this.#interrupted = true;
    this.#counting?.interrupt();
  }

  /** @throws TributaryError INTERRUPTED, SOURCE_CHANGED where the folder has the counts of another corpus */
  async run(): Promise<CorpusCounts> {
    const { splits } = this.#opened;
    const { rules, only, memory, folder, hashSeed } = this.#order;
    const counter = new WordCounter(rules, memory * (1 - THREADS_SHARE), { only, hashSeed });
    const tally = newTally(counter, splits.length);
    const key = { ...this.#opened, rules, only: only === null ? null : [...only] };
    const store = folder === '' ? null : await CountStore.open(folder, key);
    const goesOn = (await store?.load(tally)) === true;
    const reused = splitsCounted(tally);
    if (goesOn) {
      const words = counter.tokens.toLocaleString('en');
      this.#edges.note(
        'info',
        `counting goes on: ${words} words are counted already, ${reused} of ${splits.length} splits whole`,
      );
    }
    this.#tellPass(tally);
    const lanes = this.#lanes(tally);
    try {
      this.#counting = new Counting(tally, lanes, {
        now: () => this.#edges.now(),
        wait: (ms) => this.#edges.wait(ms),
        save: async (now) => store?.save(now),
        unsaved: (error) => this.#edges.note('warning', error instanceof Error ? error.message : String(error)),
        added: this.#watchMemory(counter),
      });
      if (this.#interrupted) this.#counting.interrupt();
      await this.#counting.run();
    } finally {
      for (const lane of lanes) await lane.close();
    }
    const { tokens, distinct, pruned } = counter;
    const status: CountsStatus = {
      source: 'counted',
      path: '',
      threads: lanes.length,
      splits: splits.length,
      reused,
      distinct,
      tokens,
      pruned: pruned.times === 0 ? null : pruned,
    };
    return { counter, textFaults: tally.textFaults, status };
  }

  #tellPass({ lines }: Tally): void {
    const done = Uint32Array.from([...lines.keys()].filter((split) => lines[split] === ALL_LINES));
    tellReading(this.#order.options.hdfsWaits, { kind: 'pass', pass: 'counting', done });
  }

  #lanes(tally: Tally): CountLane[] {
    const { source, files, splits } = this.#opened;
    const { corpus, options, rules, only, memory, hashSeed } = this.#order;
    const open = [...splits.entries()].filter(([split]) => tally.lines[split] !== ALL_LINES);
    const bytes = open.reduce((sum, [, { start, end }]) => sum + end - start, 0);
    let done = splits.reduce((sum, { start, end }) => sum + end - start, 0) - bytes;
    const read = (more: number): void => this.#edges.progress((done += more));
    const threads = Math.max(1, Math.min(this.#order.threads, open.length));
    const plan: CountPlan = {
      files,
      splits,
      rules,
      only: only === null ? null : [...only],
      hashSeed,
      tableBytes: (memory * THREADS_SHARE) / threads / GROWTH,
      partMs: PART_MS,
    };
    if (bytes < SMALL_BYTES) return [new PartCounter(source, plan, { now: () => this.#edges.now(), read })];
    // They read at the same time, and nobody else does: the ingest thread waits for them.
    const shared = { ...options, hdfsThreads: threads };
    return Array.from({ length: threads }, () => new CountThread(corpus, shared, plan, read));
  }

  /** Says once that words are being forgotten; how many, and what it means, is said at the end. */
  #watchMemory(counter: WordCounter): () => void {
    let warned = counter.pruned.times > 0;
    return () => {
      if (warned || counter.pruned.times === 0) return;
      warned = true;
      const mebibytes = Math.round(this.#order.memory / 2 ** 20);
      this.#edges.note(
        'warning',
        `the memory for counting (${mebibytes} MiB) is full: words seen fewer than ${counter.pruned.minimum} times are ` +
          'forgotten to make room; give --count-memory more to keep them',
      );
    };
  }
}
