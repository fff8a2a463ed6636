// Compressed files: several members, any chunking, and cut-off or damaged files that must not pass for whole.
import { spawnSync } from 'node:child_process';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readLines } from '../../../coordinator/corpus/lines.ts';
import { drain, memorySource } from './memory-source.ts';

// Made once with bzip2 1.0.8, so that the decoder is held to the real program even where it is not installed:
// `printf 'one\ntwo\nthree\n' | bzip2 -9 | base64`
const BZIP2_SMALL = Buffer.from('QlpoOTFBWSZTWQh7fdcAAATBgAAQAkGUgCAAMQwIIaPUyIVHMjio8XckU4UJAIe33XA=', 'base64');

const hasBzip2 = spawnSync('bzip2', ['--help']).error === undefined;

function bzip2(bytes: Uint8Array, level = 9): Buffer {
  const packed = spawnSync('bzip2', [`-${level}`, '-c'], { input: bytes, maxBuffer: 1 << 28 });
  if (packed.status !== 0) throw new Error(packed.stderr.toString());
  return packed.stdout;
}

async function unpack(packed: Buffer, name: string, sizes?: readonly number[]): Promise<string[]> {
  const source = memorySource(packed, sizes, name);
  return drain(readLines(source, source.file, { file: 0, start: 0, end: packed.length }));
}

const chunking = fc.array(fc.integer({ min: 1, max: 300 }), { minLength: 1, maxLength: 4 });
const members = fc.array(
  fc
    .array(fc.constantFrom('one\n', 'zwei', ' ', 'trois é\n', '\n'), { maxLength: 20 })
    .map((parts) => Buffer.from(parts.join(''))),
  { minLength: 1, maxLength: 4 },
);

function linesOf(parts: readonly Buffer[]): string[] {
  const lines = Buffer.concat(parts).toString().split('\n');
  if (lines.at(-1) === '') lines.pop();
  return lines;
}

describe('gzip', () => {
  it('reads all members at any chunking', async () => {
    await fc.assert(
      fc.asyncProperty(members, chunking, async (parts, sizes) => {
        expect(await unpack(Buffer.concat(parts.map((part) => gzipSync(part))), 'x.gz', sizes)).toEqual(linesOf(parts));
      }),
    );
  });

  it('takes no truncated file for a whole one', async () => {
    const packed = gzipSync('some text that is long enough\n'.repeat(20));
    for (let length = 1; length < packed.length; length += 1) {
      await expect(unpack(packed.subarray(0, length), 'cut.gz')).rejects.toMatchObject({
        code: 'CORPUS_CORRUPT',
        message: expect.stringContaining('cut.gz'),
      });
    }
  });

  it('refuses garbage, before and after the data', async () => {
    await expect(unpack(Buffer.from('plain text\n'), 'x.gz')).rejects.toMatchObject({ code: 'CORPUS_CORRUPT' });
    await expect(unpack(Buffer.concat([gzipSync('a\n'), Buffer.from('rest')]), 'x.gz')).rejects.toMatchObject({
      code: 'CORPUS_CORRUPT',
    });
  });

  it('loses no member behind a hole of zeros, where zlib stops without a word', async () => {
    const holed = Buffer.concat([gzipSync('a\n'), Buffer.alloc(600), gzipSync('b\n')]);
    for (const sizes of [[1], [1_000]])
      await expect(unpack(holed, 'x.gz', sizes)).rejects.toMatchObject({ code: 'CORPUS_CORRUPT' });
  });

  it("passes the reader's own error on", async () => {
    const source = memorySource(gzipSync('a\n'), [5], 'x.gz');
    const broken = {
      ...source,
      async *read(): AsyncGenerator<Uint8Array> {
        yield gzipSync('a\n').subarray(0, 5);
        throw Object.assign(new Error('gone'), { code: 'SOURCE_CHANGED' });
      },
    };
    await expect(
      drain(readLines(broken, source.file, { file: 0, start: 0, end: source.file.length })),
    ).rejects.toMatchObject({ code: 'SOURCE_CHANGED' });
  });
});

describe('a bomb', () => {
  const large = Buffer.alloc(70 << 20, 'a');
  it.each([
    ['x.gz', gzipSync(large, { level: 9 })],
    // head -c 900000 /dev/zero | tr '\0' a | bzip2
    ['x.bz2', Buffer.from('QlpoOTFBWSZTWeaLr3YABuSBAKIAAAggADDMCapplKE2qShPF3JFOFCQ5ouvdg==', 'base64')],
    // head -c 300000 /dev/zero | tr '\0' a | zstd -c -1
    ['x.zst', Buffer.from('KLUv/QRIVAAAEGFhAQD7/znAAgIAEGEDnwRhjV8Epg==', 'base64')],
  ])('in %s is stopped, and the same in small is text', async (name, packed) => {
    const many = name === 'x.gz' ? packed : Buffer.concat(Array.from({ length: 240 }, () => packed));
    await expect(unpack(many, name)).rejects.toMatchObject({
      code: 'CORPUS_EXPANDS',
      message: expect.stringContaining(many.length.toLocaleString('en')),
    });
    const few = name === 'x.gz' ? gzipSync(large.subarray(0, 60 << 20)) : packed;
    expect((await unpack(few, name)).length).toBeGreaterThan(0);
  });
});

describe('bzip2', () => {
  it('reads what the real program wrote, and two streams in a row', async () => {
    expect(await unpack(BZIP2_SMALL, 'x.bz2', [1])).toEqual(['one', 'two', 'three']);
    expect(await unpack(Buffer.concat([BZIP2_SMALL, BZIP2_SMALL]), 'x.bz2')).toEqual([
      'one',
      'two',
      'three',
      'one',
      'two',
      'three',
    ]);
  });

  it('takes no truncated or damaged file for a whole one', async () => {
    for (let length = 0; length < BZIP2_SMALL.length; length += 1) {
      await expect(unpack(BZIP2_SMALL.subarray(0, length), 'cut.bz2')).rejects.toMatchObject({
        code: 'CORPUS_CORRUPT',
      });
    }
    for (let at = 0; at < BZIP2_SMALL.length; at += 1) {
      for (const bit of [1, 0x80]) {
        const damaged = Buffer.from(BZIP2_SMALL);
        damaged[at] = (damaged[at] ?? 0) ^ bit;
        // Some bits are padding or choose an equal code: then the text must be the right one.
        const outcome = await unpack(damaged, 'damaged.bz2').catch((error: { code: string }) => error.code);
        // The last bytes hold the checksum of the whole and up to seven bits of padding.
        if (at >= BZIP2_SMALL.length - 4 && at < BZIP2_SMALL.length - 1) expect(outcome).toBe('CORPUS_CORRUPT');
        if (outcome !== 'CORPUS_CORRUPT') expect(outcome).toEqual(['one', 'two', 'three']);
      }
    }
  });

  it.skipIf(!hasBzip2)('agrees with the real program over blocks, runs and levels', async () => {
    const random = Array.from(
      { length: 40_000 },
      (_, k) => `w${(k * 2_654_435_761) % 7_919} ${'='.repeat(k % 300)}`,
    ).join('\n');
    for (const level of [1, 9]) {
      const lines = await unpack(bzip2(Buffer.from(random), level), 'x.bz2', [10_007]);
      expect(lines.join('\n') === random).toBe(true);
    }
    await fc.assert(
      fc.asyncProperty(members, chunking, async (parts, sizes) => {
        expect(await unpack(Buffer.concat(parts.map((part) => bzip2(part))), 'x.bz2', sizes)).toEqual(linesOf(parts));
      }),
      { numRuns: 20 },
    );
  });
});
