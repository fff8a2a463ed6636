// The vector files byte for byte, round trips over generated models, and what corrupt files are told.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { shortestFloat32 } from '../../word2vec/float-text.ts';
import { binaryVectors, parseVectors, textVectors, type WordVectors } from '../../word2vec/vector-file.ts';

const hello: WordVectors = { words: ['hé', '</s>'], dim: 2, values: Float32Array.of(1, -0.5, 0.1, 3e-9) };

function joined(blocks: Iterable<Uint8Array>): Uint8Array {
  return new Uint8Array(Buffer.concat([...blocks]));
}

async function* streamed(bytes: Uint8Array, blockBytes: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += blockBytes) yield bytes.slice(at, at + blockBytes);
}

function bytesOf(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

const float32 = fc.float({ noNaN: true, noDefaultInfinity: true });

const models: fc.Arbitrary<WordVectors> = fc
  .record({ dim: fc.integer({ min: 3, max: 20 }), count: fc.integer({ min: 1, max: 12 }) })
  .chain(({ dim, count }) =>
    fc.record({
      words: fc.array(
        fc.string({ unit: 'grapheme', minLength: 1, maxLength: 12 }).map((text) => text.replace(/[\0- ]/g, '_')),
        { minLength: count, maxLength: count },
      ),
      dim: fc.constant(dim),
      values: fc
        .array(float32, { minLength: dim * count, maxLength: dim * count })
        .map((values) => Float32Array.from(values)),
    }),
  );

describe('written files', () => {
  it('are the bytes of word2vec.c in binary', () => {
    expect(Buffer.from(joined(binaryVectors(hello))).toString('hex')).toBe(
      '3220320a' + // "2 2\n"
        '68c3a920' +
        '0000803f' +
        '000000bf' +
        '0a' + // "hé " 1 -0.5
        '3c2f733e20' +
        'cdcccc3d' +
        '8f284e31' +
        '0a', // "</s> " 0.1 3e-9
    );
  });

  it('are the lines of word2vec.c in text', () => {
    expect(Buffer.from(joined(textVectors(hello))).toString()).toBe('2 2\nhé 1 -0.5 \n</s> 0.1 3e-9 \n');
  });

  it('come in bounded blocks that stay valid', async () => {
    const words = Array.from({ length: 20_000 }, (_, id) => `w${id}`);
    const values = new Float32Array(words.length * 10).map((_, i) => Math.fround(Math.sin(i)));
    for (const write of [binaryVectors, textVectors]) {
      const blocks = [...write({ words, dim: 10, values })];
      expect(blocks.length).toBeGreaterThan(2);
      for (const block of blocks) expect(block.length).toBeLessThan(300_000);
      const read = await parseVectors(joined(blocks));
      expect(read.words).toEqual(words);
      expect(Buffer.compare(Buffer.from(read.values.buffer), Buffer.from(values.buffer))).toBe(0);
    }
  });

  it.each(['', 'two words', 'line\nfeed', 'tab\t', '\ud800'])('refuse the word %j', (word) => {
    const broken = { words: [word], dim: 1, values: Float32Array.of(1) };
    expect(() => joined(binaryVectors(broken))).toThrow(expect.objectContaining({ code: 'WORD_NOT_WRITABLE' }));
    expect(() => joined(textVectors(broken))).toThrow(expect.objectContaining({ code: 'WORD_NOT_WRITABLE' }));
  });

  it('refuse NaN, infinity and a wrong shape', () => {
    const broken = (values: number[]) =>
      joined(textVectors({ words: ['a'], dim: 1, values: Float32Array.from(values) }));
    expect(() => broken([NaN])).toThrow(expect.objectContaining({ code: 'VECTORS_NOT_FINITE' }));
    expect(() => broken([Infinity])).toThrow(expect.objectContaining({ code: 'VECTORS_NOT_FINITE' }));
    expect(() => broken([1, 2])).toThrow(expect.objectContaining({ code: 'VECTORS_SHAPE' }));
  });
});

describe('read files', () => {
  it('equal what was written, in both formats, from memory and from any blocks', async () => {
    await fc.assert(
      fc.asyncProperty(models, fc.integer({ min: 1, max: 200 }), async (model, blockBytes) => {
        for (const bytes of [joined(binaryVectors(model)), joined(textVectors(model))]) {
          for (const input of [bytes, streamed(bytes, blockBytes)]) {
            const read = await parseVectors(input);
            expect(read.words).toEqual(model.words);
            expect(read.dim).toBe(model.dim);
            expect(new Uint32Array(read.values.buffer)).toEqual(new Uint32Array(model.values.slice().buffer));
          }
        }
      }),
      { numRuns: 60 },
    );
  });

  it('never parse after losing their end', async () => {
    await fc.assert(
      fc.asyncProperty(models, fc.nat(), async (model, cut) => {
        const bytes = joined(binaryVectors(model));
        const kept = bytes.subarray(0, cut % (bytes.length - 1)); // the last line feed is optional
        await expect(parseVectors(kept)).rejects.toMatchObject({ code: expect.stringMatching(/^VECTORS_/) });
      }),
      { numRuns: 60 },
    );
  });

  it('may lack line feeds, the last blank, or have CRLF', async () => {
    const compact = new Uint8Array(Buffer.from('3120320a' + '6120' + '0000803f' + '000000bf', 'hex'));
    expect([...(await parseVectors(compact)).values]).toEqual([1, -0.5]);
    for (const text of ['1 2\na 1 -.5', '1 2\r\na 1 -5e-1 \r\n', '1 2\na 1. -0.5\n\n'])
      expect([...(await parseVectors(bytesOf(text))).values]).toEqual([1, -0.5]);
  });

  it.each([
    ['', 'VECTORS_HEADER', /byte 0/],
    ['word 1 2 3\n', 'VECTORS_HEADER', /byte 0/],
    ['0 4\n', 'VECTORS_HEADER', /byte 0/],
    ['\x1f\x8b\x08', 'VECTORS_HEADER', /gzip/],
    ['2 2\na 1 2\n', 'VECTORS_TRUNCATED', /byte 10, in row 2 of 2/],
    ['2 2\na 1 2\nb 1\n', 'VECTORS_ROW', /row 2, at byte 10, has 1 values instead of 2/],
    ['2 2\na 1 2\nb 1 x\n', 'VECTORS_ROW', /row 2, at byte 10, has "x"/],
    ['2 2\na 1 2\nb 1 nan\n', 'VECTORS_NOT_FINITE', /"b".*byte 10/],
    ['1 2\na 1 2\nb 1 2\n', 'VECTORS_TRAILING', /byte 10/],
    ['9999999 300\na \0\0', 'VECTORS_TRUNCATED', /row 1 of 9999999/],
  ])('say what is wrong with %j', async (text, code, message) => {
    const bytes = new Uint8Array(Buffer.from(text, 'latin1'));
    await expect(parseVectors(bytes)).rejects.toMatchObject({ code, message: expect.stringMatching(message) });
  });

  it('name the byte of a value that is no number', async () => {
    const bytes = joined(binaryVectors(hello));
    bytes.set([0, 0, 0xc0, 0x7f], 12); // NaN over the second value
    await expect(parseVectors(bytes)).rejects.toMatchObject({ message: expect.stringMatching(/"hé".*byte 12$/) });
  });

  it('end the stream they stop reading', async () => {
    let ended = false;
    async function* endless(): AsyncGenerator<Uint8Array> {
      try {
        for (;;) yield bytesOf('no vectors here ');
      } finally {
        ended = true;
      }
    }
    await expect(parseVectors(endless())).rejects.toMatchObject({ code: 'VECTORS_HEADER' });
    expect(ended).toBe(true);
  });
});

describe('decimals', () => {
  it('bring back the same 32 bits in nine digits at most, and no shorter text does', () => {
    fc.assert(
      fc.property(float32, (value) => {
        const text = shortestFloat32(value);
        expect(Math.fround(Number(text))).toBe(value);
        const digits = text.replace(/e.*$/, '').replace(/[-.]/g, '').replace(/^0+/, '').replace(/0+$/, '').length;
        expect(digits).toBeLessThanOrEqual(9);
        const normal = Math.abs(value) >= 2 ** -126;
        if (normal && digits > 1) expect(Math.fround(Number(value.toPrecision(digits - 1)))).not.toBe(value);
      }),
    );
  });
});
