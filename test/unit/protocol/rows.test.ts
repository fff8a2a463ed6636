// Rows on the wire: what rounding costs, what is refused, and that a frame's numbers allocate nothing by themselves.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Reader, Writer } from '../../../protocol/bytes.ts';
import type { PackedRows, RowFormat } from '../../../protocol/rows.ts';
import {
  addRow,
  agreeFormat,
  packRow,
  readRows,
  reserveRows,
  ROW_FORMATS,
  rowNorm,
  rowsBytes,
  unpackRow,
} from '../../../protocol/rows.ts';
import { beginResult, decodeToCoordinator, largestResultBytes } from '../../../protocol/to-coordinator.ts';
import { decodeToVolunteer } from '../../../protocol/to-volunteer.ts';
import { hashAt } from '../../../word2vec/random.ts';
import { fromHex, TO_VOLUNTEER } from './golden.ts';

const coded = (code: string): unknown => expect.objectContaining({ name: 'ProtocolError', code });
/** Draws of `dim` columns from counter `first` on. */
const chance = (first: number, dim: number): Float64Array =>
  Float64Array.from({ length: dim }, (_, d) => hashAt(77, first + d) / 4294967296);

/** Rows of one length, of any finite magnitude whose squares are finite too. */
const matrices = fc.integer({ min: 1, max: 9 }).chain((dim) =>
  fc.record({
    dim: fc.constant(dim),
    rows: fc.array(
      fc.array(fc.float({ min: Math.fround(-1e15), max: Math.fround(1e15), noNaN: true }), {
        minLength: dim,
        maxLength: dim,
      }),
      { maxLength: 6 },
    ),
  }),
);

/** Packs rows after `before` other bytes and reads them back. */
function sent(
  format: RowFormat,
  rows: readonly number[][],
  dim: number,
  draws?: typeof chance,
  before = 0,
): PackedRows {
  const write = new Writer(1).bytes(new Uint8Array(before));
  const source = Float32Array.from(rows.flat());
  const packed = reserveRows(write, format, rows.length, dim);
  for (let row = 0; row < rows.length; row++) packRow(packed, row, source, row * dim, dim, draws?.(row * dim, dim));
  const frame = write.finish();
  expect(frame.length).toBe(Math.ceil(before / 4) * 4 + rowsBytes(format, rows.length, dim));
  const read = new Reader(frame, 'rows');
  read.bytes(before);
  const back = readRows(read, format, rows.length, dim);
  read.end();
  return back;
}

function unpacked(packed: PackedRows, row: number, dim: number): Float32Array {
  const target = new Float32Array(dim).fill(9);
  unpackRow(packed, row, target, 0, dim);
  return target;
}

describe('rows in f32', () => {
  it('arrive exactly', () => {
    fc.assert(
      fc.property(matrices, fc.nat(5), ({ dim, rows }, before) => {
        const back = sent('f32', rows, dim, undefined, before);
        // Adding to zero turns -0 into 0, on both sides.
        for (const [row, values] of rows.entries())
          expect([...unpacked(back, row, dim)]).toEqual(values.map((value) => value + 0));
      }),
    );
  });

  it.each(['0000c07f', '0000807f', '000080ff'])('refuse %s', (hex) => {
    expect(() => readRows(new Reader(fromHex(hex), 'rows'), 'f32', 1, 1)).toThrow(coded('NOT_FINITE'));
  });
});

describe('rows in f16', () => {
  it('arrive as the nearest half', () => {
    fc.assert(
      fc.property(matrices, fc.nat(5), ({ dim, rows }, before) => {
        const back = sent('f16', rows, dim, chance, before);
        for (const [row, values] of rows.entries()) {
          for (const [d, value] of unpacked(back, row, dim).entries()) {
            const exact = Math.max(-65504, Math.min(65504, values[d]!));
            expect(Math.abs(value - exact)).toBeLessThanOrEqual(Math.max(Math.abs(exact) * 2 ** -11, 2 ** -25));
          }
        }
      }),
    );
  });

  it.each(['007c', '00fc', '017c', 'ffff'])('refuse %s', (hex) => {
    expect(() => readRows(new Reader(fromHex(hex), 'rows'), 'f16', 1, 1)).toThrow(coded('NOT_FINITE'));
  });
});

