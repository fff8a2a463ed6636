// The files a run leaves behind: vectors, vocabulary, and what was done.
import { mkdir, open, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { binaryVectors, textVectors } from '../../word2vec/vector-file.ts';
import type { WordVectors } from '../../word2vec/vector-file.ts';
import { TributaryError } from '../errors.ts';

/** Writes under a temporary name first, so that a name in the folder always means a whole file. */
export async function writeBlocks(path: string, blocks: Iterable<Uint8Array>): Promise<void> {
  const file = await open(`${path}.tmp`, 'w');
  try {
    for (const block of blocks) {
      for (let at = 0; at < block.length;) at += (await file.write(block, at)).bytesWritten;
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

/** The lines that training left out, one each; a resumed run reads them back. No file where there are none. */
async function writeHeldOut(folder: string, lines: readonly string[]): Promise<void> {
  if (lines.length > 0) await writeBlocks(join(folder, 'held-out.txt'), [Buffer.from(`${lines.join('\n')}\n`)]);
}

/**
 * A run's folder before it trains: room for checkpoints, and what they belong to, which a resumed run has already.
 * @param counted null where the run is resumed
 * @throws TributaryError CHECKPOINT_UNWRITABLE
 */
export async function furnish(
  folder: string,
  counted: {
    readonly words: readonly string[];
    readonly counts: Float64Array;
    readonly heldOut: { readonly lines: readonly string[] };
  } | null,
): Promise<void> {
  try {
    await mkdir(join(folder, 'checkpoint'), { recursive: true });
    if (counted === null) return;
    await writeVocabulary(folder, counted.words, counted.counts);
    await writeHeldOut(folder, counted.heldOut.lines);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new TributaryError('CHECKPOINT_UNWRITABLE', `cannot write the vocabulary to ${folder}: ${why}`, {
      hint: 'Free space on that disk, or give --out another folder.',
      cause,
    });
  }
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

/**
 * The folder again, should it be gone, and every file of it that people use.
 * @throws TributaryError RESULTS_UNWRITABLE
 */
export async function writeResults(
  folder: string,
  vectors: WordVectors,
  counts: Float64Array,
  run: object,
): Promise<ResultPaths> {
  const paths = resultPaths(folder);
  try {
    await mkdir(folder, { recursive: true });
    await writeBlocks(paths.vectors, binaryVectors(vectors));
    await writeBlocks(paths.vectorsText, textVectors(vectors));
    await writeVocabulary(folder, vectors.words, counts);
    await writeBlocks(paths.run, [Buffer.from(`${JSON.stringify(run, null, 2)}\n`)]);
  } catch (cause) {
    throw new TributaryError(
      'RESULTS_UNWRITABLE',
      `cannot write the results to ${folder}: ${cause instanceof Error ? cause.message : String(cause)}`,
      {
        hint: 'Make room there.',
        cause,
      },
    );
  }
  return paths;
}
