// The text of a measurement: the first words of a corpus, and its sentences as whoever trains sees them.
import { createReadStream, mkdtempSync, rmSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { openCorpus } from '../../coordinator/corpus/open.ts';
import { planSplits } from '../../coordinator/corpus/splits.ts';
import { readLines } from '../../coordinator/corpus/lines.ts';
import { TributaryError } from '../../coordinator/errors.ts';
import { AS_IT_STANDS, wordsOf } from '../../coordinator/ingest/normalisation.ts';
import { PIECE_WORDS, pieceHash } from '../../coordinator/ingest/piece-hash.ts';
import { SCHEDULE } from '../../coordinator/run/config.ts';

/** Characters written at once. */
const BLOCK = 1 << 20;

export interface MeasuredText {
  /** Plain text. */
  readonly file: string;
  readonly words: number;
  dispose(): void;
}

/**
 * @param maxWords take only the first so many words; 0: all
 * @throws TributaryError as `openCorpus` and its sources do; CORPUS_EMPTY
 */
export async function measuredText(corpus: string, maxWords: number): Promise<MeasuredText> {
  const folder = mkdtempSync(join(tmpdir(), 'tributary-quality-'));
  const dispose = (): void => rmSync(folder, { recursive: true, force: true });
  try {
    const file = join(folder, 'training.txt');
    let words = 0;
    const output = await open(file, 'w');
    try {
      let block = '';
      for await (const line of firstWords(corpus, maxWords)) {
        words += line.words;
        block += `${line.text}\n`;
        if (block.length < BLOCK) continue;
        await output.writeFile(block);
        block = '';
      }
      await output.writeFile(block);
    } finally {
      await output.close();
    }
    if (words === 0) throw new TributaryError('CORPUS_EMPTY', `${corpus} holds no words`);
    return { file, words, dispose };
  } catch (error) {
    dispose();
    throw error;
  }
}

/** Lines with their number of words, until `maxWords` are given. */
async function* firstWords(corpus: string, maxWords: number): AsyncGenerator<{ text: string; words: number }> {
  const source = await openCorpus([corpus], {});
  try {
    const files = await source.list();
    let left = maxWords > 0 ? maxWords : Number.POSITIVE_INFINITY;
    for (const split of await planSplits(source, files, SCHEDULE.splitBytes)) {
      for await (const lines of readLines(source, files[split.file]!, split)) {
        for (const text of lines) {
          const words = wordsOf(text, AS_IT_STANDS);
          if (words.length >= left) {
            yield { text: words.slice(0, left).join(' '), words: left };
            return;
          }
          left -= words.length;
          yield { text, words: words.length };
        }
      }
    }
  } finally {
    await source.close();
  }
}

/**
 * The ids of the known words of every line that has some, as the ingest thread reads them: without the pieces whose
 * hash is below `limit`, which are held out, and cut there.
 */
export async function readSentences(
  file: string,
  ids: ReadonlyMap<string, number>,
  limit: number,
): Promise<Int32Array[]> {
  const sentences: Int32Array[] = [];
  for await (const line of createInterface({ input: createReadStream(file, 'utf8') })) {
    const words = wordsOf(line, AS_IT_STANDS);
    let known: number[] = [];
    const cut = (): void => {
      if (known.length > 0) sentences.push(Int32Array.from(known));
      known = [];
    };
    for (let from = 0; from < words.length; from += PIECE_WORDS) {
      const piece = words.slice(from, from + PIECE_WORDS);
      if (pieceHash(piece) < limit) cut();
      else known.push(...knownIds(piece, ids));
    }
    cut();
  }
  return sentences;
}

export function knownIds(words: readonly string[], ids: ReadonlyMap<string, number>): number[] {
  return words.map((word) => ids.get(word)).filter((id) => id !== undefined);
}