describe('rows in int4', () => {
  it('put two columns into a byte, the even one low, and a scale before every 128 columns', () => {
    const write = new Writer();
    const packed = reserveRows(write, 'int4', 1, 129);
    packRow(
      packed,
      0,
      Float32Array.from({ length: 129 }, (_, d) => (d < 3 ? [7, -7, 3][d]! : d === 128 ? -14 : 0)),
      0,
      129,
    );
    const frame = write.finish();
    expect(frame.length).toBe(8 + 65);
    expect(Buffer.from(frame).toString('hex')).toBe(`0000803f00000040${'97'}${'03'}${'00'.repeat(62)}09`);
  });

  it('refuse a half byte after the last column that is not zero', () => {
    const read = (hex: string): unknown => readRows(new Reader(fromHex(hex), 'rows'), 'int4', 2, 3);
    expect(() => read('0000803f 0000803f 2107 2107')).not.toThrow();
    expect(() => read('0000803f 0000803f 2117 2107')).toThrow(coded('BAD_PADDING'));
    expect(() => read('0000803f 0000803f 2107 21f7')).toThrow(coded('BAD_PADDING'));
  });

  it('take -8 for what it says, in values and norm', () => {
    const back = readRows(new Reader(fromHex('00000040 08'), 'rows'), 'int4', 1, 1);
    expect([...unpacked(back, 0, 1)]).toEqual([-16]);
    expect(rowNorm(back, 0, 1)).toBe(16);
  });
});

describe.each([
  ['int8', 127],
  ['int4', 7],
] as const)('rows in %s', (format, most) => {
  it('are off by at most half a step to the nearest, and by less than one step at random', () => {
    fc.assert(
      fc.property(matrices, fc.nat(5), ({ dim, rows }, before) => {
        for (const draws of [undefined, chance]) {
          const back = sent(format, rows, dim, draws, before);
          for (const [row, values] of rows.entries()) {
            const step = Math.max(...values.map(Math.abs)) / most;
            const arrived = unpacked(back, row, dim);
            for (const [d, value] of values.entries()) {
              // A little more: scale and product are rounded to f32, down to its smallest number.
              const bound = step * (draws === undefined ? 0.5 : 1) + step * 1e-4 + 127 * 2 ** -149;
              expect(Math.abs(arrived[d]! - value)).toBeLessThanOrEqual(bound);
            }
          }
        }
      }),
    );
  });

  it('keep zero, and the largest value to the last bit but a few', () => {
    const back = sent(
      format,
      [
        [0, 0, 0],
        [-12.7, 0, 12.7],
      ],
      3,
      chance,
    );
    expect([...unpacked(back, 0, 3)]).toEqual([0, 0, 0]);
    const [low, zero, high] = unpacked(back, 1, 3);
    expect([low, zero, high]).toEqual([-high!, 0, expect.closeTo(12.7, 5)]);
  });

  it('round without bias: the mean of many draws is the value', () => {
    const draws = 20_000;
    const value = [1, 0.3141, -0.0042, 0.00001, -0.77];
    const source = Float32Array.from(value);
    const write = new Writer();
    const packed = reserveRows(write, format, 1, 5);
    const sums = new Float64Array(5);
    for (let trial = 0; trial < draws; trial++) {
      packRow(packed, 0, source, 0, 5, chance(trial * 5, 5));
      for (const [d, arrived] of unpacked(packed, 0, 5).entries()) sums[d]! += arrived;
    }
    // A draw's deviation is half a step at most; five sigma of the mean.
    for (const [d, sum] of sums.entries())
      expect(Math.abs(sum / draws - value[d]!)).toBeLessThan((5 * 0.5) / most / Math.sqrt(draws));
  });

  it('are zero when too small for a scale, and never NaN', () => {
    for (const tiny of [0, 1e-45]) expect([...unpacked(sent(format, [[tiny, 0]], 2, chance), 0, 2)]).toEqual([0, 0]);
    expect(unpacked(sent(format, [[1e-30, 0]], 2, chance), 0, 2)[0]).toBeGreaterThan(0);
  });

  it.each([
    ['NaN', '0000c07f'],
    ['infinite', '0000807f'],
    ['minus infinite', '000080ff'],
    ['barely negative', '01000080'],
    ['minus one', '000080bf'],
  ])('refuse a scale that is %s', (_, hex) => {
    expect(() => readRows(new Reader(fromHex(`${hex}01`), 'rows'), format, 1, 1)).toThrow(coded('BAD_SCALE'));
  });
});

describe('-128 in int8', () => {
  it('is taken for what it says, in values and norm', () => {
    const back = readRows(new Reader(fromHex('00000040 80'), 'rows'), 'int8', 1, 1);
    expect([...unpacked(back, 0, 1)]).toEqual([-256]);
    expect(rowNorm(back, 0, 1)).toBe(256);
  });
});

