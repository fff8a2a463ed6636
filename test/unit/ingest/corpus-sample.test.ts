// The sample of a corpus whose counts are given: the same lines, in whatever chunks a cluster sends them.
import { expect, it } from 'vitest';
import { sampleCorpus } from '../../../coordinator/ingest/corpus-sample.ts';
import { AS_IT_STANDS } from '../../../coordinator/ingest/normalisation.ts';
import { memorySource } from '../corpus/memory-source.ts';

const LINES = Array.from({ length: 400 }, (_, k) => `line${k} of some words`);

async function sampled(sizes: readonly number[], bytes: number): Promise<string[]> {
  const source = memorySource(Buffer.from(`${LINES.join('\n')}\n`), sizes);
  const { length } = source.file;
  const middle = LINES.slice(0, 200).join('\n').length + 1;
  const splits = [
    { file: 0, start: 0, end: middle },
    { file: 0, start: middle, end: length },
  ];
  const opened = { source, files: [source.file], splits };
  const counter = await sampleCorpus(opened, AS_IT_STANDS, 1, new AbortController().signal, bytes);
  return [...counter.entries()].map(([word]) => word).filter((word) => word.startsWith('line'));
}

it('holds the lines that begin within its bytes, in whatever chunks they come', async () => {
  // Of each split 45 bytes: two lines of 20 or 22 bytes, and the one that reaches beyond.
  const expected = ['line0', 'line1', 'line2', 'line200', 'line201', 'line202'];
  for (const sizes of [[65_536], [1], [7, 100], [21], [43]])
    expect(await sampled(sizes, 90), `chunks of ${sizes.join(', ')}`).toEqual(expected);
});

it('is the whole of a corpus that is smaller', async () => {
  for (const sizes of [[65_536], [7, 100]]) expect(await sampled(sizes, 1 << 20)).toHaveLength(LINES.length);
});
