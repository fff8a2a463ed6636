// Undoes gzip, bzip2 and zstd on the way, proves that the whole file was used, and stops at bombs.
import { createGunzip } from 'node:zlib';
import { TributaryError } from '../errors.ts';
import { Bzip2Decoder, Bzip2Error } from './bzip2.ts';
import type { Codec, CorpusFile } from './source.ts';
import { throughStream } from './stream-decoding.ts';
import { unzstd } from './zstd.ts';
import { ZstdError } from './zstd-frames.ts';

const CHUNK_BYTES = 256 * 1024;

/** Text of a few words repeated packs 100:1, nothing that people wrote more than about 20:1. */
const MOST_EXPANSION = 1000;
/** Up to here the expansion does not matter. */
const HARMLESS_BYTES = 64 << 20;

const PROGRAM: Readonly<Record<Exclude<Codec, 'plain'>, string>> = { gzip: 'gzip', bzip2: 'bzip2', zstd: 'zstd' };

function corrupt(file: CorpusFile, why: string, cause?: unknown, hint?: string): TributaryError {
  const program = file.codec === 'plain' ? '' : PROGRAM[file.codec];
  return new TributaryError('CORPUS_CORRUPT', `${file.path} is no ${file.codec} file that can be read: ${why}`, {
    hint: hint ?? `Test it with \`${program} -t\`; it was probably cut off while it was copied.`,
    cause,
  });
}

async function* gunzip(file: CorpusFile, bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const unpacker = createGunzip({ chunkSize: CHUNK_BYTES });
  yield* throughStream(bytes, unpacker, (error) => corrupt(file, error.message, error));
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

async function* zstd(file: CorpusFile, bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  try {
    yield* unzstd(bytes);
  } catch (error) {
    if (error instanceof ZstdError) throw corrupt(file, error.message, error, error.hint);
    throw error;
  }
}

async function* withinReason(file: CorpusFile, text: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const most = Math.max(HARMLESS_BYTES, MOST_EXPANSION * file.length);
  let decoded = 0;
  for await (const chunk of text) {
    decoded += chunk.length;
    if (decoded > most) {
      throw new TributaryError(
        'CORPUS_EXPANDS',
        `${file.path}: its ${file.length.toLocaleString('en')} bytes unpack to more than ${most.toLocaleString('en')}, as no text does`,
        { hint: 'Leave the file out, or give it unpacked if it is text all the same.' },
      );
    }
    yield chunk;
  }
}

/**
 * The text of a file whose bytes, all of them, are given. Throws CORPUS_CORRUPT when they do not decompress, and
 * CORPUS_EXPANDS when they are a bomb.
 */
export function decompress(file: CorpusFile, bytes: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> {
  switch (file.codec) {
    case 'plain':
      return bytes;
    case 'gzip':
      return withinReason(file, gunzip(file, bytes));
    case 'bzip2':
      return withinReason(file, bunzip(file, bytes));
    case 'zstd':
      return withinReason(file, zstd(file, bytes));
  }
}
