// Lines over WebHDFS while data nodes reset, cut off, hang and name nodes stand by: every line exactly once, or a coded error.
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readLines } from '../../../coordinator/corpus/lines.ts';
import { openCorpus } from '../../../coordinator/corpus/open.ts';
import type { CorpusOptions } from '../../../coordinator/corpus/source.ts';
import { planSplits } from '../../../coordinator/corpus/splits.ts';
import { TributaryError } from '../../../coordinator/errors.ts';
import { type Fault, startFaultyHdfs } from './faulty-hdfs.ts';

const options: CorpusOptions = {
  hdfsUser: 'ann',
  hdfsHostMap: { 'dn.hdfs.invalid': '127.0.0.1' },
  hdfsIdleMs: 60,
  hdfsAttempts: 6,
  hdfsAwaitedAttempts: 6,
};
/** Waits cost nothing. */
const environment = { now: () => 0, random: () => 0.5, sleep: async () => undefined };

// Every edge, and every line different, so that one that is lost or doubled shows.
const LINES = Array.from({ length: 40 }, (_, k) => `${k} ${['', 'é 漢 😀', 'word '.repeat(k % 9), '\0'][k % 4]}`);
const TEXT = Buffer.from(`\ufeff${LINES.map((line, k) => line + (k % 3 === 0 ? '\r\n' : '\n')).join('')}\nlast`);
const EXPECTED = [...LINES, '', 'last'];

// printf of TEXT | bzip2 -9 and | zstd -19, since Node has neither everywhere.
const PACKED: Readonly<Record<string, Buffer>> = {
  'x.txt': TEXT,
  'x.gz': Buffer.concat([gzipSync(TEXT.subarray(0, 333)), gzipSync(TEXT.subarray(333))]),
  'x.bz2': Buffer.from(
    'QlpoOTFBWSZTWZpLUjcAAOvZ/cASQAB/4CQEnIBAAABAkCAADIgAAQDAADAAtYInlMoBiAAAFPaUiYEYJiaMJhImqnqDQAGjQHqOEYOKDNiBNtA2KANiBsQNyCSEQQQRNGk1wUlbUjYUkIhJPVS9WDBzkYMEc9kas0WdVn0YasJVTNkIyEYe7Wb45mIqVGIbqUkSQdSpUbkqSNydOwkFeBIMRIMe/USDIR5EXEfBH0Re4i+kEXYj+LuSKcKEhNJakbg=',
    'base64',
  ),
  'x.zst': Buffer.from(
    'KLUv/WTiADUFAAJKHBuwqQP5JUmhsmrpFbksAeKZVNWMpElZeaZHb8nMYiA23gtiWOOF9T1YYHd9Xd9zjW0L9Qk13gcN1HhAfV9VTfWb+l6k8cSQvpDGe5AGctN4Td8zWxoLn/B9MAqBDxjv60NJmqudB8oeUdcl62l8qyYsFCCwogmsD8ohlhOYD2ZS/hHM4ciPGNvcR5JSsHy5zsg/Y+Ouk7QzouHQBQzX0EFj6GOYvept',
    'base64',
  ),
};

const after = fc.integer({ min: 0, max: TEXT.length });
const fault: fc.Arbitrary<Fault> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constantFrom('reset' as const, 'short' as const), after }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('stall' as const), after }) },
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constantFrom('ok', 'standby', 'starting', 'no-replica', 'server-error', 'not-json', 'offer-short'),
    }),
  },
);

async function linesUnder(faults: readonly Fault[], name: string, splitBytes: number): Promise<string[]> {
  const peer = await startFaultyHdfs(PACKED[name]!, faults);
  const source = await openCorpus([`webhdfs://${peer.origin}/${name}`], options, environment);
  try {
    const files = await source.list();
    const lines: string[] = [];
    for (const split of await planSplits(source, files, splitBytes))
      for await (const batch of readLines(source, files[split.file]!, split)) lines.push(...batch);
    return lines;
  } finally {
    await source.close();
    await peer.close();
  }
}

describe.each(Object.keys(PACKED))('lines of %s', (name) => {
  it('are all there once, whatever fails where', async () => {
    let read = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.array(fault, { maxLength: 5 }),
        fc.integer({ min: 60, max: 2 * TEXT.length }),
        async (faults, splitBytes) => {
          const outcome = await linesUnder(faults, name, splitBytes).catch((error: unknown) => error);
          if (outcome instanceof TributaryError) {
            expect(outcome.code).toMatch(/^HDFS_/);
            return;
          }
          expect(outcome).toEqual(EXPECTED);
          read += 1;
        },
      ),
      { numRuns: 40 },
    );
    // Errors are for what cannot be mended: most of this can.
    expect(read).toBeGreaterThan(30);
  });
});
