// Reads a split as blocks of whole lines, as bytes or decoded, with memory bounded whatever the text looks like.
import { isUtf8 } from 'node:buffer';
import { decompress } from './decompression.ts';
import type { CorpusFile, CorpusSource } from './source.ts';
import type { Split } from './splits.ts';

export interface LineOptions {
  /**
   * Bytes after which a line is cut at the last blank before (in mid-word, between characters, when there is
   * none): some corpora are one line of 100 MB. 1 MiB unless told, at least 16.
   */
  readonly longestLine?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Whole lines of one file, in their order. */
export interface LineBlock {
  /**
   * Valid UTF-8; every line ends in a line feed, the last of the file too (one is added where it has none). A
   * carriage return before a line feed is left in place: a reader of words takes it for a blank. Mostly a view of
   * what the source gave, so it is to be read only; it stays valid.
   */
  readonly bytes: Uint8Array;
  /** Sequences that are no UTF-8 and became U+FFFD, one each. */
  readonly replaced: number;
  /** Lines above the limit that were first cut in this block. */
  readonly cut: number;
}

const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;
const SPACE = 0x20;
const TAB = 0x09;
const LONGEST_LINE_BYTES = 1 << 20;
const ENDING = Buffer.of(LINE_FEED);
const BYTE_ORDER_MARK = Buffer.of(0xef, 0xbb, 0xbf);
const REPLACEMENT = Buffer.of(0xef, 0xbf, 0xbd);

/** Where to cut a line that has more than `longest` bytes left: a blank ends the piece, or a character's end. */
function cut(line: Buffer, longest: number): { readonly end: number; readonly next: number } {
  const head = line.subarray(0, longest);
  const blank = Math.max(head.lastIndexOf(SPACE), head.lastIndexOf(TAB));
  if (blank > 0) return { end: blank, next: blank + 1 };
  let end = longest;
  // A UTF-8 character has at most three continuation bytes; more of them are no UTF-8 and may be cut anywhere.
  while (end > longest - 3 && ((line[end] as number) & 0xc0) === 0x80) end -= 1;
  if (((line[end] as number) & 0xc0) === 0x80) end = longest;
  return { end, next: end };
}

function occurrences(bytes: Buffer, sought: Buffer): number {
  let count = 0;
  for (let at = bytes.indexOf(sought); at >= 0; at = bytes.indexOf(sought, at + sought.length)) count += 1;
  return count;
}

/** Collects bytes and gives back blocks of lines as soon as they are complete. */
class LineCutter {
  readonly #longest: number;
  #held: Buffer[] = []; // an incomplete line; together at most #longest bytes and one chunk
  #heldBytes = 0;
  #cutting = false; // whether pieces of the incomplete line were given back already
  #cut = 0; // lines cut since the last block
  #atStart: boolean; // whether the next block is the file's first
  #blocks: LineBlock[] = [];

  constructor(longest: number, atStart: boolean) {
    this.#longest = longest;
    this.#atStart = atStart;
  }

  /** Blocks that `chunk` completes. */
  push(chunk: Buffer): readonly LineBlock[] {
    const last = chunk.lastIndexOf(LINE_FEED);
    if (last < 0) this.#hold(chunk);
    else {
      // The held line is completed by itself, so that the rest of the chunk needs no copy.
      const first = this.#heldBytes === 0 ? -1 : chunk.indexOf(LINE_FEED);
      if (first >= 0) {
        this.#hold(chunk.subarray(0, first + 1));
        this.#emit(this.#take());
      }
      this.#emit(chunk.subarray(first + 1, last + 1));
      if (last + 1 < chunk.length) this.#hold(chunk.subarray(last + 1));
    }
    if (this.#heldBytes > this.#longest) this.#hold(this.#pieces(this.#take()));
    return this.#given();
  }

  /** What stands after the last line feed, if anything. */
  end(): readonly LineBlock[] {
    const rest = this.#take();
    // A mark alone is no line, as for Hadoop.
    if (rest.length > 0 && !(this.#atStart && rest.equals(BYTE_ORDER_MARK))) this.#emit(Buffer.concat([rest, ENDING]));
    return this.#given();
  }

  #given(): readonly LineBlock[] {
    const blocks = this.#blocks;
    this.#blocks = [];
    return blocks;
  }

  #hold(bytes: Buffer): void {
    this.#held.push(bytes);
    this.#heldBytes += bytes.length;
  }

  #take(): Buffer {
    const all = this.#held.length === 1 ? (this.#held[0] as Buffer) : Buffer.concat(this.#held);
    this.#held = [];
    this.#heldBytes = 0;
    return all;
  }

