// What all readers of a corpus do, gathered from their threads: amounts, nodes, and the state of every file.
import type { BroadcastChannel } from 'node:worker_threads';
import { type CorpusFileLine, type CorpusPass, FILE_STATES, type FileState } from '../../../protocol/corpus.ts';
import { type FileTable, splitAt } from './file-table.ts';
import { NodeBook } from './node-book.ts';
import { PassProgress, type StateCounts } from './pass-progress.ts';
import { type ReadMessage, readingChannel, type ReadStep } from './reports.ts';

/** The window of the rate, ms. */
const RATE_MS = 10_000;
/** Open files that are told. */
const MOST_OPEN = 16;

export interface FileQuery {
  /** Matching files to leave out first, and most to tell. */
  readonly from: number;
  readonly count: number;
  /** null: whatever state. */
  readonly state: FileState | null;
  /** Part of the path, in any case; '' for all. */
  readonly find: string;
}

export interface FilePage {
  /** Files that match. */
  readonly found: number;
  readonly lines: readonly CorpusFileLine[];
}

export class ReadingBoard {
  readonly nodes = new NodeBook();
  readonly #channel: BroadcastChannel;
  readonly #now: () => number;
  #table: FileTable | null = null;
  #files: ReadonlyMap<string, number> = new Map();
  #pass: CorpusPass = 'opening';
  #progress: PassProgress | null = null;
  /** By reader and number; opened last comes last. */
  readonly #open = new Map<string, { readonly path: string; readonly since: number }>();
  #bytes = 0;
  /** Bytes of the window, oldest first. */
  readonly #amounts: { readonly time: number; readonly bytes: number }[] = [];

  /** @param name as in CorpusOptions.hdfsWaits @param now ms, monotonic */
  constructor(name: string, now: () => number) {
    this.#now = now;
    this.#channel = readingChannel(name);
    this.#channel.onmessage = (event): void => this.hear((event as { readonly data: ReadMessage }).data);
  }

  hear(message: ReadMessage): void {
    switch (message.kind) {
      case 'files':
        this.#table = message.table;
        this.#files = new Map(message.table.paths.map((path, file) => [path, file]));
        return;
      case 'pass':
        this.#pass = message.pass;
        if (this.#table !== null)
          this.#progress = new PassProgress(this.#table, message.done, message.pass === 'training');
        return;
      case 'batch': {
        const now = this.#now();
        let bytes = 0;
        for (const tally of message.nodes) {
          this.nodes.add(tally, now);
          bytes += tally.bytes;
        }
        this.#bytes += bytes;
        if (bytes > 0) this.#amounts.push({ time: now, bytes });
        this.#trim(now);
        for (const step of message.steps) this.#step(message.reader, step);
        return;
      }
      case 'closed':
        for (const key of this.#open.keys()) if (key.startsWith(`${message.reader}/`)) this.#open.delete(key);
        return;
    }
  }

  get pass(): CorpusPass {
    return this.#pass;
  }

  /** Since the process began. */
  get bytesRead(): number {
    return this.#bytes;
  }

  get bytesPerSecond(): number {
    this.#trim(this.#now());
    return this.#amounts.reduce((sum, { bytes }) => sum + bytes, 0) / (RATE_MS / 1000);
  }

  /** Files that are open, opened last first. */
  get reading(): { readonly path: string; readonly since: number }[] {
    return [...this.#open.values()].slice(-MOST_OPEN).toReversed();
  }

  get states(): StateCounts {
    const { counts } = this.#progress ?? {};
    return counts ?? { waiting: this.#table?.paths.length ?? 0, reading: 0, done: 0, failed: 0 };
  }

  /** Looks at every file when it has to: some milliseconds for 100,000 of them. */
  page({ from, count, state, find }: FileQuery): FilePage {
    const table = this.#table;
    if (table === null) return { found: 0, lines: [] };
    const files = table.paths.length;
    const line = (file: number): CorpusFileLine => ({
      number: file + 1,
      path: table.paths[file]!,
      bytes: table.lengths[file]!,
      splits: table.firstSplit[file + 1]! - table.firstSplit[file]!,
      done: this.#progress?.doneOf(file) ?? 0,
      state: this.#stateOf(file),
      error: this.#progress?.errorOf(file) ?? '',
    });
    const lines: CorpusFileLine[] = [];
    if (state === null && find === '') {
      for (let file = from; file < Math.min(files, from + count); file++) lines.push(line(file));
      return { found: files, lines };
    }
    const sought = find.toLowerCase();
    let found = 0;
    for (let file = 0; file < files; file++) {
      if (state !== null && this.#stateOf(file) !== state) continue;
      if (sought !== '' && !table.paths[file]!.toLowerCase().includes(sought)) continue;
      if (found >= from && lines.length < count) lines.push(line(file));
      found++;
    }
    return { found, lines };
  }

  close(): void {
    this.#channel.close();
  }

  #stateOf(file: number): FileState {
    return this.#progress?.stateOf(file) ?? 'waiting';
  }

  #step(reader: string, { read, path, offset, length, end, error }: ReadStep): void {
    const key = `${reader}/${read}`;
    if (end === null) this.#open.set(key, { path, since: Date.now() });
    else this.#open.delete(key);
    const table = this.#table;
    const file = this.#files.get(path);
    if (table === null || file === undefined || this.#progress === null) return;
    const split = splitAt(table, file, offset, length);
    if (split === null) return;
    if (end === null) this.#progress.began(split);
    else this.#progress.ended(split, end, error);
  }

  #trim(now: number): void {
    while (this.#amounts.length > 0 && now - this.#amounts[0]!.time > RATE_MS) this.#amounts.shift();
  }
}

/** Whether it names a state of files. */
export function isFileState(text: string): text is FileState {
  return FILE_STATES.some((state) => state === text);
}
