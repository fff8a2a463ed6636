// What pages are sent in columns and in bytes: histories and maps of words come back as they were.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ProtocolError } from '../../../protocol/bytes.ts';
import { pointsOf, tableOf } from '../../../protocol/history.ts';
import { decodeWordMap, encodeWordMap } from '../../../protocol/vectors.ts';
import { point } from '../run/points.ts';
import { fromHex, toHex } from './golden.ts';

describe('a history in columns', () => {
  it('comes back as points, through JSON', () => {
    const figure = fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => value + 0);
    const some = fc.record({
      time: figure,
      tokens: figure,
      loss: fc.option(figure),
      lagMs: figure,
      probe: fc.tuple(fc.option(figure), fc.option(figure)),
    });
    fc.assert(
      fc.property(fc.array(some), (given) => {
        const points = given.map(point);
        const table = tableOf(points, 2);
        expect(table.probe).toHaveLength(2);
        expect(pointsOf(JSON.parse(JSON.stringify(table)) as typeof table)).toEqual(JSON.parse(JSON.stringify(points)));
      }),
    );
  });
});

const GOLDEN = {
  modelVersion: 1024,
  dim: 3,
  words: ['the', 'µ'],
  scales: Float32Array.of(0.5, 0.25),
  values: Int8Array.of(127, -127, 0, 1, -1, 2),
};
const HEX = '54525631 0000000000009040 02000000 03000000 0300746865 0200c2b5 000000 0000003f 0000803e 7f810001ff02';

describe('a map of words', () => {
  it('has the bytes that docs/api.md describes', () => {
    expect(toHex(encodeWordMap(GOLDEN))).toBe(HEX.replaceAll(' ', ''));
    expect(decodeWordMap(fromHex(HEX))).toEqual(GOLDEN);
  });

  it('comes back, whatever its words and shape', () => {
    const shape = fc.record({
      words: fc.array(fc.string({ maxLength: 20 }), { maxLength: 20 }),
      dim: fc.integer({ min: 1, max: 9 }),
    });
    fc.assert(
      fc.property(shape, ({ words, dim }) => {
        const plain = words.map((word) => word.replaceAll(/\p{Cc}/gu, ' '));
        const scales = Float32Array.from(words, (_, k) => k / 4);
        const values = Int8Array.from({ length: words.length * dim }, (_, k) => (k % 255) - 127);
        const map = { modelVersion: words.length, dim, words: plain, scales, values };
        expect(decodeWordMap(encodeWordMap(map))).toEqual(map);
      }),
    );
  });

  it('is refused when it is cut, followed by more, or no map', () => {
    const bytes = fromHex(HEX);
    for (let end = 0; end < bytes.length; end++)
      expect(() => decodeWordMap(bytes.subarray(0, end))).toThrow(ProtocolError);
    expect(() => decodeWordMap(Uint8Array.of(...bytes, 0))).toThrow(
      expect.objectContaining({ code: 'TRAILING_BYTES' }),
    );
    const other = bytes.slice();
    other[0] = 0;
    expect(() => decodeWordMap(other)).toThrow(expect.objectContaining({ code: 'BAD_MAP' }));
  });
});
