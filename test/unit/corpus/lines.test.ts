// Splits tile files, and the lines over splits are the lines of the whole: properties over random texts, sizes and chunkings.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type LineBlock, readLineBlocks, readLines } from '../../../coordinator/corpus/lines.ts';
import { planSplits, snap } from '../../../coordinator/corpus/splits.ts';
import { drain, memorySource } from './memory-source.ts';

// Pieces that meet all the edges: terminators, characters of one to four bytes, broken UTF-8, NUL, BOM.
const piece = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom('\n', '\r\n', '\r', '\n\n', ' ', '\t', '\0', '\ufeff', '\ufffd') },
  { weight: 6, arbitrary: fc.constantFrom('a', 'word', 'é', '漢字', '😀', 'x'.repeat(40)) },
);
const text = fc
  .array(
    fc.oneof(
      { weight: 9, arbitrary: piece.map((part) => Buffer.from(part)) },
      {
        weight: 1,
        arbitrary: fc.constantFrom([0xff], [0xe2, 0x82], [0xf0, 0x9f], [0x80]).map((part) => Buffer.from(part)),
      },
    ),
    { maxLength: 60 },
  )
  .map((parts) => Buffer.concat(parts));
const chunking = fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1, maxLength: 5 });

/** The definition, plainly: split on line feeds, decode each line by itself. */
function expectedLines(bytes: Buffer): string[] {
  const lines: string[] = [];
  for (let from = 0; from < bytes.length;) {
    const feed = bytes.indexOf(0x0a, from);
    const to = feed < 0 ? bytes.length : feed;
    lines.push(bytes.toString('utf8', from, to).replace(/\r$/, ''));
    from = to + 1;
  }
  if (bytes.equals(Buffer.from('\ufeff'))) return [];
  if (lines[0]?.startsWith('\ufeff') === true) lines[0] = lines[0].slice(1);
  return lines;
}

function snapByDefinition(bytes: Buffer, at: number): number {
  if (at <= 0) return 0;
  if (at >= bytes.length) return bytes.length;
  const feed = bytes.indexOf(0x0a, at - 1);
  return feed < 0 ? bytes.length : feed + 1;
}

describe('splits', () => {
  it('snap as defined', async () => {
    await fc.assert(
      fc.asyncProperty(text, chunking, fc.nat(), async (bytes, sizes, seed) => {
        const at = seed % (bytes.length + 2);
        const source = memorySource(bytes, sizes);
        expect(await snap(source, source.file, at)).toBe(snapByDefinition(bytes, at));
      }),
      { numRuns: 400 },
    );
  });

  it('are [snap(kS), snap((k+1)S)), the empty ones dropped, and tile the file', async () => {
    await fc.assert(
      fc.asyncProperty(text, fc.integer({ min: 1, max: 70 }), async (bytes, size) => {
        const source = memorySource(bytes);
        const splits = await planSplits(source, [source.file], size);
        const expected = [];
        for (let k = 0; k * size < bytes.length; k += 1) {
          const [start, end] = [snapByDefinition(bytes, k * size), snapByDefinition(bytes, (k + 1) * size)];
          if (start < end) expected.push({ file: 0, start, end });
        }
        expect(splits).toEqual(expected);
        expect(Buffer.concat(splits.map(({ start, end }) => bytes.subarray(start, end)))).toEqual(bytes);
      }),
    );
  });

  it('read a text of one line about once, not once a boundary', async () => {
    const source = memorySource(Buffer.alloc(3 << 20, 'word '));
    expect(await planSplits(source, [source.file], 100_000)).toEqual([{ file: 0, start: 0, end: 3 << 20 }]);
    expect(source.bytesRead()).toBeLessThanOrEqual(3 << 20);
  });

  it('leave compressed files whole', async () => {
    const source = memorySource(Buffer.alloc(100, 'a\n'), [10], 'x.gz');
    expect(await planSplits(source, [source.file], 10)).toEqual([{ file: 0, start: 0, end: 100 }]);
  });
});

/** The blocks of the whole, read in chunks of `sizes`. */
async function blocksOf(bytes: Buffer, sizes: readonly number[], longestLine?: number): Promise<LineBlock[]> {
  const source = memorySource(bytes, sizes);
  const blocks: LineBlock[] = [];
  const split = { file: 0, start: 0, end: bytes.length };
  for await (const block of readLineBlocks(source, source.file, split, { longestLine })) blocks.push(block);
  return blocks;
}

const sum = (blocks: readonly LineBlock[], field: 'replaced' | 'cut'): number =>
  blocks.reduce((total, block) => total + block[field], 0);

/** Sequences that a strict reader replaces, counted one by one: each character that does not read back as itself. */
function invalidSequences(bytes: Buffer): number {
  const shown = new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes);
  return shown.split('\ufffd').length - 1 - (bytes.toString('latin1').split('\xef\xbf\xbd').length - 1);
}

