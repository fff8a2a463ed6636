// Local files as a corpus.
import { constants } from 'node:fs';
import { open, readdir, stat } from 'node:fs/promises';
import type { BigIntStats } from 'node:fs';
import { TributaryError } from '../errors.ts';
import { checkPin, type Tree, type TreeEntry } from './expansion.ts';
import type { CorpusFile } from './source.ts';

// Large enough that a system call costs nothing beside decoding, small enough to keep many reads open.
const CHUNK_BYTES = 256 * 1024;

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : '';
}

function unreadable(path: string, error: unknown): TributaryError {
  const code = codeOf(error);
  const why =
    code === 'EACCES' || code === 'EPERM'
      ? 'permission denied'
      : error instanceof Error
        ? error.message
        : String(error);
  return new TributaryError('CORPUS_UNREADABLE', `cannot read ${path}: ${why}`, {
    hint: 'Check that the user who runs this may read it.',
    cause: error,
  });
}

function entryOf(path: string, info: BigIntStats): TreeEntry {
  return {
    path,
    kind: info.isFile() ? 'file' : info.isDirectory() ? 'directory' : 'other',
    length: Number(info.size),
    modified: Number(info.mtimeNs) / 1e6,
    id: `${info.dev}:${info.ino}`,
  };
}

async function statOrNothing(path: string): Promise<TreeEntry | undefined> {
  try {
    return entryOf(path, await stat(path, { bigint: true }));
  } catch (error) {
    if (['ENOENT', 'ENOTDIR', 'ELOOP', 'ENAMETOOLONG'].includes(codeOf(error))) return undefined;
    throw unreadable(path, error);
  }
}

export const localTree: Tree = {
  stat: statOrNothing,
  async children(path) {
    let names;
    try {
      names = await readdir(path, { withFileTypes: true });
    } catch (error) {
      throw unreadable(path, error);
    }
    const entries = await Promise.all(
      names.map(async (name) => {
        const child = path.endsWith('/') ? path + name.name : `${path}/${name.name}`;
        const entry = await statOrNothing(child);
        // A link to a directory may lead back up: such a directory is read only when it is named itself.
        return entry?.kind === 'directory' && name.isSymbolicLink() ? undefined : entry;
      }),
    );
    return entries.filter((entry) => entry !== undefined);
  },
  shown: (path) => path,
  isText: (name) => /\.(txt|gz|bz2|zst)$/i.test(name),
};

/** The bytes [offset, offset + length) of a local file, from the very file that was listed. */
export async function* readLocal(
  file: CorpusFile,
  offset: number,
  length: number,
  signal?: AbortSignal,
): AsyncGenerator<Uint8Array> {
  let handle;
  try {
    handle = await open(file.path, constants.O_RDONLY);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') checkPin(file, undefined);
    throw unreadable(file.path, error);
  }
  try {
    checkPin(file, entryOf(file.path, await handle.stat({ bigint: true })));
    const end = offset + length;
    for (let at = offset; at < end;) {
      signal?.throwIfAborted();
      const chunk = Buffer.allocUnsafeSlow(Math.min(CHUNK_BYTES, end - at));
      const { bytesRead } = await handle.read(chunk, 0, chunk.length, at).catch((error: unknown) => {
        throw unreadable(file.path, error);
      });
      if (bytesRead === 0) break;
      at += bytesRead;
      yield chunk.subarray(0, bytesRead);
    }
    // Written to while we read: what we gave may be half old and half new.
    checkPin(file, entryOf(file.path, await handle.stat({ bigint: true })));
  } finally {
    await handle.close();
  }
}
