// A corpus in memory whose reads come in chunks of chosen sizes: the reader must not care.
import { type CorpusFile, type CorpusSource, codecOf } from '../../../coordinator/corpus/source.ts';

export interface MemorySource extends CorpusSource {
  readonly file: CorpusFile;
  /** Bytes read so far, over all reads. */
  bytesRead(): number;
}

/** `sizes` are the chunk lengths, used in turn. */
export function memorySource(
  bytes: Uint8Array,
  sizes: readonly number[] = [65_536],
  path = 'memory.txt',
): MemorySource {
  const file: CorpusFile = { path, length: bytes.length, modified: 0, id: '1', codec: codecOf(path) };
  let total = 0;
  return {
    description: path,
    file,
    bytesRead: () => total,
    list: async () => [file],
    async *read(_file, offset, length) {
      for (let at = offset, k = 0; at < offset + length; k += 1) {
        const size = Math.min(sizes[k % sizes.length] ?? 1, offset + length - at);
        // A copy, as every real source gives: chunks must be able to outlive the next.
        yield bytes.slice(at, at + size);
        at += size;
        total += size;
      }
    },
    close: async () => undefined,
  };
}

export async function drain<T>(batches: AsyncIterable<readonly T[]>): Promise<T[]> {
  const all: T[] = [];
  for await (const batch of batches) all.push(...batch);
  return all;
}
