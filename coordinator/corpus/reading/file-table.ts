// The files of a corpus and their splits as columns: small enough to cross threads and to keep for 100,000 files.
import type { CorpusFile } from '../source.ts';
import type { Split } from '../splits.ts';

/** Structured-cloneable. F files, S splits, in the order of reading. */
export interface FileTable {
  /** As shown to people. Shape (F). */
  readonly paths: readonly string[];
  /** Bytes as stored. Shape (F). */
  readonly lengths: Float64Array;
  /** The first split of each file, and S. Shape (F + 1). */
  readonly firstSplit: Uint32Array;
  /** First byte of each split; it ends where the next one begins, or its file ends. Shape (S). */
  readonly starts: Float64Array;
}

/** @param splits in order of files, and tiling each */
export function fileTable(files: readonly CorpusFile[], splits: readonly Split[]): FileTable {
  const firstSplit = new Uint32Array(files.length + 1);
  for (const { file } of splits) firstSplit[file + 1]!++;
  for (let file = 0; file < files.length; file++) firstSplit[file + 1]! += firstSplit[file]!;
  return {
    paths: files.map(({ path }) => path),
    lengths: Float64Array.from(files, ({ length }) => length),
    firstSplit,
    starts: Float64Array.from(splits, ({ start }) => start),
  };
}

/** The split of a file that is exactly the bytes [offset, offset + length); null for a look at other bytes. */
export function splitAt(table: FileTable, file: number, offset: number, length: number): number | null {
  const { firstSplit, starts, lengths } = table;
  const last = firstSplit[file + 1]!;
  let low = firstSplit[file]!;
  let high = last - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (starts[middle]! < offset) low = middle + 1;
    else high = middle;
  }
  if (low >= last || starts[low] !== offset) return null;
  const end = low + 1 < last ? starts[low + 1]! : lengths[file]!;
  return end - offset === length ? low : null;
}
