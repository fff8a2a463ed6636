// Counts a sample of the corpus: what there is to know of it when its counts are given and nobody reads it first.
import { readLineBlocks } from '../corpus/lines.ts';
import type { OpenedCorpus } from './code-feed.ts';
import type { Normalisation } from './normalisation.ts';
import { WordCounter } from './word-counter.ts';

/** Stretches of text, evenly over the splits, at most; */
const STRETCHES = 16;
/** … and bytes of them all together, decompressed. A corpus that is smaller is read as a whole. */
const SAMPLE_BYTES = 64 << 20;
const LINE_FEED = 0x0a;
/** Bytes for the words of a sample: what is forgotten of them is asked of nobody. */
const TABLE_BYTES = 64 << 20;

/**
 * The first lines of some splits: always the same of the same corpus, in whatever chunks it comes.
 * @param bytes of all stretches together; the last line of each is read whole
 * @throws what `signal` is aborted with
 */
export async function sampleCorpus(
  { source, files, splits }: OpenedCorpus,
  rules: Normalisation,
  hashSeed: number,
  signal: AbortSignal,
  bytes = SAMPLE_BYTES,
): Promise<WordCounter> {
  const counter = new WordCounter(rules, TABLE_BYTES, { hashSeed });
  const stretches = Math.min(STRETCHES, splits.length);
  for (let k = 0; k < stretches; k++) {
    const split = splits[Math.floor((k * splits.length) / stretches)]!;
    let left = bytes / stretches;
    for await (const block of readLineBlocks(source, files[split.file]!, split, { signal })) {
      signal.throwIfAborted();
      const last = left < block.bytes.length ? block.bytes.indexOf(LINE_FEED, Math.ceil(left) - 1) : -1;
      const lines = last < 0 ? block.bytes : block.bytes.subarray(0, last + 1);
      counter.add({ bytes: lines });
      left -= lines.length;
      if (left <= 0) break;
    }
  }
  return counter;
}
