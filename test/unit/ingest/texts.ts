// Arbitrary text for the tests of words: any Unicode, and much of what is treated specially.
import fc from 'fast-check';

const PIECES = [
  'the',
  'The',
  'THE',
  "don't",
  'don’t',
  '’tis',
  'well-known',
  'well‐known',
  'a--b',
  '-',
  '_x_',
  'new_york',
  '1914',
  '3.14',
  '1,000',
  '12:30',
  '٣٤',
  '2nd',
  '½',
  'Ⅷ',
  '５',
  '$5',
  '...',
  '«',
  '»',
  '…',
  '"',
  '(',
  ')',
  'Straße',
  'ΟΔΟΣ',
  "ΟΔΟΣ'",
  'İstanbul',
  'ISPARTA',
  'Ⱥ',
  'Å',
  'A\u030a',
  'e\u0301',
  '\u0301',
  'ﬁ',
  'Ǆ',
  'ß',
  'ẞ',

  '日本語',
  'かな',
  'ไทย',
  'हिन्दी',
  'क्\u200dष',
  'می\u200cخواهم',
  'שָׁלוֹם',
  '한국어',
  '\u1112\u1161\u11ab',
  '😀',
  '❤\ufe0f',
  '𝒜',
  '𐐀',
  'co\u00adop',
  '\u200e',
  '\u2060',
  '\ufeff',
  '\u200b',
  '\u3000',
  '\u2028',
  '\u2003',
  '\ufffd',
  '\u0085',
  '\u009b',
  '\u00a0',
  '\u0000',
  '\u0001',
  '\u007f',
  '\u00a1',
  '\u00c2',
  'Â',
  '\u00bf',
  '\r',
  '\t',
  '  ',
  ' ',
  'x'.repeat(255),
  'x'.repeat(256),
  'x'.repeat(257),
  'é'.repeat(128),
  'x'.repeat(1000),
  'x'.repeat(1001),
  '語'.repeat(1000),
  '語'.repeat(1001),
];

const piece = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom(...PIECES) },
  { weight: 3, arbitrary: fc.constant(' ') },
  { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 5 }) },
  { weight: 1, arbitrary: fc.string({ unit: 'grapheme', maxLength: 5 }) },
);

/** A line without its line feed. */
export const arbitraryLine = fc
  .oneof(
    { weight: 8, arbitrary: fc.array(piece, { maxLength: 30 }) },
    // Beyond the words of a piece.
    {
      weight: 1,
      arbitrary: fc.array(fc.oneof(piece, fc.constantFrom(' a', ',b ', 'c ')), { minLength: 150, maxLength: 400 }),
    },
  )
  .map((pieces) => Buffer.from(pieces.join('').replaceAll('\n', ' ')).toString('utf8'));

export const arbitraryLines = fc.array(arbitraryLine, { maxLength: 12 });

export const arbitraryRules = fc.record({
  lowercase: fc.boolean(),
  tokenizer: fc.constantFrom('whitespace' as const, 'unicode' as const),
  digits: fc.constantFrom('keep' as const, 'zero' as const, 'drop' as const),
});

export const bytesOf = (lines: readonly string[]): Buffer => Buffer.from(lines.map((line) => `${line}\n`).join(''));
