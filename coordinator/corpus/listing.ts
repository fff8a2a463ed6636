// What a corpus was when it was listed, in few bytes: a resumed run knows it again.
import { createHash } from 'node:crypto';
import type { CorpusFile } from './source.ts';

export interface Listing {
  /** Digest of paths and lengths in their order: positions in the corpus mean the same only with the same. */
  readonly layout: string;
  /** Digest of file ids and modification times: with the same layout, another file took the place of one. */
  readonly pins: string;
  /** The file that was modified last, and when, ms since 1970. */
  readonly newest: { readonly path: string; readonly modified: number };
}

function digest(rows: Iterable<readonly (string | number)[]>): string {
  const hash = createHash('sha256');
  for (const row of rows) hash.update(`${JSON.stringify(row)}\n`);
  return hash.digest('hex');
}

/** @param files never empty */
export function listingOf(files: readonly CorpusFile[]): Listing {
  const newest = files.reduce((last, file) => (file.modified > last.modified ? file : last));
  return {
    layout: digest(files.map(({ path, length }) => [path, length])),
    pins: digest(files.map(({ id, modified }) => [id, modified])),
    newest: { path: newest.path, modified: newest.modified },
  };
}
