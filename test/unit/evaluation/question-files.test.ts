// The evaluation files: what they may hold, and the line that is named where they hold something else.

import { describe, expect, it } from 'vitest';
import { spearman } from '../../../word2vec/evaluation/pair-similarity.ts';
import { parsePairs, parseQuestions } from '../../../word2vec/evaluation/question-files.ts';

describe('questions', () => {
  it('come in sections', () => {
    expect(parseQuestions(': capital cities\r\nAthens Greece  Oslo Norway\r\n\r\n:empty\n')).toEqual([
      { name: 'capital cities', questions: [{ a: 'Athens', b: 'Greece', c: 'Oslo', expected: 'Norway' }] },
      { name: 'empty', questions: [] },
    ]);
  });

  it.each([
    [': s\na b c d\na b c\n', 'QUESTIONS_LINE', /line 3 \("a b c"\)/],
    [': s\na b c d e\n', 'QUESTIONS_LINE', /line 2/],
    ['\na b c d\n', 'QUESTIONS_LINE', /line 2 .*section/],
    [': s\n', 'QUESTIONS_EMPTY', /no question/],
    ['', 'QUESTIONS_EMPTY', /no question/],
  ])('%j is refused', (text, code, message) => {
    expect(() => parseQuestions(text)).toThrow(
      expect.objectContaining({ code, message: expect.stringMatching(message) }),
    );
  });
});

describe('pairs', () => {
  it('are divided by tabs, so words may hold blanks', () => {
    expect(parsePairs('# word\tword\trating\nice cream\tcold\t7.5\r\n\n')).toEqual([
      { a: 'ice cream', b: 'cold', rating: 7.5 },
    ]);
  });

  it.each([
    ['a\tb\t1\na b 2\n', 'PAIRS_LINE', /line 2 \("a b 2"\)/],
    ['a\tb\tmuch\n', 'PAIRS_LINE', /line 1/],
    ['a\tb\t\n', 'PAIRS_LINE', /line 1/],
    ['a\tb\t1\t2\n', 'PAIRS_LINE', /line 1/],
    ['# nothing\n', 'PAIRS_EMPTY', /no word pair/],
  ])('%j are refused', (text, code, message) => {
    expect(() => parsePairs(text)).toThrow(expect.objectContaining({ code, message: expect.stringMatching(message) }));
  });
});

describe("Spearman's rho", () => {
  it('gives ties their mean rank', () => {
    // ranks 1 2.5 2.5 4 against 1 2 3 4: r = 4.5 / sqrt(4.5 × 5)
    expect(spearman([1, 2, 2, 3], [10, 20, 30, 40])).toBeCloseTo(4.5 / Math.sqrt(4.5 * 5), 12);
    expect(spearman([1, 2, 3], [9, 4, 1])).toBe(-1);
  });

  it('is undefined for fewer than two values or all ties', () => {
    for (const values of [[], [1], [2, 2, 2]]) expect(spearman(values, values)).toBeNull();
  });
});
