// What a word is: the plain rules, one token at a time. The fast path (token-memory.ts) is held to them by tests.

export const TOKENIZERS = ['whitespace', 'unicode'] as const;
export const DIGITS = ['keep', 'zero', 'drop'] as const;

/** How text becomes words. Fixed when a run begins. */
export interface Normalisation {
  /** Lower-case letters by Unicode's rules, whatever the machine's locale. */
  readonly lowercase: boolean;
  /** What stands between blanks, as it is; or the words in it by Unicode's kinds of characters, without punctuation. */
  readonly tokenizer: (typeof TOKENIZERS)[number];
  /** Digits as they are; each a 0, as is done for word2vec; or words that have digits and no letter left out. */
  readonly digits: (typeof DIGITS)[number];
}

/** The rules for words among other settings. */
export function rulesOf({ lowercase, tokenizer, digits }: Normalisation): Normalisation {
  return { lowercase, tokenizer, digits };
}

/**
 * What no window reaches beyond: a line, or so many words of the vocabulary, one after the other, whatever lines they
 * stand in. The last such sentence of a file, and one before held-out text, may be shorter.
 */
export type Sentence = 'line' | number;

/** Words as they stand in the corpus. */
export const AS_IT_STANDS: Normalisation = { lowercase: false, tokenizer: 'whitespace', digits: 'keep' };

/**
 * Control characters and the no-break space count as blanks, as does the space: the word2vec file formats cannot hold
 * them in a word, nor should a terminal.
 */
const BLANKS = /[\0-\x20\x7f-\xa0]+/u;

/** UTF-16 units of the longest word; what is longer is no word, and the file formats have a limit as well. */
export const LONGEST_WORD = 1000;

/** Invisible characters: a soft hyphen, marks of direction. The first three that stand apart part or join words. */
const INVISIBLE = /(?![\u200b-\u200d])\p{Cf}/gu;

/**
 * Letters, numbers and their marks (and the two joiners of Indic and Persian spelling), beginning with a letter or a
 * number; one apostrophe, hyphen or low line between two such runs joins them, as do a point or comma between digits.
 */
const WORDS =
  /[\p{L}\p{N}][\p{L}\p{M}\p{N}\u200c\u200d]*(?:(?:['\u2019_\u2010\u2011-]|(?<=\p{Nd})[.,](?=\p{Nd}))[\p{L}\p{N}][\p{L}\p{M}\p{N}\u200c\u200d]*)*/gu;

function wordsWithin(token: string): readonly string[] {
  const words = token.replace(INVISIBLE, '').match(WORDS) ?? [];
  return words.map((word) => word.replace(/\u2019/gu, "'").replace(/[\u2010\u2011]/gu, '-'));
}

/** The words of one token, which is what stands between blanks: none, one or many. */
export function normalise(token: string, { lowercase, tokenizer, digits }: Normalisation): string[] {
  let words = tokenizer === 'unicode' ? wordsWithin(token) : [token];
  if (lowercase) words = words.map((word) => word.toLowerCase());
  // Composed, so that an accent typed after its letter makes no other word.
  if (tokenizer === 'unicode') words = words.map((word) => word.normalize('NFC'));
  if (digits === 'zero') words = words.map((word) => word.replace(/\p{Nd}/gu, '0'));
  if (digits === 'drop') words = words.filter((word) => !/\p{N}/u.test(word) || /\p{L}/u.test(word));
  return words.filter((word) => word !== '' && word.length <= LONGEST_WORD);
}

/** The words of a line. */
export function wordsOf(line: string, rules: Normalisation): string[] {
  return line.split(BLANKS).flatMap((token) => normalise(token, rules));
}