describe('blocks', () => {
  it('hold whole lines of valid UTF-8, together the text, and count what they repaired', async () => {
    await fc.assert(
      fc.asyncProperty(text, chunking, async (bytes, sizes) => {
        const blocks = await blocksOf(bytes, sizes);
        for (const block of blocks) {
          expect(block.bytes.at(-1)).toBe(0x0a);
          new TextDecoder('utf-8', { fatal: true }).decode(block.bytes);
        }
        let expected = new TextDecoder('utf-8').decode(bytes);
        if (bytes.length > 0 && bytes.at(-1) !== 0x0a && !bytes.equals(Buffer.from('\ufeff'))) expected += '\n';
        expect(Buffer.concat(blocks.map((block) => block.bytes)).toString()).toBe(expected);
        expect(sum(blocks, 'replaced')).toBe(invalidSequences(bytes));
        expect(sum(blocks, 'cut')).toBe(0);
      }),
      { numRuns: 400 },
    );
  });

  it('count each line that they cut once, whatever the chunks', async () => {
    await fc.assert(
      fc.asyncProperty(text, chunking, fc.integer({ min: 16, max: 40 }), async (bytes, sizes, longest) => {
        const lengths = bytes
          .toString('latin1')
          .split('\n')
          .map((line) => line.length);
        const blocks = await blocksOf(bytes, sizes, longest);
        expect(sum(blocks, 'cut')).toBe(lengths.filter((length) => length > longest).length);
        for (const { bytes: lines } of blocks)
          for (const line of Buffer.from(lines).toString('latin1').split('\n'))
            // A replaced byte becomes three.
            expect(line.length).toBeLessThanOrEqual(3 * longest);
      }),
      { numRuns: 300 },
    );
  });

  it('are views of what was read, but for the lines that stand in two chunks', async () => {
    const bytes = new TextEncoder().encode('one\ntwo\nthree\nfour\n');
    const source = memorySource(bytes, [10]);
    const chunks: Uint8Array[] = [];
    const watched = {
      ...source,
      async *read(...given: Parameters<typeof source.read>): AsyncGenerator<Uint8Array> {
        for await (const chunk of source.read(...given)) {
          chunks.push(chunk);
          yield chunk;
        }
      },
    };
    const views = [];
    for await (const block of readLineBlocks(watched, source.file, { file: 0, start: 0, end: bytes.length }))
      views.push([Buffer.from(block.bytes).toString(), chunks.some(({ buffer }) => buffer === block.bytes.buffer)]);
    expect(views).toEqual([
      ['one\ntwo\n', true],
      ['three\n', false],
      ['four\n', true],
    ]);
  });
});

describe('lines', () => {
  it('over splits of any size and chunks of any size are those of the whole', async () => {
    await fc.assert(
      fc.asyncProperty(text, fc.integer({ min: 1, max: 70 }), chunking, async (bytes, size, sizes) => {
        const source = memorySource(bytes, sizes);
        const lines: string[] = [];
        for (const split of await planSplits(source, [source.file], size))
          lines.push(...(await drain(readLines(source, source.file, split))));
        expect(lines).toEqual(expectedLines(bytes));
      }),
      { numRuns: 300 },
    );
  });

  it('above the limit are cut the same way whatever the chunks, at blanks when there are any', async () => {
    await fc.assert(
      fc.asyncProperty(
        text,
        chunking,
        chunking,
        fc.integer({ min: 16, max: 40 }),
        async (bytes, sizes, others, longestLine) => {
          const read = async (chunks: readonly number[]): Promise<string[]> => {
            const source = memorySource(bytes, chunks);
            return drain(readLines(source, source.file, { file: 0, start: 0, end: bytes.length }, { longestLine }));
          };
          const lines = await read(sizes);
          expect(await read(others)).toEqual(lines);
          // Nothing is lost but the blanks at the cuts.
          const bare = (all: readonly string[]): string => all.join('').replaceAll(/[ \t\r\ufffd]/g, '');
          expect(bare(lines)).toBe(bare(expectedLines(bytes)));
        },
      ),
      { numRuns: 300 },
    );
  });

  it('of 8 MB in one piece come as words, in bounded pieces', async () => {
    const words = Array.from({ length: 1_000_000 }, (_, k) => `w${k % 1000} é`).join(' ');
    const source = memorySource(Buffer.from(words));
    const lines = await drain(readLines(source, source.file, { file: 0, start: 0, end: source.file.length }));
    expect(lines.length).toBeGreaterThan(5);
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(1 << 20);
    expect(lines.join(' ')).toBe(words);
  });

  it('without blanks are cut between characters', async () => {
    const source = memorySource(Buffer.from('漢'.repeat(100)), [7]);
    const lines = await drain(readLines(source, source.file, { file: 0, start: 0, end: 300 }, { longestLine: 16 }));
    expect(lines.join('')).toBe('漢'.repeat(100));
    expect(lines[0]).toBe('漢'.repeat(5));
  });
});
