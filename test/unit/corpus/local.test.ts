// Local files and the sample corpus as sources, on a real file system.
import { appendFileSync, chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { examineCorpus } from '../../../coordinator/corpus/doctor.ts';
import { readLines } from '../../../coordinator/corpus/lines.ts';
import { openCorpus } from '../../../coordinator/corpus/open.ts';
import { untag } from '../../../coordinator/corpus/sample.ts';
import { drain } from './memory-source.ts';

let root = '';

beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'tributary-corpus-'));
  mkdirSync(join(root, 'texts/deep'), { recursive: true });
  mkdirSync(join(root, 'empty'));
  mkdirSync(join(root, 'hollow'));
  writeFileSync(join(root, 'texts/b.txt'), 'b one\nb two\n');
  writeFileSync(join(root, 'texts/deep/a.txt'), 'deep\n');
  writeFileSync(join(root, 'texts/.hidden.txt'), 'no\n');
  writeFileSync(join(root, 'texts/photo.jpg'), 'no text\n');
  writeFileSync(join(root, 'texts/nothing.txt'), '');
  writeFileSync(join(root, 'hollow/nothing.txt'), '');
  writeFileSync(join(root, 'odd [1].txt'), 'literal\n');
  symlinkSync('..', join(root, 'texts/up'));
});

afterAll(() => rmSync(root, { recursive: true }));

async function names(...specs: string[]): Promise<string[]> {
  const source = await openCorpus(
    specs.map((spec) => join(root, spec)),
    {},
  );
  return (await source.list()).map((file) => file.path.slice(root.length + 1));
}

describe('local files', () => {
  it('are found by directory, glob and name', async () => {
    expect(await names('texts')).toEqual(['texts/b.txt', 'texts/deep/a.txt']);
    expect(await names('texts/')).toEqual(['texts/b.txt', 'texts/deep/a.txt']);
    expect(await names('texts/*.*')).toEqual(['texts/b.txt', 'texts/photo.jpg']);
    expect(await names('texts/photo.jpg', 'texts', 'texts/b.txt')).toEqual([
      'texts/photo.jpg',
      'texts/b.txt',
      'texts/deep/a.txt',
    ]);
    expect(await names('odd [1].txt')).toEqual(['odd [1].txt']);
  });

  it('that are missing or empty are named', async () => {
    await expect(names('nowhere.txt')).rejects.toMatchObject({
      code: 'CORPUS_NOT_FOUND',
      message: expect.stringContaining('nowhere.txt'),
    });
    await expect(names('nowhere/*.txt')).rejects.toMatchObject({ code: 'CORPUS_NOT_FOUND' });
    await expect(names('texts/*.csv')).rejects.toMatchObject({ code: 'CORPUS_NOT_FOUND' });
    await expect(names('empty')).rejects.toMatchObject({ code: 'CORPUS_EMPTY' });
    await expect((await openCorpus(['/dev/null'], {})).list()).rejects.toMatchObject({ code: 'CORPUS_UNREADABLE' });
    await expect(names('hollow')).rejects.toMatchObject({ code: 'CORPUS_EMPTY' });
  });

  it('that may not be read are named', async () => {
    writeFileSync(join(root, 'locked.txt'), 'x\n');
    chmodSync(join(root, 'locked.txt'), 0);
    const source = await openCorpus([join(root, 'locked.txt')], {});
    const [file] = await source.list();
    const asNobody = process.getuid?.() === 0;
    // Root may read everything: for this one read the process is somebody else.
    if (asNobody) chmodSync(root, 0o755);
    if (asNobody) process.seteuid?.(65_534);
    try {
      await expect(drain(readLines(source, file!, { file: 0, start: 0, end: 2 }))).rejects.toMatchObject({
        code: 'CORPUS_UNREADABLE',
      });
    } finally {
      if (asNobody) process.seteuid?.(0);
    }
  });

  it('that change after they were listed are no data', async () => {
    const path = join(root, 'changing.txt');
    writeFileSync(path, 'one\ntwo\n');
    const source = await openCorpus([path], {});
    const [file] = await source.list();
    if (file === undefined) throw new Error('no file');
    const read = async (): Promise<string[]> => drain(readLines(source, file, { file: 0, start: 0, end: file.length }));
    expect(await read()).toEqual(['one', 'two']);
    appendFileSync(path, 'three\n');
    await expect(read()).rejects.toMatchObject({
      code: 'SOURCE_CHANGED',
      message: expect.stringContaining('changing.txt'),
    });
    rmSync(path);
    await expect(read()).rejects.toMatchObject({ code: 'SOURCE_CHANGED' });
  });

  it('are read from another source of the same specs, as worker threads do', async () => {
    const spec = join(root, 'texts');
    const files = structuredClone(await (await openCorpus([spec], {})).list());
    const other = await openCorpus([spec], structuredClone({ hdfsUser: 'ann' }));
    const [file] = files;
    if (file === undefined) throw new Error('no file');
    expect(await drain(readLines(other, file, { file: 0, start: 0, end: file.length }))).toEqual(['b one', 'b two']);
    expect(() => other.read(file, 0, file.length + 1)).toThrowError(expect.objectContaining({ code: 'CORPUS_RANGE' }));
  });

  it('are examined by the doctor', async () => {
    const findings = [];
    for await (const finding of examineCorpus([join(root, 'texts'), join(root, 'nowhere')], {})) findings.push(finding);
    expect(findings.map((finding) => finding.ok)).toEqual([true, true, false]);
    expect(findings[1]?.detail).toBe('"b one"');
    expect(findings[2]).toMatchObject({
      detail: expect.stringContaining('CORPUS_NOT_FOUND'),
      hint: expect.any(String),
    });
  });
});

describe('the sample', () => {
  it('loses its tags, its punctuation and its capitals', () => {
    expect(untag("\n\n\tThe/at Jury/nn-tl didn't/dod* say/vb ``/`` 1/2/cd ''/'' ,/, --/--\n ./.\nEnd/nn ./.")).toBe(
      "the jury didn't say 1/2\nend\n",
    );
  });

  it('is 500 files with 1.0 M words', async () => {
    const source = await openCorpus(['sample:'], {});
    const files = await source.list();
    expect(files).toHaveLength(500);
    let words = 0;
    for (const file of files) {
      for (const line of await drain(readLines(source, file, { file: 0, start: 0, end: file.length })))
        words += line.split(' ').length;
    }
    expect(words).toBe(1_013_319);
  });
});
