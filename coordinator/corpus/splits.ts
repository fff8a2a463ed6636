// Cuts files into splits: byte ranges that own whole lines, found once, when planning.
import type { CorpusFile, CorpusSource } from './source.ts';

export interface Split {
  /** Index into the list of files. */
  readonly file: number;
  /** First byte. */
  readonly start: number;
  /** One past the last byte; the last byte is a line feed or the file's last. */
  readonly end: number;
}

const LINE_FEED = 0x0a;
const FIRST_PROBE_BYTES = 64 * 1024;
const LONGEST_PROBE_BYTES = 8 << 20;

/**
 * The line start that the boundary `at` stands for: 0, the file's length, or the byte after the first line
 * feed at or after at − 1. A line whose first byte lies in [a, b) thus belongs to [snap(a), snap(b)).
 */
export async function snap(source: CorpusSource, file: CorpusFile, at: number, signal?: AbortSignal): Promise<number> {
  if (at <= 0) return 0;
  let probe = FIRST_PROBE_BYTES;
  for (let from = at - 1; from < file.length; probe = Math.min(probe * 2, LONGEST_PROBE_BYTES)) {
    const length = Math.min(probe, file.length - from);
    let seen = from;
    for await (const chunk of source.read(file, from, length, signal)) {
      const found = chunk.indexOf(LINE_FEED);
      if (found >= 0) return seen + found + 1;
      seen += chunk.length;
    }
    from += length;
  }
  return file.length;
}

async function splitsOf(
  source: CorpusSource,
  file: CorpusFile,
  index: number,
  splitBytes: number,
  signal?: AbortSignal,
): Promise<readonly Split[]> {
  // A compressed file is one stream: there is no telling where its lines lie.
  if (file.codec !== 'plain') return [{ file: index, start: 0, end: file.length }];
  const splits: Split[] = [];
  let start = 0;
  for (let boundary = splitBytes; start < file.length; boundary += splitBytes) {
    // Within one long line every boundary stands for the same line start, which is known already.
    if (boundary <= start) continue;
    const end = boundary >= file.length ? file.length : await snap(source, file, boundary, signal);
    splits.push({ file: index, start, end });
    start = end;
  }
  return splits;
}

/**
 * Splits of about `splitBytes` for all files, in order; they tile every file and none is empty. The records
 * of the splits in order are those of the files, whatever the size.
 */
export async function planSplits(
  source: CorpusSource,
  files: readonly CorpusFile[],
  splitBytes: number,
  signal?: AbortSignal,
): Promise<readonly Split[]> {
  if (!Number.isInteger(splitBytes) || splitBytes < 1) throw new RangeError(`a split of ${splitBytes} bytes`);
  const splits: Split[] = [];
  for (const [index, file] of files.entries())
    splits.push(...(await splitsOf(source, file, index, splitBytes, signal)));
  return splits;
}
