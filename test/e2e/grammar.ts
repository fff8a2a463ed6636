// A corpus with planted structure: countries and capitals whose relation only their contexts tell.
import { below, hashAt } from '../../word2vec/random.ts';

export interface Grammar {
  /** One sentence a line. */
  readonly text: string;
  /** Word pairs of one relation: any two make an analogy. */
  readonly pairs: readonly (readonly [country: string, capital: string])[];
  /** Words that share their topic with pair k. */
  readonly topics: readonly (readonly string[])[];
}

const TOPIC_WORDS = 4;
const KIND_WORDS = 8;
const FILLERS = 60;
const SENTENCE_WORDS = 14;

/**
 * Sentence of pair k: the country among words of countries, or the capital among words of capitals, with words of
 * topic k and fillers.
 * @param padding blanks added to every line: bytes to read that hold no word
 */
export function grammar(options: { pairs: number; sentences: number; padding: number; seed: number }): Grammar {
  let counter = 0;
  const pick = <T>(from: readonly T[]): T => from[below(hashAt(options.seed, counter++), from.length)]!;
  const numbered = (name: string, count: number): string[] => Array.from({ length: count }, (_, k) => `${name}${k}`);
  const pairs = numbered('', options.pairs).map((k) => [`country${k}`, `capital${k}`] as const);
  const topics = pairs.map((_, k) => numbered(`topic${k}x`, TOPIC_WORDS));
  const kinds = [numbered('ofcountries', KIND_WORDS), numbered('ofcapitals', KIND_WORDS)] as const;
  const fillers = numbered('filler', FILLERS);
  const padding = ' '.repeat(options.padding);
  const lines: string[] = [];
  for (let sentence = 0; sentence < options.sentences; sentence++) {
    const k = below(hashAt(options.seed, counter++), pairs.length);
    const side = below(hashAt(options.seed, counter++), 2) as 0 | 1;
    const words: string[] = [];
    for (let at = 0; at < SENTENCE_WORDS; at++) {
      const kind = at % 5;
      if (kind === 2) words.push(pairs[k]![side]);
      else if (kind === 0) words.push(pick(topics[k]!));
      else if (kind === 4) words.push(pick(fillers));
      else words.push(pick(kinds[side]));
    }
    lines.push(words.join(' ') + padding);
  }
  return { text: `${lines.join('\n')}\n`, pairs, topics };
}
