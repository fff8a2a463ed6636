// Trains the sequential reference as the JSON argument says; bench/parity/reference.ts starts it.
import { createReadStream, writeFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { trainSequential } from '../../word2vec/sequential.ts';
import type { SequentialObjective } from '../../word2vec/sequential-walk.ts';
import { binaryVectors } from '../../word2vec/vector-file.ts';
import { buildVocabulary, type Vocabulary } from '../../word2vec/vocabulary.ts';
import type { ParitySettings } from './settings.ts';

interface Given extends ParitySettings {
  readonly corpus: string;
  readonly objective: SequentialObjective;
  readonly seed: number;
  readonly out: string;
}

const given = JSON.parse(process.argv[2] ?? 'null') as Given;

/** The words of each line, divided as word2vec.c divides them. */
async function* lines(): AsyncGenerator<readonly string[]> {
  const input = createReadStream(given.corpus, { encoding: 'utf8', highWaterMark: 1 << 20 });
  for await (const line of createInterface({ input, crlfDelay: Infinity })) {
    const words = line.split(/[ \t]+/).filter((word) => word !== '');
    if (words.length > 0) yield words;
  }
}

/** Words of the vocabulary, line after line. */
interface Ids {
  readonly ids: Int32Array;
  /** Line n is at [ends[n - 1], ends[n]) of `ids`. */
  readonly ends: readonly number[];
}

async function readCorpus(): Promise<Ids & { readonly vocabulary: Vocabulary }> {
  // First numbered as they come, since what is frequent is known at the end only.
  const numbers = new Map<string, number>();
  const counts: number[] = [];
  let text = new Int32Array(1 << 20);
  let length = 0;
  const ends: number[] = [];
  for await (const words of lines()) {
    if (length + words.length > text.length) {
      const longer = new Int32Array(text.length * 2 + words.length);
      longer.set(text);
      text = longer;
    }
    for (const word of words) {
      let number = numbers.get(word);
      if (number === undefined) numbers.set(word, (number = counts.push(0) - 1));
      counts[number]!++;
      text[length++] = number;
    }
    ends.push(length);
  }
  const counted = new Map([...numbers].map(([word, number]) => [word, counts[number]!]));
  const vocabulary = buildVocabulary(counted, { minCount: given.minCount, maxVocab: Infinity });
  const idOf = new Int32Array(counts.length).fill(-1);
  for (const [id, word] of vocabulary.words.entries()) idOf[numbers.get(word)!] = id;
  return { ...known(text.subarray(0, length), ends, idOf), vocabulary };
}

/** The text without the words that have no id. */
function known(text: Int32Array, lineEnds: readonly number[], idOf: Int32Array): Ids {
  const ids = new Int32Array(text.length);
  const ends: number[] = [];
  let length = 0;
  let at = 0;
  for (const end of lineEnds) {
    for (; at < end; at++) if (idOf[text[at]!]! >= 0) ids[length++] = idOf[text[at]!]!;
    ends.push(length);
  }
  return { ids, ends };
}

const { ids, ends, vocabulary } = await readCorpus();
const { objective, dim, window, negative, sample, epochs, alpha, seed } = given;
const config = { objective, dim, window, negative, sample, epochs, alpha };
function* sentences(): Generator<Int32Array> {
  for (const [line, end] of ends.entries()) yield ids.subarray(line === 0 ? 0 : ends[line - 1], end);
}
const { input } = await trainSequential(sentences, vocabulary.counts, config, seed);
writeFileSync(given.out, Buffer.concat([...binaryVectors({ words: vocabulary.words, dim, values: input })]));
