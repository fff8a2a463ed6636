// .zst files, by every decoder that this Node has: several frames, any chunking, and cut-off or damaged files that must not pass for whole.
import { spawnSync } from 'node:child_process';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readLines } from '../../../coordinator/corpus/lines.ts';
import { unzstd, ZSTD_DECODERS } from '../../../coordinator/corpus/zstd.ts';
import { ZstdError } from '../../../coordinator/corpus/zstd-frames.ts';
import { drain, memorySource } from './memory-source.ts';

const base64 = (text: string): Buffer => Buffer.from(text, 'base64');

// Made once with the `zstd` program 1.5.4, so that the decoders are held to it even where it is not installed.
const FRAMES: readonly (readonly [name: string, packed: Buffer, text: string])[] = [
  // printf 'one\ntwo\nthree\n' | zstd -c
  ['of unknown length, with a checksum', base64('KLUv/QRYcQAAb25lCnR3bwp0aHJlZQqkWIk0'), 'one\ntwo\nthree\n'],
  // printf 'vier\n' > FILE; zstd -c --no-check FILE
  ['of known length, without a checksum', base64('KLUv/SAFKQAAdmllcgo='), 'vier\n'],
  // printf '' | zstd -c
  ['of nothing', base64('KLUv/SQAAQAAmenYUQ=='), ''],
  // head -c 300000 /dev/zero | tr '\0' a | zstd -c -1
  ['of three blocks', base64('KLUv/QRIVAAAEGFhAQD7/znAAgIAEGEDnwRhjV8Epg=='), 'a'.repeat(300_000)],
  // 60 lines of 12 words, zstd -19 -c FILE
  [
    'of Huffman codes and sequences',
    base64(
      'KLUv/WQKCXUEADILFQ7ApwP/vzkRERGybRAG9ws7QztAu9oV2nd2tCO0M/vAbtCu7Kp2gnZkR7ULtG/sQO2KdlYt1YLaHVpDW2gJ7aAVtIG2aEe0gPas2bJkx4oNW0sLDhigEBAhtHvUdyArUahjL27/b6mX+cZC53knqPHogJlnZJhHgicBZsd+AgjhHw6YKzOjnTiOkQKxFy/9',
    ),
    lines(60),
  ],
  ['to be skipped', Buffer.from('552a4d1805000000aabbccddee', 'hex'), ''],
];

function lines(count: number): string {
  const line = (k: number): string => Array.from({ length: 12 }, (_, j) => `w${(k * 31 + j) % 23}`).join(' ');
  return Array.from({ length: count }, (_, k) => `${line(k)}\n`).join('');
}

const frames = fc.array(fc.constantFrom(...FRAMES), { minLength: 1, maxLength: 6 });
const chunking = fc.array(fc.integer({ min: 1, max: 300 }), { minLength: 1, maxLength: 4 });

async function* inChunks(bytes: Buffer, sizes: readonly number[] = [65_536]): AsyncGenerator<Uint8Array> {
  for (let at = 0, k = 0; at < bytes.length; k += 1) {
    const size = sizes[k % sizes.length] as number;
    yield new Uint8Array(bytes.subarray(at, at + size));
    at += size;
  }
}

async function unpackFile(packed: Buffer): Promise<string[]> {
  const source = memorySource(packed, [1000], 'x.zst');
  return drain(readLines(source, source.file, { file: 0, start: 0, end: packed.length }));
}

