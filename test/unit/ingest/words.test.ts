// Words of text: the plain rules by example, and the scanner of bytes, the counter and the encoder held to them.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Encoder, GAP, LINE_END } from '../../../coordinator/ingest/encoder.ts';
import type { Normalisation } from '../../../coordinator/ingest/normalisation.ts';
import { AS_IT_STANDS, normalise, wordsOf } from '../../../coordinator/ingest/normalisation.ts';
import { pieceHash } from '../../../coordinator/ingest/piece-hash.ts';
import { WordCounter } from '../../../coordinator/ingest/word-counter.ts';
import { WordScanner } from '../../../coordinator/ingest/word-scanner.ts';
import { arbitraryLine, arbitraryLines, arbitraryRules, bytesOf } from './texts.ts';

const UNICODE: Normalisation = { ...AS_IT_STANDS, tokenizer: 'unicode' };
const LOWER: Normalisation = { ...AS_IT_STANDS, lowercase: true };

describe('the rules', () => {
  it('take control characters for blanks and leave out what is no word', () => {
    expect(wordsOf('a\tb\u00a0c\u0001d  é', AS_IT_STANDS)).toEqual(['a', 'b', 'c', 'd', 'é']);
    expect(wordsOf('a\u007fb\u009b31mc', AS_IT_STANDS)).toEqual(['a', 'b', '31mc']);
    expect(wordsOf(`short ${'x'.repeat(1001)} words`, AS_IT_STANDS)).toEqual(['short', 'words']);
    // What is too long when it is written is no word either: the dotted I takes one more character in lower case.
    expect(wordsOf('İ'.repeat(600), LOWER)).toEqual([]);
  });

  it.each([
    ['“Hello,” said the fox-trotter—who didn’t ‘mind’.', "Hello said the fox-trotter who didn't mind"],
    ['New_York _emphasis_ word--word rock-’n’-roll', 'New_York emphasis word word rock n roll'],
    ['3.14 1,000 1914-18 12:30 v2.0. a.b 1.a', '3.14 1,000 1914-18 12 30 v2.0 a b 1 a'],
    ['e\u0301te\u0301 co\u00adoperate \u200eעברית\u200e ❤\ufe0f', 'été cooperate עברית'],
    ['日本語、テスト。 می\u200cخواهم हिन्दी', '日本語 テスト می\u200cخواهم हिन्दी'],
  ])('find the words within %s', (text, words) => {
    expect(wordsOf(text, UNICODE)).toEqual(words.split(' '));
  });

  it('lower-case by Unicode alone', () => {
    expect(wordsOf('The STRASSE ÉCOLE ΟΔΟΣ İ ǅ 𐐀', LOWER)).toEqual([
      'the',
      'strasse',
      'école',
      'οδος',
      'i\u0307',
      'ǆ',
      '𐐨',
    ]);
  });

  it('keep digits, make each a zero, or leave out words of digits', () => {
    const text = '1914 3.14 ٣٤ 2nd mp3 ½ -- $5 五';
    expect(wordsOf(text, { ...AS_IT_STANDS, digits: 'zero' }).join(' ')).toBe('0000 0.00 00 0nd mp0 ½ -- $0 五');
    expect(wordsOf(text, { ...AS_IT_STANDS, digits: 'drop' }).join(' ')).toBe('2nd mp3 -- 五');
  });

  it('leave their own words as they are', () => {
    fc.assert(
      fc.property(arbitraryLine, arbitraryRules, (line, rules) => {
        for (const word of wordsOf(line, rules)) expect(normalise(word, rules)).toEqual([word]);
      }),
      { numRuns: 150 },
    );
  });
});

describe('the scanner', () => {
  it('reads the words, pieces and lines that the rules find in arbitrary text', () => {
    fc.assert(
      fc.property(arbitraryLines, arbitraryRules, fc.boolean(), (lines, rules, tiny) => {
        const ids = new Map<string, number>();
        const read: unknown[] = [];
        const sink = {
          resolve: (bytes: Uint8Array, from: number, to: number): number => {
            const word = Buffer.from(bytes.subarray(from, to)).toString('utf8');
            // Some words are not wanted.
            if (word.length % 5 === 3) return -1;
            if (!ids.has(word)) ids.set(word, ids.size);
            return ids.get(word)!;
          },
          piece: (found: Int32Array, count: number, hash: number): void => {
            read.push({ ids: [...found.subarray(0, count)], hash, words: scanner.pieceWords() });
          },
          lineEnd: (): void => void read.push('line'),
        };
        // A memory for three tokens is always full.
        const limits = tiny ? { tokens: 3, bytes: 40, longest: 12 } : undefined;
        const scanner = new WordScanner(rules, sink, 5, limits);
        const block = bytesOf(lines);
        // Every line is read twice: the second time its tokens are known.
        scanner.scan(block);
        const half = block.indexOf(0x0a) + 1;
        scanner.scan(block, 0, half);
        scanner.scan(block, half);
        const expected = lines.flatMap((line) => {
          const words = wordsOf(line, rules);
          const pieces: unknown[] = [];
          for (let from = 0; from < words.length; from += 100) {
            const piece = words.slice(from, from + 100);
            const known = piece.map((word) => (word.length % 5 === 3 ? -1 : ids.get(word)));
            pieces.push({ ids: known, hash: pieceHash(piece), words: piece });
          }
          return [...pieces, 'line'];
        });
        expect(read).toEqual([...expected, ...expected]);
      }),
      { numRuns: 150 },
    );
  });
});

