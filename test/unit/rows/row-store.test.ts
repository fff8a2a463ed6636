// SIMD rows against plain ones: every pass, bit for bit, for lengths with and without a tail, and values at every edge.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Writer } from '../../../protocol/bytes.ts';
import type { PackedRows, RowFormat } from '../../../protocol/rows.ts';
import { packRow, reserveRows, ROW_FORMATS } from '../../../protocol/rows.ts';
import { PlainRows } from '../../../rows/plain-rows.ts';
import type { RowStore } from '../../../rows/row-store.ts';
import { rowStore } from '../../../rows/row-store.ts';
import { SimdRows } from '../../../rows/simd-rows.ts';
import { hashAt } from '../../../word2vec/random.ts';

/** Rows of a store; more than a batch holds at the longest of DIMS. */
const ROWS = 40;
const DIMS = [1, 2, 3, 4, 5, 7, 8, 15, 16, 17, 31, 100, 301, 1024];

const simd = (dim: number): SimdRows => SimdRows.make(ROWS, dim)!;

/** Bit for bit: the place of the first byte that differs is none. */
function expectSame(...[plain, other]: (ArrayBufferView | undefined)[]): void {
  const [a, b] = [bytesOf(plain!), bytesOf(other!)];
  expect(b.length).toBe(a.length);
  expect(b.findIndex((byte, at) => byte !== a[at])).toBe(-1);
}

function bytesOf({ buffer, byteOffset, byteLength }: ArrayBufferView): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}

/** Both kinds, with the same values; what lies around the rows that a pass may write shows if it writes too far. */
function stores(dim: number, values: Float32Array): [PlainRows, SimdRows] {
  const both: [PlainRows, SimdRows] = [new PlainRows(ROWS, dim), simd(dim)];
  for (const store of both) store.values.set(values);
  return both;
}

/**
 * Values whose sizes differ by row and within it; sprinkled with zeros of both signs and the smallest floats, which are
 * all that every fourth row has: their scale is 0.
 */
function floats(count: number, dim: number, seed: number): Float32Array {
  return Float32Array.from({ length: count * dim }, (_, at) => {
    const hash = hashAt(seed, at);
    const row = hashAt(seed + 1, Math.floor(at / dim));
    const size = 2 ** ((row % 40) - 30);
    if (row % 4 === 3) return [0, -0, 1e-45, -3e-45][(hash >>> 8) % 4]!;
    if (hash % 11 === 0) return [0, -0, 1e-45, -3e-45, size, -size][(hash >>> 8) % 6]!;
    return (hash / 2 ** 31 - 1) * size;
  });
}

const seeds = fc.integer({ min: 0, max: 2 ** 31 - 1 });
const cases = fc.record({
  dim: fc.constantFrom(...DIMS),
  seed: seeds,
  ids: fc.uniqueArray(fc.nat(ROWS - 1), { maxLength: ROWS }).map((list) => Uint32Array.from(list)),
  at: fc.nat(3),
});

/** Room for `rows` packed rows, each filled with what its number says. */
function packedRows(format: RowFormat, rows: number, dim: number, source: Float32Array): PackedRows {
  const packed = reserveRows(new Writer(), format, rows, dim);
  for (let row = 0; row < rows; row++) packRow(packed, row, source, row * dim, dim);
  return packed;
}

function expectEqual(plain: RowStore, other: RowStore): void {
  expectSame(plain.values, other.values);
}

const options = { numRuns: 40 };

