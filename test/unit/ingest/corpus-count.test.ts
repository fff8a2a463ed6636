// How a corpus is counted by threads: what each of them is told.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, vi } from 'vitest';
import type { CorpusOptions } from '../../../coordinator/corpus/source.ts';
import { CorpusCount } from '../../../coordinator/ingest/corpus-count.ts';
import { AS_IT_STANDS } from '../../../coordinator/ingest/normalisation.ts';
import { memorySource } from '../corpus/memory-source.ts';
import { MEMORY, SILENT } from './ingest-edges.ts';

const told = vi.hoisted((): CorpusOptions[] => []);

vi.mock('../../../coordinator/ingest/count-lane.ts', () => ({
  CountThread: class {
    constructor(_corpus: readonly string[], options: CorpusOptions) {
      told.push(options);
    }
    count = (): Promise<never> => Promise.reject(new Error('no thread'));
    hurry(): void {}
    close = (): Promise<void> => Promise.resolve();
  },
}));

it('gives each thread its share of the streams, by how many there are', async () => {
  // Above what is counted without any thread.
  const source = memorySource(Buffer.alloc(5 << 20, 'a word\n'));
  const half = source.file.length / 2;
  const splits = [
    { file: 0, start: 0, end: half },
    { file: 0, start: half, end: source.file.length },
  ];
  const order = {
    corpus: ['memory.txt'],
    options: { hdfsUser: 'ann' },
    rules: AS_IT_STANDS,
    only: null,
    threads: 8,
    memory: MEMORY,
    folder: '',
    hashSeed: 0,
  };
  const counting = new CorpusCount({ source, files: [source.file], splits }, order, SILENT);
  await expect(counting.run()).rejects.toThrow('no thread');
  expect(told).toEqual(splits.map(() => ({ hdfsUser: 'ann', hdfsThreads: 2 })));
});

it('says that it goes on with what was kept', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'tributary-count-'));
  const source = memorySource(Buffer.from('one two three\nfour five\n'));
  const splits = [
    { file: 0, start: 0, end: 14 },
    { file: 0, start: 14, end: 24 },
  ];
  const order = {
    corpus: ['memory.txt'],
    options: {},
    rules: AS_IT_STANDS,
    only: null,
    threads: 1,
    memory: MEMORY,
    folder,
    hashSeed: 0,
  };
  const notes: string[] = [];
  const edges = { ...SILENT, note: (_: string, text: string) => notes.push(text) };
  const opened = { source, files: [source.file], splits };
  const first = await new CorpusCount(opened, order, edges).run();
  expect(notes).toEqual([]);
  const second = await new CorpusCount(opened, order, edges).run();
  expect(notes).toEqual(['counting goes on: 5 words are counted already, 2 of 2 splits whole']);
  expect(second.counter.tokens).toBe(first.counter.tokens);
  rmSync(folder, { recursive: true });
});
