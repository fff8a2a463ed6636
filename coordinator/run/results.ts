// The files a run leaves behind: vectors, vocabulary, and what was done.
import { open, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { binaryVectors, textVectors } from '../../word2vec/vector-file.ts';
import type { WordVectors } from '../../word2vec/vector-file.ts';

/** Writes under a temporary name first, so that a name in the folder always means a whole file. */
async function writeBlocks(path: string, blocks: Iterable<Uint8Array>): Promise<void> {
  const file = await open(`${path}.tmp`, 'w');
  try {
    for (const block of blocks) {
      for (let at = 0; at < block.length; ) at += (await file.write(block, at)).bytesWritten;
    }
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(`${path}.tmp`, path);
}

/** `word count` lines, most frequent first, as word2vec.c's -save-vocab writes them. */
export async function writeVocabulary(folder: string, words: readonly string[], counts: Float64Array): Promise<void> {
  const encode = new TextEncoder();
  function* lines(): Generator<Uint8Array> {
    for (let id = 0; id < words.length; id += 4096) {
      let block = '';
      for (let k = id; k < Math.min(words.length, id + 4096); k++) block += `${words[k]} ${counts[k]}\n`;
      yield encode.encode(block);
    }
  }
  await writeBlocks(join(folder, 'vocab.txt'), lines());
}

export interface ResultPaths {
  readonly vectors: string;
  readonly vectorsText: string;
  readonly vocabulary: string;
  readonly run: string;
}

export function resultPaths(folder: string): ResultPaths {
  return {
    vectors: join(folder, 'vectors.bin'),
    vectorsText: join(folder, 'vectors.txt'),
    vocabulary: join(folder, 'vocab.txt'),
    run: join(folder, 'run.json'),
  };
}

/** Both vector files and run.json; vocab.txt was written when the words were counted. */
export async function writeResults(folder: string, vectors: WordVectors, run: object): Promise<ResultPaths> {
  const paths = resultPaths(folder);
  await writeBlocks(paths.vectors, binaryVectors(vectors));
  await writeBlocks(paths.vectorsText, textVectors(vectors));
  await writeFile(`${paths.run}.tmp`, `${JSON.stringify(run, null, 2)}\n`);
  await rename(`${paths.run}.tmp`, paths.run);
  return paths;
}
