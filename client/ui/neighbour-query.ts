// What a person types into the word box, as a query for GET /api/similar.

export interface NeighbourQuery {
  readonly positive: readonly string[];
  readonly negative: readonly string[];
}

/** Words between blanks or commas; one with a minus before it is subtracted: `woman king -man`. */
export function parseNeighbourQuery(text: string): NeighbourQuery {
  const positive: string[] = [];
  const negative: string[] = [];
  for (const word of text.split(/[\s,]+/)) {
    if (word.length > 1 && /^[-\u2212]/.test(word)) negative.push(word.slice(1));
    else if (word !== '') positive.push(word);
  }
  return { positive, negative };
}

/** Path and query, relative to the page. */
export function neighbourPath(query: NeighbourQuery, top: number): string {
  const list = (words: readonly string[]): string => words.map(encodeURIComponent).join(',');
  const minus = query.negative.length > 0 ? `&negative=${list(query.negative)}` : '';
  return `api/similar?positive=${list(query.positive)}${minus}&top=${top}`;
}