describe.each(ROW_FORMATS)('rows in %s', (format) => {
  it('that hold what is not finite are packed as what no reader takes', () => {
    for (const bad of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
      const write = new Writer();
      packRow(reserveRows(write, format, 1, 3), 0, Float32Array.of(1, bad, 1), 0, 3, chance(0, 3));
      expect(() => readRows(new Reader(write.finish(), 'rows'), format, 1, 3)).toThrow(
        expect.objectContaining({ name: 'ProtocolError' }),
      );
    }
  });

  it('change equal copies equally, and what is added is taken away again but for rounding', () => {
    fc.assert(
      fc.property(matrices, fc.float({ min: -1000, max: 1000, noNaN: true }), ({ dim, rows }, start) => {
        const back = sent(format, rows, dim, chance);
        for (const row of rows.keys()) {
          const here = new Float32Array(dim).fill(start);
          const there = new Float32Array(dim + 3).fill(start);
          addRow(back, row, here, 0, dim);
          addRow(back, row, there, 3, dim);
          expect([...there.subarray(3)]).toEqual([...here]);
          const values = unpacked(back, row, dim);
          addRow(back, row, values, 0, dim, -1);
          expect(values.every((value) => value === 0)).toBe(true);
        }
      }),
    );
  });

  it('have the norm of what they unpack to', () => {
    fc.assert(
      fc.property(matrices, ({ dim, rows }) => {
        const back = sent(format, rows, dim, chance);
        for (const row of rows.keys()) {
          const norm = Math.hypot(...unpacked(back, row, dim));
          expect(Math.abs(rowNorm(back, row, dim) - norm)).toBeLessThanOrEqual(norm * 1e-5 + 1e-40);
        }
      }),
    );
  });
});

describe('the format agreed on', () => {
  it('is the one wanted, or the nearest more exact one', () => {
    expect(agreeFormat('int4', ROW_FORMATS)).toBe('int4');
    expect(agreeFormat('int4', ['f32', 'f16', 'int8'])).toBe('int8');
    expect(agreeFormat('int8', ['f32', 'f16', 'int4'])).toBe('f16');
    expect(agreeFormat('f16', ['f32', 'int8', 'int4'])).toBe('f32');
    expect(agreeFormat('f32', ROW_FORMATS)).toBe('f32');
  });
});

describe('padding before rows', () => {
  it('must be zero', () => {
    const frame = fromHex('aa 000100 0000803f');
    const read = new Reader(frame, 'rows');
    read.u8();
    expect(() => readRows(read, 'f32', 1, 1)).toThrow(coded('BAD_PADDING'));
  });
});

describe('lengths that lie', () => {
  /** Bytes allocated outside the heap while `run` throws. */
  function allocatedBy(run: () => unknown): number {
    const before = process.memoryUsage().arrayBuffers;
    expect(run).toThrow(expect.objectContaining({ name: 'ProtocolError' }));
    return process.memoryUsage().arrayBuffers - before;
  }

  const result = (inputRows: string, outputRows: string): string =>
    `03 01000000 ${'00'.repeat(8)} ${'00'.repeat(8)} 00000000 ${inputRows} ${outputRows}`;
  const lease = (rest: string): string =>
    `12 01000000 01000000 0100 0000 0000 00000000 00000400 0003 0000803d 00 00000000 0000803f 00 ${rest}`;

  it.each([
    ['rows of a result', result('00000800', '00000800')],
    ['rows of a result, with a map that says so', result('00000100', '00000000') + 'ff'.repeat(8192)],
    ['too many rows of a result', result('ffffffff', 'ffffffff')],
  ])('%s allocate nothing', (_, hex) => {
    const bytes = fromHex(hex);
    for (const format of ROW_FORMATS) {
      expect(allocatedBy(() => decodeToCoordinator(bytes, { format, dim: 1024 }))).toBeLessThan(1 << 20);
    }
  });

  it.each([
    ['pair bytes of a lease', lease('00000800 00000800 ffffffff')],
    ['counts of a lease', lease('00000800 00000800 00000000 ffffffff')],
    ['rows of a lease', lease('00000800 00000800 00000000 00000000')],
  ])('%s allocate nothing', (_, hex) => {
    const bytes = fromHex(hex);
    expect(allocatedBy(() => decodeToVolunteer(bytes, { format: 'int8', dim: 1024 }))).toBeLessThan(1 << 20);
  });

  it('words of a welcome allocate nothing', () => {
    const bytes = fromHex(TO_VOLUNTEER.find(({ name }) => name === 'welcome')!.hex);
    bytes.set([0x80, 0x84, 0x1e, 0x00], bytes.length - 8);
    expect(allocatedBy(() => decodeToVolunteer(bytes, { format: 'f32', dim: 0 }))).toBeLessThan(1 << 20);
  });
});

describe('the largest result', () => {
  it.each([1, 2, 3, 5, 127, 129, 1024])('has room for every format with %i columns', (dim) => {
    const rows = 300;
    const longest = ROW_FORMATS.map((format) => {
      const head = { lease: 1, positiveLoss: 0, negativeLoss: 0, computeMs: 0, inputRows: rows, outputRows: 0 };
      const bytes = rowsBytes(format, rows, dim);
      const write = beginResult({ ...head, present: new Uint8Array(Math.ceil(rows / 8)).fill(255) }, bytes);
      reserveRows(write, format, rows, dim);
      return write.finish().length;
    });
    expect(Math.max(...longest)).toBeLessThanOrEqual(largestResultBytes(rows, dim));
    expect(Math.max(...longest)).toBeGreaterThan(largestResultBytes(rows, dim) - 4);
  });
});
