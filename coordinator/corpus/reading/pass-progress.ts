// How far a pass over the corpus is, file by file, in memory that does not depend on how often it is asked.
import type { FileState } from '../../../protocol/corpus.ts';
import type { FileTable } from './file-table.ts';
import type { ReadEnd } from './reports.ts';

const WAITING = 0;
const READING = 1;
const DONE = 2;

export type StateCounts = Record<FileState, number>;

/**
 * Counting threads take splits in any order. Training reads them in theirs, epoch after epoch, so that there a split
 * that begins says what all others are: those before are done, those behind wait.
 */
export class PassProgress {
  readonly #table: FileTable;
  readonly #inOrder: boolean;
  /** Shape (S). */
  readonly #splits: Uint8Array;
  /** Splits of each file that are done, and that are being read. Shape (F). */
  readonly #done: Uint32Array;
  readonly #reading: Uint32Array;
  /** What failed, by file. */
  readonly #failed = new Map<number, string>();
  readonly #counts: StateCounts;
  /** In order: splits before it are done. */
  #next = 0;

  /** @param done splits that need no reading any more @param inOrder whether splits are read in their order */
  constructor(table: FileTable, done: Iterable<number>, inOrder: boolean) {
    const files = table.paths.length;
    this.#table = table;
    this.#inOrder = inOrder;
    this.#splits = new Uint8Array(table.starts.length);
    this.#done = new Uint32Array(files);
    this.#reading = new Uint32Array(files);
    this.#counts = { waiting: files, reading: 0, done: 0, failed: 0 };
    for (const split of done) this.#set(split, DONE);
  }

  /** Files in each state. */
  get counts(): Readonly<StateCounts> {
    return { ...this.#counts };
  }

  stateOf(file: number): FileState {
    if (this.#failed.has(file)) return 'failed';
    const done = this.#done[file]!;
    if (done === this.#splitsOf(file)) return 'done';
    return done > 0 || this.#reading[file]! > 0 ? 'reading' : 'waiting';
  }

  doneOf(file: number): number {
    return this.#done[file]!;
  }

  /** Why it failed; '' where it did not. */
  errorOf(file: number): string {
    return this.#failed.get(file) ?? '';
  }

  began(split: number): void {
    if (this.#inOrder) {
      if (split < this.#next) for (let at = split; at < this.#next; at++) this.#set(at, WAITING);
      else for (let at = this.#next; at < split; at++) this.#set(at, DONE);
      this.#next = split;
    }
    this.#set(split, READING);
  }

  ended(split: number, end: ReadEnd, error: string): void {
    if (end === 'failed') this.#fail(this.fileOf(split), error);
    this.#set(split, end === 'done' ? DONE : WAITING);
    if (this.#inOrder && end === 'done') this.#next = split + 1;
  }

  /** Which file a split is of. */
  fileOf(split: number): number {
    const { firstSplit } = this.#table;
    let low = 0;
    let high = firstSplit.length - 2;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (firstSplit[middle]! <= split) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  #splitsOf(file: number): number {
    const { firstSplit } = this.#table;
    return firstSplit[file + 1]! - firstSplit[file]!;
  }

  #set(split: number, state: number): void {
    const before = this.#splits[split];
    if (before === undefined || before === state) return;
    const file = this.fileOf(split);
    const old = this.stateOf(file);
    if (before === DONE) this.#done[file]!--;
    if (before === READING) this.#reading[file]!--;
    if (state === DONE) this.#done[file]!++;
    if (state === READING) this.#reading[file]!++;
    this.#splits[split] = state;
    // It is read again, and so far it does.
    if (state === READING) this.#failed.delete(file);
    this.#move(file, old);
  }

  #fail(file: number, error: string): void {
    const old = this.stateOf(file);
    this.#failed.set(file, error);
    this.#move(file, old);
  }

  #move(file: number, old: FileState): void {
    this.#counts[old]--;
    this.#counts[this.stateOf(file)]++;
  }
}
