// Counts a sample of the corpus: what there is to know of it when its counts are given and nobody reads it first.
import { readLineBlocks } from '../corpus/lines.ts';
import type { OpenedCorpus } from './code-feed.ts';
import type { Normalisation } from './normalisation.ts';
import { WordCounter } from './word-counter.ts';

/** Stretches of text, evenly over the splits, at most; */
const STRETCHES = 16;
/** … and bytes of them all together, decompressed. A corpus that is smaller is read as a whole. */
const SAMPLE_BYTES = 64 << 20;
/** Bytes for the words of a sample: what is forgotten of them is asked of nobody. */
const TABLE_BYTES = 64 << 20;

/** The first lines of some splits: always the same of the same corpus. */
export async function sampleCorpus(
  { source, files, splits }: OpenedCorpus,
  rules: Normalisation,
  hashSeed: number,
): Promise<WordCounter> {
  const counter = new WordCounter(rules, TABLE_BYTES, { hashSeed });
  const stretches = Math.min(STRETCHES, splits.length);
  for (let k = 0; k < stretches; k++) {
    const split = splits[Math.floor((k * splits.length) / stretches)]!;
    let left = SAMPLE_BYTES / stretches;
    for await (const block of readLineBlocks(source, files[split.file]!, split)) {
      counter.add(block);
      left -= block.bytes.length;
      if (left <= 0) break;
    }
  }
  return counter;
}
