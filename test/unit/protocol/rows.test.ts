// Rows on the wire: what rounding costs, what is refused, and that a frame's numbers allocate nothing by themselves.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Reader, Writer } from '../../../protocol/bytes.ts';
import type { PackedRows, RowFormat } from '../../../protocol/rows.ts';
import { addRow, packRow, readRows, reserveRows, rowNorm, rowsBytes, unpackRow } from '../../../protocol/rows.ts';
import { decodeToCoordinator } from '../../../protocol/to-coordinator.ts';
import { decodeToVolunteer } from '../../../protocol/to-volunteer.ts';
import { hashAt } from '../../../word2vec/random.ts';
import { fromHex, TO_VOLUNTEER } from './golden.ts';

const coded = (code: string): unknown => expect.objectContaining({ name: 'ProtocolError', code });
const chance = (counter: number): number => hashAt(77, counter) / 4294967296;

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
  for (let row = 0; row < rows.length; row++) packRow(packed, row, source, row * dim, dim, draws, row * dim);
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

describe('rows in int8', () => {
  it('are off by at most half a step to the nearest, and by less than one step at random', () => {
    fc.assert(
      fc.property(matrices, fc.nat(5), ({ dim, rows }, before) => {
        for (const draws of [undefined, chance]) {
          const back = sent('int8', rows, dim, draws, before);
          for (const [row, values] of rows.entries()) {
            const step = Math.max(...values.map(Math.abs)) / 127;
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
      'int8',
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
    const packed = reserveRows(write, 'int8', 1, 5);
    const sums = new Float64Array(5);
    for (let trial = 0; trial < draws; trial++) {
      packRow(packed, 0, source, 0, 5, chance, trial * 5);
      for (const [d, level] of packed.values.entries()) sums[d]! += level / 127;
    }
    // A draw's deviation is half a step at most; five sigma of the mean.
    for (const [d, sum] of sums.entries())
      expect(Math.abs(sum / draws - value[d]!)).toBeLessThan((5 * 0.5) / 127 / Math.sqrt(draws));
  });

  it('send nothing for a row that is zero, or too small for a scale', () => {
    const packed = reserveRows(new Writer(), 'int8', 1, 2);
    expect(packRow(packed, 0, Float32Array.of(0, 0), 0, 2, chance)).toBe(false);
    expect(packRow(packed, 0, Float32Array.of(1e-45, 0), 0, 2, chance)).toBe(false);
    expect(packRow(packed, 0, Float32Array.of(1e-30, 0), 0, 2, chance)).toBe(true);
  });

  it.each([
    ['NaN', '0000c07f'],
    ['infinite', '0000807f'],
    ['minus infinite', '000080ff'],
    ['barely negative', '01000080'],
    ['minus one', '000080bf'],
  ])('refuse a scale that is %s', (_, hex) => {
    expect(() => readRows(new Reader(fromHex(`${hex}01`), 'rows'), 'int8', 1, 1)).toThrow(coded('BAD_SCALE'));
  });

  it('take -128 for what it says, in values and norm', () => {
    const back = readRows(new Reader(fromHex('00000040 80'), 'rows'), 'int8', 1, 1);
    expect([...unpacked(back, 0, 1)]).toEqual([-256]);
    expect(rowNorm(back, 0, 1)).toBe(256);
  });

  it('change equal copies equally', () => {
    fc.assert(
      fc.property(matrices, fc.float({ min: -1000, max: 1000, noNaN: true }), ({ dim, rows }, start) => {
        const back = sent('int8', rows, dim, chance);
        for (const row of rows.keys()) {
          const here = new Float32Array(dim).fill(start);
          const there = new Float32Array(dim + 3).fill(start);
          addRow(back, row, here, 0, dim);
          addRow(back, row, there, 3, dim);
          expect([...there.subarray(3)]).toEqual([...here]);
        }
      }),
    );
  });

  it('have the norm of what they unpack to', () => {
    fc.assert(
      fc.property(matrices, ({ dim, rows }) => {
        for (const format of ['f32', 'int8'] as const) {
          const back = sent(format, rows, dim, chance);
          for (const row of rows.keys()) {
            const norm = Math.hypot(...unpacked(back, row, dim));
            expect(Math.abs(rowNorm(back, row, dim) - norm)).toBeLessThanOrEqual(norm * 1e-5 + 1e-40);
          }
        }
      }),
    );
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
    for (const format of ['f32', 'int8'] as const) {
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