describe.each([...ZSTD_DECODERS])('zstd by %s', (_name, decode) => {
  const unpack = async (packed: Buffer, sizes?: readonly number[]): Promise<string> => {
    const chunks: Uint8Array[] = [];
    for await (const chunk of unzstd(inChunks(packed, sizes), decode)) chunks.push(chunk);
    // Joined at the end: chunks must stay as they were given.
    return Buffer.concat(chunks).toString();
  };

  it.each(FRAMES)('reads a frame %s', async (_kind, packed, text) => {
    expect(await unpack(packed)).toBe(text);
    expect(await unpack(packed, [1])).toBe(text);
  });

  it('reads any frames in a row at any chunking', async () => {
    await fc.assert(
      fc.asyncProperty(frames, chunking, async (parts, sizes) => {
        const packed = Buffer.concat(parts.map(([, bytes]) => bytes));
        expect(await unpack(packed, sizes)).toBe(parts.map(([, , text]) => text).join(''));
      }),
      { numRuns: 60 },
    );
  });

  it('takes no file that was cut off within a frame for a whole one', async () => {
    const packed = Buffer.concat(FRAMES.map(([, bytes]) => bytes));
    const whole = new Set<number>();
    for (let k = 1, at = 0; k <= FRAMES.length; k += 1) whole.add((at += FRAMES[k - 1]![1].length));
    for (let length = 0; length <= packed.length; length += 1) {
      const outcome = await unpack(packed.subarray(0, length), [7]).catch((error: unknown) => error);
      if (whole.has(length)) expect(typeof outcome).toBe('string');
      else expect(outcome).toBeInstanceOf(ZstdError);
    }
  });

  it('refuses a damaged file, or reads it rightly all the same', async () => {
    for (const [, packed, text] of FRAMES.filter(([kind]) => /, with a checksum|Huffman/.test(kind))) {
      for (let at = 0; at < packed.length; at += 1) {
        for (const bit of [1, 0x10, 0x80]) {
          const damaged = Buffer.from(packed);
          damaged[at] = (damaged[at] as number) ^ bit;
          const outcome = await unpack(damaged).catch((error: unknown) => error);
          expect(outcome === text || outcome instanceof ZstdError).toBe(true);
        }
      }
    }
  });

  it('refuses a frame that holds less than it promises', async () => {
    const promising = Buffer.from(FRAMES[1]![1]);
    promising[5] = 6;
    await expect(unpack(promising)).rejects.toThrow(ZstdError);
  });

  it("passes the reader's own error on", async () => {
    const bytes = async function* (): AsyncGenerator<Uint8Array> {
      yield FRAMES[0]![1].subarray(0, 20);
      throw Object.assign(new Error('gone'), { code: 'SOURCE_CHANGED' });
    };
    await expect(async () => {
      for await (const chunk of unzstd(bytes(), decode)) void chunk;
    }).rejects.toMatchObject({ code: 'SOURCE_CHANGED' });
  });

  const program = spawnSync('zstd', ['--version']).error === undefined;
  it.skipIf(!program)('agrees with the real program over levels and windows', async () => {
    const random = Array.from({ length: 20_000 }, (_, k) => `w${(k * 2_654_435_761) % 7_919} ${'='.repeat(k % 90)}\n`);
    const text = random.join('');
    for (const options of [
      ['-1'],
      ['-19'],

      ['--long=24'],
      ['--fast=5', '--no-check'],
      ['--rsyncable'],
    ]) {
      const packed = spawnSync('zstd', ['-c', ...options], { input: text, maxBuffer: 1 << 28 }).stdout;
      expect((await unpack(packed, [65_536, 10_007])) === text).toBe(true);
    }
  });
});

describe('a .zst file', () => {
  it('that needs more memory than is allowed is refused, and the remedy named', async () => {
    // echo aaaaa | zstd --long=31 --ultra -c
    await expect(unpackFile(base64('KLUv/QSoMQAAYWFhYWEKQh4aiA=='))).rejects.toMatchObject({
      code: 'CORPUS_CORRUPT',
      message: expect.stringContaining('2048 MiB'),
      hint: expect.stringContaining('--long=27'),
    });
  });

  it('that needs a dictionary is refused, and the remedy named', async () => {
    // printf 'x\n' | zstd -c -D DICTIONARY
    await expect(unpackFile(base64('KLUv/QdYPHYmZREAAHgKrv3pIg=='))).rejects.toMatchObject({
      code: 'CORPUS_CORRUPT',
      hint: expect.stringContaining('without one'),
    });
  });

  it('that is something else is refused', async () => {
    for (const bytes of [Buffer.from('plain text\n'), Buffer.concat([FRAMES[0]![1], Buffer.from('and more')])])
      await expect(unpackFile(bytes)).rejects.toMatchObject({ code: 'CORPUS_CORRUPT' });
  });

  it('gives its lines', async () => {
    expect(await unpackFile(Buffer.concat([FRAMES[0]![1], FRAMES[1]![1]]))).toEqual(['one', 'two', 'three', 'vier']);
  });
});
