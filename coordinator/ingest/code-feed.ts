// The corpus as an endless feed of codes, epoch after epoch, from any line.
import type { LineBlock } from '../corpus/lines.ts';
import { readLineBlocks } from '../corpus/lines.ts';
import type { CorpusFile, CorpusSource } from '../corpus/source.ts';
import type { Split } from '../corpus/splits.ts';
import type { Encoder } from './encoder.ts';

const LINE_FEED = 0x0a;

export interface OpenedCorpus {
  readonly source: CorpusSource;
  readonly files: readonly CorpusFile[];
  readonly splits: readonly Split[];
}

/** Whoever reads moves `at` on, and `line` with every end of a line. */
export class CodeFeed {
  /** Codes of some lines of one split (encoder.ts); the next is number `at`. */
  codes: Int32Array = new Int32Array(0);
  at = 0;
  /** Lines of the split that are read. */
  line = 0;
  readonly #corpus: OpenedCorpus;
  readonly #encoder: Encoder;
  #epoch = 0;
  #split = 0;
  #blocks: AsyncIterator<LineBlock> | null = null;

  constructor(corpus: OpenedCorpus, encoder: Encoder) {
    this.#corpus = corpus;
    this.#encoder = encoder;
  }

  get epoch(): number {
    return this.#epoch;
  }

  /** Which split the codes are of. */
  get split(): number {
    return this.#split;
  }

  /** Index of the file the codes are of; one past the last at the end of an epoch. */
  get file(): number {
    return this.#corpus.splits[this.#split]?.file ?? this.#corpus.files.length;
  }

  /** Moves to the first code of line `line` of a split. */
  async seek(epoch: number, split: number, line: number): Promise<void> {
    await this.close();
    this.#epoch = epoch;
    this.#split = split;
    this.line = 0;
    while (this.line < line) {
      const block = await this.#next();
      if (block === null) {
        // The corpus is no longer what it was; whoever counts tokens will notice.
        this.#split++;
        this.line = 0;
        return;
      }
      let from = 0;
      for (; this.line < line && from < block.length; this.line++) from = block.indexOf(LINE_FEED, from) + 1;
      this.#encode(block, from);
    }
  }

  /** Replaces codes that are all read by the next ones; false at the end of an epoch, when the next one begins. */
  async fill(): Promise<boolean> {
    while (this.at >= this.codes.length) {
      if (this.#corpus.splits[this.#split] === undefined) {
        this.#epoch++;
        this.#split = 0;
        this.line = 0;
        return false;
      }
      const block = await this.#next();
      if (block === null) {
        this.#split++;
        this.line = 0;
      } else this.#encode(block, 0);
    }
    return true;
  }

  async close(): Promise<void> {
    await this.#blocks?.return?.();
    this.#blocks = null;
    this.codes = new Int32Array(0);
    this.at = 0;
  }

  #encode(block: Uint8Array, from: number): void {
    this.codes = this.#encoder.encode(block, from);
    this.at = 0;
  }

  /** The split's next block; null after its last. */
  async #next(): Promise<Uint8Array | null> {
    const { source, files, splits } = this.#corpus;
    const split = splits[this.#split];
    if (split === undefined) return null;
    this.#blocks ??= readLineBlocks(source, files[split.file]!, split)[Symbol.asyncIterator]();
    const next = await this.#blocks.next();
    if (next.done !== true) return next.value.bytes;
    this.#blocks = null;
    return null;
  }
}
