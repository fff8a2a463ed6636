// What --vocab names: lists and counts in every form that clusters write them, and clear words for what is neither.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readGivenWords } from '../../../coordinator/ingest/given-words.ts';
import type { Normalisation } from '../../../coordinator/ingest/normalisation.ts';
import { AS_IT_STANDS } from '../../../coordinator/ingest/normalisation.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'tributary-given-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

let files = 0;
async function read(
  parts: Readonly<Record<string, string | Buffer>>,
  rules: Normalisation = AS_IT_STANDS,
): Promise<readonly string[] | Readonly<Record<string, number>>> {
  const at = join(folder, `out${files++}`);
  mkdirSync(at);
  for (const [name, text] of Object.entries(parts)) writeFileSync(join(at, name), text);
  const options = { corpus: {}, rules, limitBytes: 8 << 20, hashSeed: 3 };
  const given = await readGivenWords(join(at, '*'), options);
  return given.kind === 'list' ? [...given.words] : Object.fromEntries(given.counter.entries());
}

describe('words with counts', () => {
  it('are read from parts as Hadoop writes them, compressed or not, and summed', async () => {
    const parts = {
      'part-r-00000': 'and\t7\nthe\t9007199254740\n',
      'part-r-00001.gz': gzipSync('be\t2\nthe\t5\n'),
      _SUCCESS: '',
      '.part-r-00000.crc': 'crc\0',
    };
    expect(await read(parts)).toEqual({ and: 7, the: 9007199254745, be: 2 });
  });

  it('are read as Spark and word2vec.c write them', async () => {
    expect(await read({ 'part-00000': '(and,7)\n((,2)\n(a,b,3)\n(,11)\n' })).toEqual({ and: 7, '(': 2, 'a,b': 3 });
    expect(await read({ 'vocab.txt': 'the 12\nof 9\n' })).toEqual({ the: 12, of: 9 });
    // An ideographic and a thin space, which are no blanks to us: vocab.txt has such words.
    expect(await read({ 'vocab.txt': 'a\u3000b 12\n5\u2009km 9\n' })).toEqual({ 'a\u3000b': 12, '5\u2009km': 9 });
  });

  it('go through the rules for words, with their counts', async () => {
    const lower = { ...AS_IT_STANDS, lowercase: true };
    expect(await read({ counts: 'The\t3\nthe\t4\nÉcole\t1\n' }, lower)).toEqual({ the: 7, école: 1 });
    // Java's blanks are fewer than ours.
    expect(await read({ counts: 'a\u00a0b\t3\nb\t1\n\t5\n' })).toEqual({ a: 3, b: 4 });
    const apart = { ...AS_IT_STANDS, tokenizer: 'unicode' } as const;
    expect(await read({ counts: '"well,\t2\nso-called\t1\n--\t9\n' }, apart)).toEqual({ well: 2, 'so-called': 1 });
  });

  it('are refused with file and line where a line is otherwise', async () => {
    for (const [parts, said] of [
      [{ counts: 'a\t1\nb\nc\t2\n' }, /counts:2: "b" is not word<TAB>count/],
      [{ counts: 'a\t1\n(b,2)\n' }, /counts:2: "\(b,2\)" is not word<TAB>count/],
      [{ a: '(a,1)\n', b: '\n(b,-2)\n' }, /b:2: "\(b,-2\)" is not \(word,count\)/],
      [{ counts: 'a\t99999999999999999999\n' }, /counts:1: .*has a count beyond 2\^53/],
      [{ words: 'a b\nc\t3\n' }, /words:2: .*is word<TAB>count, and the lines before are words alone/],
      [{ words: ': heading\n\n' }, /holds no words/],
    ] as const)
      await expect(read(parts)).rejects.toMatchObject({
        code: 'VOCABULARY_FILE',
        message: expect.stringMatching(said) as unknown,
      });
  });
});

it('words alone are a list, headings left out', async () => {
  expect(await read({ words: ': capitals 3\nAthens Greece\n\n  Oslo\n' })).toEqual(['Athens', 'Greece', 'Oslo']);
});

it('is named where it cannot be read, as the corpus is not', async () => {
  const options = { corpus: {}, rules: AS_IT_STANDS, limitBytes: 8 << 20, hashSeed: 3 };
  writeFileSync(join(folder, 'empty'), '');
  await expect(readGivenWords(join(folder, 'empty'), options)).rejects.toMatchObject({
    code: 'CORPUS_EMPTY',
    message: expect.stringMatching(/^--vocab: .*empty is empty$/) as unknown,
    hint: 'Name a file that holds text.',
  });
  await expect(readGivenWords(join(folder, 'none'), options)).rejects.toMatchObject({
    code: 'CORPUS_NOT_FOUND',
    message: expect.stringMatching(/^--vocab: there is no /) as unknown,
  });
});