  /** Complete lines with their line feeds; of the first, pieces may have been given back already. */
  #emit(lines: Buffer): void {
    let from = 0; // of the lines not given back yet
    // Text that fits in the limit as a whole has no line above it: nearly always.
    for (let at = 0; lines.length - at > this.#longest + 1;) {
      // Several lines at once, as many as are surely short enough.
      let to = lines.lastIndexOf(LINE_FEED, at + this.#longest);
      if (to < at) {
        to = lines.indexOf(LINE_FEED, at);
        this.#give(lines.subarray(from, at));
        from = to - this.#pieces(lines.subarray(at, to)).length;
      }
      this.#cutting = false;
      at = to + 1;
    }
    this.#cutting = false;
    this.#give(lines.subarray(from));
  }

  /** Cuts pieces off the front while more than the limit is left on this one line; returns the rest. */
  #pieces(line: Buffer): Buffer {
    let rest = line;
    while (rest.length > this.#longest) {
      if (!this.#cutting) this.#cut += 1;
      this.#cutting = true;
      const { end, next } = cut(rest, this.#longest);
      this.#give(Buffer.concat([rest.subarray(0, end), ENDING]));
      rest = rest.subarray(next);
    }
    return rest;
  }

  /** Whole lines, of which none is too long. */
  #give(lines: Buffer): void {
    if (lines.length === 0) return;
    let bytes = lines;
    if (this.#atStart && bytes.subarray(0, BYTE_ORDER_MARK.length).equals(BYTE_ORDER_MARK))
      bytes = bytes.subarray(BYTE_ORDER_MARK.length);
    this.#atStart = false;
    let replaced = 0;
    if (!isUtf8(bytes)) {
      // Whole lines only, so no character is cut; and what is replaced never reaches over a line feed.
      const repaired = Buffer.from(bytes.toString('utf8'));
      replaced = occurrences(repaired, REPLACEMENT) - occurrences(bytes, REPLACEMENT);
      bytes = repaired;
    }
    this.#blocks.push({ bytes, replaced, cut: this.#cut });
    this.#cut = 0;
  }
}

/**
 * The lines of a split as bytes, in blocks of about one chunk. A byte-order mark at the start of the file is
 * dropped; invalid UTF-8 becomes U+FFFD; lines above the limit are cut. Empty lines count. Throws as
 * `CorpusSource.read` does, and CORPUS_CORRUPT for a damaged or cut-off compressed file.
 */
export async function* readLineBlocks(
  source: CorpusSource,
  file: CorpusFile,
  split: Split,
  options: LineOptions = {},
): AsyncGenerator<LineBlock, void, undefined> {
  const { signal, longestLine = LONGEST_LINE_BYTES } = options;
  const bytes = decompress(file, source.read(file, split.start, split.end - split.start, signal));
  const cutter = new LineCutter(Math.max(16, longestLine), split.start === 0);
  for await (const chunk of bytes) {
    yield* cutter.push(Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength));
  }
  yield* cutter.end();
}

/** The lines of a block, decoded, without their line feeds and a carriage return before them. */
export function linesOf({ bytes }: LineBlock): string[] {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength - 1).toString('utf8');
  const lines = text.split('\n');
  for (let k = 0; k < lines.length; k += 1) {
    const line = lines[k] as string;
    if (line.charCodeAt(line.length - 1) === CARRIAGE_RETURN) lines[k] = line.slice(0, -1);
  }
  return lines;
}

/** The lines of a split as text, a batch for each of its blocks; otherwise as `readLineBlocks`. */
export async function* readLines(
  source: CorpusSource,
  file: CorpusFile,
  split: Split,
  options: LineOptions = {},
): AsyncGenerator<readonly string[], void, undefined> {
  for await (const block of readLineBlocks(source, file, split, options)) yield linesOf(block);
}
