// Files that commands read: word vectors and evaluation sets, with errors that name the file.

import { createReadStream } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { Word2vecError } from '../../word2vec/errors.ts';
import { parseVectors, type WordVectors } from '../../word2vec/vector-file.ts';
import { TributaryError } from '../errors.ts';

/** Reads word vectors in either format; a directory stands for the vectors.bin that training left in it. */
export async function readVectors(path: string): Promise<WordVectors> {
  return reading(path, async () => {
    const file = (await stat(path)).isDirectory() ? join(path, 'vectors.bin') : path;
    return parseVectors(createReadStream(file, { highWaterMark: 1 << 20 }));
  });
}

/** Reads a text file and parses it. */
export async function readParsed<T>(path: string, parse: (text: string) => T): Promise<T> {
  return reading(path, async () => parse(await readFile(path, 'utf8')));
}

/** Runs `read`; what goes wrong with the file or its contents becomes a coded error that names `path`. */
export async function reading<T>(path: string, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof Word2vecError) throw coded(error, path);
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'ENOENT')
      throw new TributaryError('FILE_NOT_FOUND', `there is no file ${path}`, { hint: 'Check the path.', cause: error });
    if (code === 'EACCES' || code === 'EISDIR' || code === 'EPERM')
      throw new TributaryError('FILE_NOT_READABLE', `${path} cannot be read as a file (${code})`, {
        hint: 'Check its type and permissions.',
        cause: error,
      });
    throw error;
  }
}

/** The same error as one of the coordinator's, with what it is about in front. */
export function coded(error: Word2vecError, subject?: string): TributaryError {
  const message = subject === undefined ? error.message : `${subject}: ${error.message}`;
  return new TributaryError(error.code, message, {
    cause: error,
    ...(error.hint === undefined ? {} : { hint: error.hint }),
  });
}