describe('the counter', () => {
  it('counts what a Map counts, in blocks and threads, with and without a list of words', () => {
    fc.assert(
      fc.property(
        arbitraryLines,
        arbitraryRules,
        fc.option(fc.array(fc.nat(60), { maxLength: 9 })),
        (lines, rules, wanted) => {
          const words = lines.map((line) => wordsOf(line, rules));
          const all = [...new Set(words.flat())];
          const only = wanted?.flatMap((k) => all[k] ?? []) ?? null;
          const expected = new Map<string, number>();
          for (const word of words.flat())
            if (only?.includes(word) ?? true) expected.set(word, (expected.get(word) ?? 0) + 1);
          const tokens = [...expected.values()].reduce((sum, count) => sum + count, 0);
          const whole = new WordCounter(rules, 1 << 20, { only });
          const parts = [0, 1].map(() => new WordCounter(rules, 1 << 20, { only, hashSeed: 3 }));
          for (const [k, line] of lines.entries()) {
            whole.add({ bytes: bytesOf([line]) });
            parts[k % 2]!.add({ bytes: bytesOf([line, '']) });
          }
          parts[0]!.merge(structuredClone(parts[1]!.packed()));
          for (const counter of [whole, parts[0]!]) {
            expect(new Map(counter.entries())).toEqual(expected);
            expect([counter.distinct, counter.tokens]).toEqual([expected.size, tokens]);
            expect(counter.pruned).toEqual({ times: 0, minimum: 1, tokens: 0, most: 0 });
          }
          const { candidates } = whole.heldOut.selected;
          const kept = words.filter((line) => line.some((word) => expected.has(word)));
          for (const line of kept.filter(({ length }) => length <= 100)) {
            const found = candidates.find(({ hash }) => hash === pieceHash(line));
            expect(found?.words).toBe(line.join(' '));
          }
        },
      ),
      { numRuns: 100 },
    );
  });

  it('forgets rare words beyond its limit, says so, and keeps the frequent ones', () => {
    const limit = 1 << 20;
    const counter = new WordCounter(AS_IT_STANDS, limit);
    let rare = 0;
    const expected = new Map<string, number>();
    for (let block = 0; block < 60; block++) {
      const lines = Array.from({ length: 1000 }, (_, k) => `often${k % 50} rare${rare++} rare${rare++}`);
      for (let k = 0; k < 1000; k++) expected.set(`often${k % 50}`, (expected.get(`often${k % 50}`) ?? 0) + 1);
      counter.add({ bytes: bytesOf(lines) });
      expect(counter.memory).toBeLessThan(limit);
    }
    const counts = new Map(counter.entries());
    for (const [word, count] of expected) expect(counts.get(word)).toBe(count);
    expect(counter.tokens).toBe(60_000 * 3);
    const { times, minimum, tokens } = counter.pruned;
    expect(times).toBeGreaterThan(1);
    expect(minimum).toBe(2);
    expect(tokens).toBe(rare - (counts.size - 50));
    expect(tokens).toBeGreaterThan(rare / 2);
    // By hand: what is left of the rare ones, and the ids of those that stay.
    counter.prune(3);
    expect(new Map(counter.entries())).toEqual(expected);
    counter.add({ bytes: bytesOf(['often7 new', 'often7']) });
    expect(new Map(counter.entries())).toEqual(new Map([...expected, ['often7', 1202], ['new', 1]]));
    expect(counter.pruned.minimum).toBe(3);
  });
});

describe('the encoder', () => {
  it('gives the ids of known words, ends of lines, and gaps where pieces are held out', () => {
    fc.assert(
      fc.property(arbitraryLines, arbitraryRules, fc.nat(3), (lines, rules, held) => {
        const all = [...new Set(lines.flatMap((line) => wordsOf(line, rules)))];
        const words = all.filter((_, k) => k % 3 !== 1);
        const ids = new Map(words.map((word, id) => [word, id]));
        const heldOutLimit = [0, 2 ** 30, 2 ** 31, 2 ** 32][held]!;
        const expected = lines.flatMap((line) => {
          const found = wordsOf(line, rules);
          const codes: number[] = [];
          for (let from = 0; from < found.length; from += 100) {
            const piece = found.slice(from, from + 100);
            const known = piece.map((word) => ids.get(word)).filter((id) => id !== undefined);
            codes.push(...(pieceHash(piece) < heldOutLimit ? [GAP - known.length] : known));
          }
          return [...codes, LINE_END];
        });
        const encoder = new Encoder({ words, normalisation: rules, heldOutLimit, hashSeed: 11 });
        expect([...encoder.encode(bytesOf(lines))]).toEqual(expected);
        const from = bytesOf(['before']).length;
        expect([...encoder.encode(bytesOf(['before', ...lines]), from)]).toEqual(expected);
      }),
      { numRuns: 150 },
    );
  });
});
