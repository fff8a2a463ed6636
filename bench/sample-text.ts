// The text of the sample corpus, as `train sample:` reads it.
import { Sample } from '../coordinator/corpus/sample.ts';

/** Lower-cased words, one sentence a line, without a line feed at the end. */
export async function sampleText(): Promise<string> {
  const sample = new Sample();
  const pieces: Uint8Array[] = [];
  for (const file of await sample.list()) {
    for await (const piece of sample.read(file, 0, file.length)) pieces.push(piece);
  }
  return Buffer.concat(pieces).toString('utf8').trimEnd();
}
