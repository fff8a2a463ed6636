// The corpus as an endless feed of lines, epoch after epoch, from any position.
import { readLines } from '../corpus/lines.ts';
import type { CorpusFile, CorpusSource } from '../corpus/source.ts';
import type { Split } from '../corpus/splits.ts';

export class LineFeed {
  readonly #source: CorpusSource;
  readonly #files: readonly CorpusFile[];
  readonly #splits: readonly Split[];
  #epoch = 0;
  #split = 0;
  /** Lines of the split already given. */
  #line = 0;
  #batches: AsyncIterator<readonly string[]> | null = null;
  #batch: readonly string[] = [];
  #at = 0;

  constructor(source: CorpusSource, files: readonly CorpusFile[], splits: readonly Split[]) {
    this.#source = source;
    this.#files = files;
    this.#splits = splits;
  }

  /** Position of the line that `take` gives next. */
  get epoch(): number {
    return this.#epoch;
  }

  get split(): number {
    return this.#split;
  }

  get line(): number {
    return this.#line;
  }

  /** Moves to line `line` of a split. */
  async seek(epoch: number, split: number, line: number): Promise<void> {
    if (epoch === this.#epoch && split === this.#split && line === this.#line) return;
    await this.#leaveSplit();
    this.#epoch = epoch;
    this.#split = split;
    this.#line = 0;
    while (this.#line < line && (await this.fill())) {
      const skipped = Math.min(line - this.#line, this.#batch.length - this.#at);
      this.#at += skipped;
      this.#line += skipped;
    }
  }

  /** Loads lines until one can be taken; false at the end of the epoch, after which the next epoch begins. */
  async fill(): Promise<boolean> {
    while (this.#at >= this.#batch.length) {
      const split = this.#splits[this.#split];
      if (split === undefined) {
        this.#epoch++;
        this.#split = 0;
        this.#line = 0;
        return false;
      }
      this.#batches ??= readLines(this.#source, this.#files[split.file]!, split)[Symbol.asyncIterator]();
      const next = await this.#batches.next();
      this.#at = 0;
      if (next.done === true) {
        this.#batches = null;
        this.#batch = [];
        this.#split++;
        this.#line = 0;
      } else {
        this.#batch = next.value;
      }
    }
    return true;
  }

  /** The next line, once `fill` answered true; undefined when more must be loaded. */
  take(): string | undefined {
    const line = this.#batch[this.#at];
    if (line === undefined) return undefined;
    this.#at++;
    this.#line++;
    return line;
  }

  /** The next line without taking it. */
  peek(): string | undefined {
    return this.#batch[this.#at];
  }

  async #leaveSplit(): Promise<void> {
    await this.#batches?.return?.();
    this.#batches = null;
    this.#batch = [];
    this.#at = 0;
  }

  async close(): Promise<void> {
    await this.#leaveSplit();
  }
}

/** Control characters count as blanks: the word2vec file formats cannot hold them in a word, nor should a terminal. */
const BLANKS = /[\0-\x20\x7f-\xa0]+/u;

/** Characters of the longest word; what is longer is no word, and the file formats have a limit as well. */
const LONGEST_WORD = 1000;

/** Words of a line: what stands between blanks. The first and last may be empty. */
export function wordsOf(line: string): string[] {
  const words = line.split(BLANKS);
  return line.length > LONGEST_WORD ? words.filter((word) => word.length <= LONGEST_WORD) : words;
}

/** Index of a line's first word: 1 when blanks come before it. */
export function firstWord(words: readonly string[]): number {
  return words[0] === '' ? 1 : 0;
}
