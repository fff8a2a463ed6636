// Reads what --vocab names: a list of words, or words with their counts as a cluster's word count writes them.
import { encodeUtf8 } from '../../word2vec/utf8.ts';
import { readLines } from '../corpus/lines.ts';
import { openCorpus } from '../corpus/open.ts';
import type { CorpusOptions } from '../corpus/source.ts';
import { TributaryError } from '../errors.ts';
import type { Normalisation } from './normalisation.ts';
import { wordsOf } from './normalisation.ts';
import { WordCounter } from './word-counter.ts';

/** How a line gives a word and its count. */
interface Form {
  readonly name: string;
  /** Its groups are the word and the count. */
  readonly pattern: RegExp;
}

/**
 * The first line that holds anything decides. The word may be empty, and may hold what is a blank to us; of the third
 * form, which vocab.txt has, it holds none, but may hold others that Unicode knows (normalisation.ts).
 */
const FORMS: readonly Form[] = [
  { name: 'word<TAB>count', pattern: /^(.*)\t(\d+)$/su },
  { name: '(word,count)', pattern: /^\((.*),(\d+)\)$/su },
  { name: 'word count', pattern: /^([^\0-\x20\x7f-\xa0]+) (\d+)$/u },
];
/** Of these a list has no lines; of the third it may, by chance. */
const UNMISTAKABLE = FORMS.slice(0, 2);

/** Words that are added to the counts at once. */
const BATCH = 4096;

export type GivenWords =
  | { readonly kind: 'list'; readonly words: ReadonlySet<string> }
  | { readonly kind: 'counts'; readonly counter: WordCounter };

export interface GivenOptions {
  readonly corpus: CorpusOptions;
  readonly rules: Normalisation;
  /** Bytes of the table of counts. */
  readonly limitBytes: number;
  readonly hashSeed: number;
}

/**
 * A word is made of what stands there as it is made of the corpus' text: split, normalised, or left out, its count with
 * it. What comes more than once, also by that, is summed. In lists, lines that begin with ':' are headings.
 * @throws TributaryError VOCABULARY_FILE for a line that is none, or no word at all; as a corpus that cannot be read
 */
export async function readGivenWords(path: string, options: GivenOptions): Promise<GivenWords> {
  try {
    return await read(path, options);
  } catch (error) {
    if (!(error instanceof TributaryError) || error.code === 'VOCABULARY_FILE') throw error;
    // Else it would read as if the corpus were meant.
    const { code, message, hint, exit, cause } = error;
    throw new TributaryError(code, `--vocab: ${message}`, { exit, cause, ...(hint === undefined ? {} : { hint }) });
  }
}

async function read(path: string, options: GivenOptions): Promise<GivenWords> {
  const { rules } = options;
  const source = await openCorpus([path], options.corpus);
  const words = new Set<string>();
  const counts = new CountBatch(new WordCounter(rules, options.limitBytes, { hashSeed: options.hashSeed }));
  let form: Form | null | undefined;
  try {
    for (const [index, file] of (await source.list()).entries()) {
      let number = 0;
      for await (const lines of readLines(source, file, { file: index, start: 0, end: file.length })) {
        for (const line of lines) {
          number++;
          if (line === '') continue;
          if (form === undefined) form = FORMS.find(({ pattern }) => pattern.test(line)) ?? null;
          if (form === null) {
            if (line.startsWith(':')) continue;
            const mixed = UNMISTAKABLE.find(({ pattern }) => pattern.test(line));
            if (mixed !== undefined)
              throw malformed(file.path, number, line, `is ${mixed.name}, and the lines before are words alone`);
            for (const word of wordsOf(line, rules)) words.add(word);
          } else {
            const [, text, digits] = form.pattern.exec(line) ?? [];
            const count = Number(digits);
            if (text === undefined)
              throw malformed(file.path, number, line, `is not ${form.name}, as lines before are`);
            if (!Number.isSafeInteger(count)) throw malformed(file.path, number, line, 'has a count beyond 2^53');
            if (count > 0) for (const word of wordsOf(text, rules)) counts.add(word, count);
          }
        }
      }
    }
  } finally {
    await source.close();
  }
  counts.flush();
  if (words.size === 0 && counts.counter.tokens === 0) {
    throw new TributaryError('VOCABULARY_FILE', `${path} holds no words`, {
      hint: 'Give --vocab a list of words, or the output of a word count.',
    });
  }
  return form === null ? { kind: 'list', words } : { kind: 'counts', counter: counts.counter };
}

/** Words with their counts, added to a counter by the batch. */
class CountBatch {
  readonly counter: WordCounter;
  #words: Uint8Array[] = [];
  #counts: number[] = [];

  constructor(counter: WordCounter) {
    this.counter = counter;
  }

  add(word: string, count: number): void {
    this.#words.push(encodeUtf8(word));
    this.#counts.push(count);
    if (this.#words.length === BATCH) this.flush();
  }

  flush(): void {
    let end = 0;
    const ends = Uint32Array.from(this.#words, (word) => (end += word.length));
    this.counter.merge({
      bytes: Uint8Array.from(Buffer.concat(this.#words)),
      ends,
      counts: Float64Array.from(this.#counts),
    });
    this.#words = [];
    this.#counts = [];
  }
}

/** Characters of a line that are shown. */
const SHOWN = 60;

function malformed(path: string, number: number, line: string, why: string): TributaryError {
  const shown = JSON.stringify(line.length > SHOWN ? `${line.slice(0, SHOWN)}…` : line);
  return new TributaryError('VOCABULARY_FILE', `${path}:${number}: ${shown} ${why}`, {
    hint: 'Every line of --vocab gives a word and its count, as word<TAB>count, (word,count) or "word count"; or none does.',
  });
}
