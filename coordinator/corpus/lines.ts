// Reads a split as decoded lines, in batches, with memory bounded whatever the text looks like.
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

const LINE_FEED = 0x0a;
const SPACE = 0x20;
const TAB = 0x09;
const LONGEST_LINE_BYTES = 1 << 20;
const BYTE_ORDER_MARK = '\ufeff';

function decodeLines(bytes: Buffer): string[] {
  // Whole lines only, so no character is cut; invalid bytes become U+FFFD and never eat a line feed.
  const lines = bytes.toString('utf8').split('\n');
  for (let k = 0; k < lines.length; k += 1) {
    const line = lines[k] as string;
    if (line.charCodeAt(line.length - 1) === 0x0d) lines[k] = line.slice(0, -1);
  }
  return lines;
}

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

/** Collects bytes and gives back lines as soon as they are complete. */
class LineCutter {
  readonly #longest: number;
  #held: Buffer[] = []; // an incomplete line; together at most #longest bytes and one chunk
  #heldBytes = 0;

  constructor(longest: number) {
    this.#longest = longest;
  }

  push(chunk: Buffer): string[] {
    const last = chunk.lastIndexOf(LINE_FEED);
    if (last < 0) {
      this.#hold(chunk);
      return this.#heldBytes > this.#longest ? this.#cutHeld() : [];
    }
    const lines: string[] = [];
    const first = this.#heldBytes === 0 ? -1 : chunk.indexOf(LINE_FEED);
    if (first >= 0) {
      this.#hold(chunk.subarray(0, first));
      this.#emit(this.#take(), lines);
    }
    if (first < last) this.#emit(chunk.subarray(first + 1, last), lines);
    if (last + 1 < chunk.length) this.#hold(chunk.subarray(last + 1));
    if (this.#heldBytes > this.#longest) lines.push(...this.#cutHeld());
    return lines;
  }

  /** What stands after the last line feed, if anything. */
  end(): string[] {
    const lines: string[] = [];
    if (this.#heldBytes > 0) this.#emit(this.#take(), lines);
    return lines;
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

  #cutHeld(): string[] {
    const lines: string[] = [];
    const rest = this.#pieces(this.#take(), lines);
    this.#hold(rest);
    return lines;
  }

  /** Complete lines, line feeds between them and none at the end. */
  #emit(bytes: Buffer, lines: string[]): void {
    // Text that fits in the limit as a whole has no line above it: nearly always.
    if (bytes.length <= this.#longest) {
      for (const line of decodeLines(bytes)) lines.push(line);
      return;
    }
    for (let from = 0; from <= bytes.length;) {
      // Several lines at once, as many as are surely short enough.
      let to = bytes.lastIndexOf(LINE_FEED, from + this.#longest);
      if (to < from) to = bytes.indexOf(LINE_FEED, from);
      if (to < 0 || bytes.length - from <= this.#longest) to = bytes.length;
      for (const line of decodeLines(this.#pieces(bytes.subarray(from, to), lines))) lines.push(line);
      from = to + 1;
    }
  }

  /** Cuts pieces off the front while more than the limit is left on this one line; returns the rest. */
  #pieces(line: Buffer, lines: string[]): Buffer {
    let rest = line;
    while (rest.length > this.#longest) {
      const { end, next } = cut(rest, this.#longest);
      lines.push(rest.toString('utf8', 0, end));
      rest = rest.subarray(next);
    }
    return rest;
  }
}

/**
 * The lines of a split, in batches of about one chunk, without their line feeds and a carriage return before
 * them. A byte-order mark at the start of the file is dropped; invalid UTF-8 becomes U+FFFD. Empty lines count.
 * Throws as `CorpusSource.read` does, and CORPUS_CORRUPT for a damaged or cut-off compressed file.
 */
export async function* readLines(
  source: CorpusSource,
  file: CorpusFile,
  split: Split,
  options: LineOptions = {},
): AsyncGenerator<readonly string[], void, undefined> {
  const { signal, longestLine = LONGEST_LINE_BYTES } = options;
  const bytes = decompress(file, source.read(file, split.start, split.end - split.start, signal));
  const cutter = new LineCutter(Math.max(16, longestLine));
  let atStart = split.start === 0;
  const finish = (lines: string[]): string[] => {
    if (atStart && lines.length > 0) {
      atStart = false;
      const first = lines[0] as string;
      if (first.startsWith(BYTE_ORDER_MARK)) lines[0] = first.slice(1);
    }
    return lines;
  };
  for await (const chunk of bytes) {
    const lines = finish(cutter.push(Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength)));
    if (lines.length > 0) yield lines;
  }
  const lines = finish(cutter.end());
  if (lines.length > 0) yield lines;
}
