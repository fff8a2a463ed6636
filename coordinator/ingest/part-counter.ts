// Counts a stretch of one split at a time, from any line on, and stops where memory, time or its owner says so.
import { readLineBlocks } from '../corpus/lines.ts';
import type { LineBlock } from '../corpus/lines.ts';
import type { CorpusFile, CorpusSource } from '../corpus/source.ts';
import type { Split } from '../corpus/splits.ts';
import type { TextFaults } from '../corpus/text-faults.ts';
import { addTextFaults, NO_TEXT_FAULTS, textFaultsOf } from '../corpus/text-faults.ts';
import type { Selected } from './held-out-lines.ts';
import type { Normalisation } from './normalisation.ts';
import type { PackedCounts } from './word-counter.ts';
import { WordCounter } from './word-counter.ts';

const LINE_FEED = 0x0a;

/** What does not change from part to part. */
export interface CountPlan {
  readonly files: readonly CorpusFile[];
  readonly splits: readonly Split[];
  readonly rules: Normalisation;
  /** Words that are counted, and no others; null for all. */
  readonly only: readonly string[] | null;
  /** Any 32-bit integer, which nobody who writes a corpus should know (word-counter.ts). */
  readonly hashSeed: number;
  /** Bytes of a part's table of words, after which it ends. */
  readonly tableBytes: number;
  /** Milliseconds after which a part ends. */
  readonly partMs: number;
}

/** Where a part begins: at a line of a split. */
export interface CountPlace {
  readonly split: number;
  readonly line: number;
}

/** The counts of lines [from, to) of a split. Structured-cloneable. */
export interface CountedPart {
  readonly split: number;
  readonly from: number;
  readonly to: number;
  /** Whether the split has no more lines. */
  readonly ended: boolean;
  readonly counts: PackedCounts;
  readonly heldOut: Selected;
  readonly textFaults: TextFaults;
}

export interface PartEdges {
  now(): number;
  /** So many more bytes were read from the corpus, as they are stored. */
  read(bytes: number): void;
}

interface OpenSplit {
  readonly split: number;
  /** Of its file. */
  readonly path: string;
  readonly blocks: AsyncIterator<LineBlock>;
  /** Lines given so far. */
  line: number;
}

export class PartCounter {
  readonly #source: CorpusSource;
  readonly #plan: CountPlan;
  readonly #edges: PartEdges;
  #open: OpenSplit | null = null;
  readonly #closing = new AbortController();
  #hurried = false;

  constructor(source: CorpusSource, plan: CountPlan, edges: PartEdges) {
    this.#source = metered(source, (bytes) => edges.read(bytes));
    this.#plan = plan;
    this.#edges = edges;
  }

  /** Ends the part that is being counted with its next block. */
  hurry(): void {
    this.#hurried = true;
  }

  /** Counts on from a place. Where the part before ended there, nothing is read twice. */
  async count({ split, line }: CountPlace): Promise<CountedPart> {
    const { rules, only, hashSeed, tableBytes, partMs } = this.#plan;
    this.#hurried = false;
    const open = await this.#openAt(split, line);
    // Never full: a part that grows to its share of memory is given away.
    const counter = new WordCounter(rules, Infinity, { only, hashSeed });
    const until = this.#edges.now() + partMs;
    let textFaults = NO_TEXT_FAULTS;
    let ended = false;
    // A list of words is as large as it is.
    const full = (): boolean => only === null && counter.memory > tableBytes;
    do {
      const next = await open.blocks.next();
      if (next.done === true) {
        this.#open = null;
        ended = true;
        break;
      }
      const { bytes } = next.value;
      const lines = linesIn(bytes);
      const skipped = Math.min(lines, Math.max(0, line - open.line));
      open.line += lines;
      if (skipped === lines) continue;
      counter.add({ bytes: skipped === 0 ? bytes : bytes.subarray(afterLines(bytes, skipped)) });
      textFaults = addTextFaults(textFaults, textFaultsOf(next.value, open.path));
      // A part that gives nothing would be asked for again and again.
    } while (open.line <= line || !(this.#hurried || full() || this.#edges.now() > until));
    const { heldOut } = counter;
    return { split, from: line, to: open.line, ended, counts: counter.packed(), heldOut: heldOut.selected, textFaults };
  }

  async #openAt(split: number, line: number): Promise<OpenSplit> {
    if (this.#open?.split === split && this.#open.line === line) return this.#open;
    await this.#leave();
    const { files, splits } = this.#plan;
    const stretch = splits[split]!;
    const file = files[stretch.file]!;
    const blocks = readLineBlocks(this.#source, file, stretch, { signal: this.#closing.signal })[
      Symbol.asyncIterator
    ]();
    return (this.#open = { split, path: file.path, blocks, line: 0 });
  }

  /** Also ends a part that waits for the corpus: it fails. */
  async close(): Promise<void> {
    this.#closing.abort();
    await this.#leave();
  }

  async #leave(): Promise<void> {
    const open = this.#open;
    this.#open = null;
    await open?.blocks.return?.();
  }
}

/** The same source, which tells of every chunk that it gives. */
function metered(source: CorpusSource, told: (bytes: number) => void): CorpusSource {
  return {
    description: source.description,
    list: (signal) => source.list(signal),
    async *read(file, offset, length, signal) {
      for await (const chunk of source.read(file, offset, length, signal)) {
        told(chunk.length);
        yield chunk;
      }
    },
    close: () => source.close(),
  };
}

function linesIn(bytes: Uint8Array): number {
  let lines = 0;
  for (let at = bytes.indexOf(LINE_FEED); at >= 0; at = bytes.indexOf(LINE_FEED, at + 1)) lines++;
  return lines;
}

/** The byte after so many lines. */
function afterLines(bytes: Uint8Array, lines: number): number {
  let at = 0;
  for (let line = 0; line < lines; line++) at = bytes.indexOf(LINE_FEED, at) + 1;
  return at;
}
