// Numbers, texts, bitmaps and pairs on the wire, at their edges.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bitmapBytes, countBits, hasBit, setBit } from '../../../protocol/bitmap.ts';
import { ProtocolError, Reader, Writer } from '../../../protocol/bytes.ts';
import { encodeToCoordinator, decodeToCoordinator } from '../../../protocol/to-coordinator.ts';
import { fromHex, toHex } from './golden.ts';

const coded = (code: string): unknown => expect.objectContaining({ name: 'ProtocolError', code });
const written = (value: number): string => toHex(new Writer().varint(value).finish());
const readVarint = (hex: string): number => new Reader(fromHex(hex), 'test').varint();

describe('varint', () => {
  it.each([
    [0, '00'],
    [1, '01'],
    [127, '7f'],
    [128, '8001'],
    [300, 'ac02'],
    [16383, 'ff7f'],
    [16384, '808001'],
    [2 ** 31, '8080808008'],
    [2 ** 32 - 1, 'ffffffff0f'],
    [Number.MAX_SAFE_INTEGER, 'ffffffffffffff0f'],
  ])('writes %d as %s', (value, hex) => {
    expect(written(value)).toBe(hex);
    expect(readVarint(hex)).toBe(value);
  });

  it('keeps every number up to 2^53 - 1', () => {
    fc.assert(
      fc.property(fc.maxSafeNat(), (value) => {
        expect(readVarint(written(value))).toBe(value);
      }),
    );
  });

  it.each(['ffffffffffffff1f', 'ffffffffffffff7f', 'ffffffffffffffff01', '808080808080808001'])('refuses %s', (hex) => {
    expect(() => readVarint(hex)).toThrow(coded('BAD_VARINT'));
  });

  it.each(['', '80', 'ffffff'])('refuses the cut "%s"', (hex) => {
    expect(() => readVarint(hex)).toThrow(coded('TRUNCATED'));
  });
});

describe('text', () => {
  const readText = (bytes: Uint8Array, limit = 80): string => new Reader(bytes, 'test').string(limit);
  const clean = fc.string({ unit: 'grapheme' }).filter((text) => !/\p{Cc}/u.test(text) && !text.startsWith('\ufeff'));

  it('survives', () => {
    fc.assert(
      fc.property(clean, (text) => {
        expect(readText(new Writer().string(text, 65535).finish(), 65535)).toBe(text);
      }),
    );
  });

  it('is cut at its limit, never inside a character', () => {
    fc.assert(
      fc.property(clean, fc.nat(40), (text, limit) => {
        const read = readText(new Writer().string(text, limit).finish(), limit);
        expect(text.startsWith(read)).toBe(true);
        const next = text.codePointAt(read.length);
        if (next !== undefined) expect(Buffer.byteLength(read + String.fromCodePoint(next))).toBeGreaterThan(limit);
      }),
    );
  });

  it('refuses more than its limit before it looks at the bytes', () => {
    expect(() => readText(fromHex('ffff'))).toThrow(coded('BAD_TEXT'));
  });

  it.each(['0100ff', '0200c328', '0300eda080', '0100c2'])('refuses %s, which is not UTF-8', (hex) => {
    expect(() => readText(fromHex(hex))).toThrow(coded('BAD_TEXT'));
  });

  it('reads control characters as spaces, so that a name cannot steer a terminal', () => {
    const hello = {
      tag: 'hello',
      version: 3,
      engine: 'cpu',
      cacheMiB: 1,
      reads: ['f32'],
      writes: ['f32'],
      device: '\u001b[31mred\r\n\u0000\u009b',
      name: 'a\tb',
      browser: '',
    } as const;
    expect(decodeToCoordinator(encodeToCoordinator(hello), { format: 'f32', dim: 1 })).toMatchObject({
      device: ' [31mred    ',
      name: 'a b',
    });
  });
});

describe('bitmap', () => {
  it('finds the bits that were set, and no others', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.nat(99)), fc.integer({ min: 100, max: 120 }), (bits, size) => {
        const map = new Uint8Array(bitmapBytes(size));
        for (const bit of bits) setBit(map, bit);
        expect(countBits(map, size)).toBe(bits.length);
        for (let bit = 0; bit < size; bit++) expect(hasBit(map, bit)).toBe(bits.includes(bit));
      }),
    );
  });

  it('refuses every spare bit', () => {
    for (let size = 0; size <= 32; size++) {
      const bytes = bitmapBytes(size);
      for (let bit = size; bit < bytes * 8; bit++) {
        const map = new Uint8Array(bytes);
        setBit(map, bit);
        expect(() => countBits(map, size)).toThrow(coded('BAD_BITMAP'));
      }
    }
  });
});

describe('Reader', () => {
  it('names the frame in its errors', () => {
    expect(() => new Reader(fromHex('01'), 'a postcard').u32()).toThrow(
      new ProtocolError('TRUNCATED', 'a postcard: 4 bytes wanted at 0, frame has 1'),
    );
  });
});

describe('Writer', () => {
  it('grows in the middle of any field', () => {
    for (let capacity = 0; capacity < 48; capacity++) {
      const write = new Writer(capacity)
        .u8(1)
        .u16(2)
        .u32(3)
        .f32(4)
        .f64(5)
        .varint(300)
        .string('six', 80)
        .bytes(Uint8Array.of(7))
        .align();
      write.int8(2).set([9, -10]);
      expect(toHex(write.finish())).toBe(
        `01 0200 03000000 00008040 0000000000001440 ac02 0300736978 07 00 09f6`.replaceAll(' ', ''),
      );
    }
  });
});