describe('SIMD rows', () => {
  it('are what this runtime takes', () => {
    expect(rowStore(1, 100)).toBeInstanceOf(SimdRows);
  });

  it('leave what is beyond four GiB to plain ones', () => {
    expect(SimdRows.make(2 ** 30 / 100, 100)).toBeNull();
  });

  it.each(ROW_FORMATS)('pack %s as plain ones do', (format) => {
    fc.assert(
      fc.property(cases, ({ dim, seed, ids, at }) => {
        const packed = stores(dim, floats(ROWS, dim, seed)).map((store) => {
          const room = packedRows(format, ids.length + at + 1, dim, floats(ids.length + at + 1, dim, seed + 2));
          store.pack(ids, room, at);
          return room;
        });
        expectSame(...packed.map(({ values }) => values));
        expectSame(...packed.map((rows) => ('scales' in rows ? rows.scales : rows.values)));
      }),
      options,
    );
  });

  it.each(ROW_FORMATS)('unpack and add %s as plain ones do, with the same squares', (format) => {
    fc.assert(
      fc.property(cases, ({ dim, seed, ids, at }) => {
        const [plain, other] = stores(dim, floats(ROWS, dim, seed));
        const packed = packedRows(format, ids.length + at, dim, floats(ids.length + at, dim, seed + 2));
        for (const store of [plain, other]) store.add(packed, at, ids, new Float64Array(ids.length));
        expectEqual(plain, other);
        const squares = [plain, other].map((store) => {
          const taken = new Float64Array(ids.length);
          store.add(packed, at, ids, taken);
          return taken;
        });
        expectSame(...squares);
        for (const store of [plain, other]) store.unpack(packed, at, ids.subarray(0, ids.length >> 1));
        expectEqual(plain, other);
      }),
      options,
    );
  });

  it('pack halves of a level upwards, and what is next to them by their side, as plain ones do', () => {
    // 127 scales and one: the peak gives each row its scale, of few or of all bits.
    const bits = new Float32Array(1);
    const step = (value: number, by: number): number => {
      bits[0] = value;
      new Int32Array(bits.buffer)[0]! += by;
      return bits[0];
    };
    for (const scale of [1, 2 ** -20, 3, 1.1, 0.7, 1e-3, 5e-39]) {
      const exact = Math.fround(Math.fround(127 * Math.fround(scale)) / 127);
      const halves = Array.from({ length: 127 }, (_, k) => Math.fround((k + 0.5) * exact));
      const near = halves.flatMap((half) => [
        half,
        -half,
        step(half, 1),
        step(half, -1),
        step(-half, 1),
        step(-half, -1),
      ]);
      const dim = near.length + 1;
      const values = new Float32Array(ROWS * dim);
      for (let row = 0; row < ROWS; row++) values.set([Math.fround(127 * Math.fround(scale)), ...near], row * dim);
      const packed = stores(dim, values).map((store) => {
        const room = reserveRows(new Writer(), 'int8', 1, dim);
        store.pack(Uint32Array.of(0), room, 0);
        return room;
      });
      expectSame(...packed.map((room) => room.values));
    }
  });

  it('take every byte, every scale and their norms as plain ones do', () => {
    fc.assert(
      fc.property(cases, fc.boolean(), ({ dim, seed, ids, at }, isZero) => {
        const [plain, other] = stores(dim, floats(ROWS, dim, seed));
        const packed = packedRows('int8', ids.length + at, dim, new Float32Array((ids.length + at) * dim));
        if (packed.format !== 'int8') throw new Error('int8');
        packed.values.forEach((_, k, all) => (all[k] = hashAt(seed, k)));
        packed.scales.set(isZero ? [] : floats(1, packed.scales.length, seed).map((scale) => Math.abs(scale)));
        const norms = [plain, other].map((store) => {
          const taken = new Float64Array(ids.length);
          store.norms(packed, at, taken);
          return taken;
        });
        expectSame(...norms);
        for (const store of [plain, other]) store.unpack(packed, at, ids);
        expectEqual(plain, other);
        for (const store of [plain, other]) store.add(packed, at, ids, new Float64Array(ids.length));
        expectEqual(plain, other);
      }),
      options,
    );
  });

  it('gather as plain ones do', () => {
    fc.assert(
      fc.property(cases, ({ dim, seed, ids }) => {
        const gathered = stores(dim, floats(ROWS, dim, seed)).map((store) => {
          const target = new Float32Array((ids.length + 1) * dim).fill(7);
          store.gather(ids, target);
          return target;
        });
        expectSame(...gathered);
      }),
      options,
    );
  });

  it('round what was learnt, by the same draws, as plain ones do', () => {
    fc.assert(
      fc.property(cases, seeds, ({ dim, seed, ids, at }, key) => {
        const held = floats(ROWS, dim, seed);
        const learnt = floats(ids.length, dim, seed + 2);
        // A third of the rows stays as it is; small steps from large rows, too.
        const trained = Float32Array.from(learnt, (step, k) => {
          const row = Math.floor(k / dim);
          const before = held[ids[row]! * dim + (k % dim)]!;
          return hashAt(seed, row) % 3 === 0 ? before : before + step;
        });
        const [plain, other] = stores(dim, held);
        const results = [plain, other].map((store) => {
          const moved = new Uint8Array(ids.length);
          const rounded = {
            scales: new Float32Array(ids.length + at),
            values: new Int8Array((ids.length + at) * dim),
          };
          const count = store.round(ids, trained.slice(), { key, first: seed }, moved, rounded, at);
          expect(moved.reduce((sum, flag) => sum + flag, 0)).toBe(count);
          return { moved, ...rounded };
        });
        expectSame(...results.map(({ moved }) => moved));
        expectSame(...results.map(({ scales }) => scales));
        expectSame(...results.map(({ values }) => values));
        expectEqual(plain, other);
      }),
      options,
    );
  });

  it.each([Number.NaN, Number.POSITIVE_INFINITY])('pack and round a row with %s as no reader takes it', (bad) => {
    const [plain, other] = stores(5, floats(ROWS, 5, 1));
    const ids = Uint32Array.of(3);
    const bytes = [plain, other].map((store) => {
      const rounded = { scales: new Float32Array(1), values: new Int8Array(5) };
      const trained = Float32Array.of(1, bad, 0, 2, 3);
      expect(store.round(ids, trained, { key: 1, first: 0 }, new Uint8Array(1), rounded, 0)).toBe(1);
      expect(Number.isFinite(rounded.scales[0])).toBe(false);
      const packed = packedRows('int8', 1, 5, new Float32Array(5));
      store.pack(ids, packed, 0);
      if (packed.format === 'int8') expect(Number.isFinite(packed.scales[0])).toBe(false);
      return [rounded.values, packed.values];
    });
    expect(bytes[1]).toEqual(bytes[0]);
  });

  it('keep their values while room is made, and write none beyond it', () => {
    for (const store of [new PlainRows(2, 3), SimdRows.make(2, 3)!]) {
      store.values.set([1, 2, 3, 4, 5, 6]);
      store.reserve(40_000);
      expect(store.values.length).toBeGreaterThanOrEqual(120_000);
      expect([...store.values.subarray(0, 9)]).toEqual([1, 2, 3, 4, 5, 6, 0, 0, 0]);
    }
    expect(() => simd(3).gather(Uint32Array.of(ROWS), new Float32Array(3))).toThrow(RangeError);
  });

  it('stay as they are where no room can be made', () => {
    const store = SimdRows.make(2, 3)!;
    store.values.set([1, 2, 3, 4, 5, 6]);
    expect(() => store.reserve(2 ** 29)).toThrow(RangeError);
    expect([...store.values]).toEqual([1, 2, 3, 4, 5, 6]);
    // Not a trap of the code, which would write beyond its memory.
    expect(() => store.gather(Uint32Array.of(2), new Float32Array(3))).toThrow('row 2 of 2');
    store.reserve(4);
    expect([...store.values.subarray(0, 9)]).toEqual([1, 2, 3, 4, 5, 6, 0, 0, 0]);
  });
});
