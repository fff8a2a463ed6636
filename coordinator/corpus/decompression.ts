// Undoes gzip and bzip2 on the way, and proves that the whole file was used.
import { pipeline } from 'node:stream';
import { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { TributaryError } from '../errors.ts';
import { Bzip2Decoder, Bzip2Error } from './bzip2.ts';
import type { CorpusFile } from './source.ts';

const CHUNK_BYTES = 256 * 1024;

function corrupt(file: CorpusFile, why: string, cause?: unknown): TributaryError {
  return new TributaryError('CORPUS_CORRUPT', `${file.path} is no whole ${file.codec} file: ${why}`, {
    hint: `Test it with \`${file.codec === 'gzip' ? 'gzip' : 'bzip2'} -t\`; it was probably cut off while it was copied.`,
    cause,
  });
}

async function* gunzip(file: CorpusFile, bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const unpacker = createGunzip({ chunkSize: CHUNK_BYTES });
  let failed: unknown; // the reader's own error, which must come out as it is
  const input = async function* (): AsyncGenerator<Uint8Array> {
    try {
      yield* bytes;
    } catch (error) {
      failed = error;
      throw error;
    }
  };
  // Errors come out of the iteration below; the callback keeps pipeline from raising them a second time.
  pipeline(Readable.from(input(), { objectMode: true, highWaterMark: 2 }), unpacker, () => undefined);
  try {
    for await (const chunk of unpacker) yield chunk as Buffer;
  } catch (error) {
    if (failed !== undefined) throw failed;
    throw corrupt(file, error instanceof Error ? error.message : String(error), error);
  }
  // zlib ignores what follows a member and is not one.
  if (unpacker.bytesWritten !== file.length)
    throw corrupt(file, `only ${unpacker.bytesWritten} of its ${file.length} bytes are compressed data`);
}

async function* bunzip(file: CorpusFile, bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const decoder = new Bzip2Decoder();
  try {
    for await (const chunk of bytes) {
      decoder.push(chunk);
      yield* decoder.ready();
    }
    decoder.end();
    yield* decoder.ready();
  } catch (error) {
    if (error instanceof Bzip2Error) throw corrupt(file, error.message, error);
    throw error;
  }
}

/** The text of a file whose bytes, all of them, are given. Throws CORPUS_CORRUPT when they do not decompress. */
export function decompress(file: CorpusFile, bytes: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> {
  switch (file.codec) {
    case 'plain':
      return bytes;
    case 'gzip':
      return gunzip(file, bytes);
    case 'bzip2':
      return bunzip(file, bytes);
  }
}
