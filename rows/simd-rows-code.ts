// The code of SimdRows for one row length: what protocol/rows.ts does to int8 rows, four columns at a time, bit for bit.
import {
  bump,
  f32x4,
  f64x2,
  get,
  i16x8,
  i32,
  i32x4,
  ModuleWriter,
  sequence,
  set,
  v128,
  when,
  type Code,
  type Local,
} from '../word2vec/cpu-assembler.ts';
import type { Stage, Walk } from './simd-columns.ts';
import { BYTES, eachRow, eachVector, FLOATS, high, stageOf, storeWithin, tailMask } from './simd-columns.ts';
import { Draws, Rounding, spreadMost } from './simd-rounding.ts';

/**
 * The module for rows of `dim` columns. Each export works on the rows whose ids end at address `last`:
 * `pack(last)`: rounds rows to the nearest levels: scales and bytes.
 * `unpack(last)`: rows := levels. `add(last)`: rows += levels; sums := four sums of squares of each, a column in four.
 * `gather(last)`: floats := rows.
 * `norms(last)`: sums := four sums of squares of each row of bytes, as whole numbers.
 * `round(last, key, counter)`: floats −= rows; what moved is rounded by draws from `counter` on (word2vec/random.ts)
 *   and added to the rows: moved, and, one after the other, scales and bytes of those that did.
 */
export function rowsCode(dim: number): Uint8Array<ArrayBuffer> {
  const module = new ModuleWriter();
  const stage = stageOf(dim);
  writePack(module, dim, stage);
  writeUnpack(module, dim, stage, 'unpack');
  writeUnpack(module, dim, stage, 'add');
  writeGather(module, dim, stage);
  writeNorms(module, dim, stage);
  writeRound(module, dim, stage);
  return module.bytes();
}

function writePack(module: ModuleWriter, dim: number, stage: Stage): void {
  module.function(
    ['i32'],
    (locals, last) => {
      const [row, bytes, scaleAt] = locals.several(3, 'i32') as [Local, Local, Local];
      const [value, peak, half, mask] = locals.several(4, 'v128') as [Local, Local, Local, Local];
      const rounding = new Rounding(locals);
      const values: Walk = { pointer: locals.make('i32'), stride: FLOATS };
      const packed: Walk = { pointer: locals.make('i32'), stride: BYTES };
      const largest = eachVector(locals, dim, [values], (offset, isTail) => {
        const loaded = v128.load(get(values.pointer), offset(values));
        return set(peak, i32x4.max(get(peak), f32x4.abs(isTail ? v128.and(loaded, get(mask)) : loaded)));
      });
      const round = eachVector(locals, dim, [values, packed], (offset) =>
        sequence(
          set(value, v128.load(get(values.pointer), offset(values))),
          rounding.nearest(value, half),
          rounding.store(packed.pointer, offset(packed)),
        ),
      );
      const body = sequence(
        set(peak, f32x4.const(0)),
        set(values.pointer, get(row)),
        largest,
        spreadMost(peak),
        rounding.row(peak, get(scaleAt)),
        rounding.inverse(),
        set(values.pointer, get(row)),
        set(packed.pointer, get(bytes)),
        round,
        bump(bytes, dim),
        bump(scaleAt, 4),
      );
      return sequence(
        rounding.begin(),
        set(half, f64x2.const(128 + 2 ** -30)),
        set(mask, tailMask(dim)),
        set(bytes, i32.const(stage.bytes)),
        set(scaleAt, i32.const(stage.scales)),
        eachRow(locals, dim, stage, last, row, body),
      );
    },
    'pack',
  );
}

/** Four signed bytes as floats. */
const floatsAt = (at: Local, offset: number): Code =>
  f32x4.convert(i32x4.extendLow(i16x8.extendLow(v128.load32(get(at), offset))));

function writeUnpack(module: ModuleWriter, dim: number, stage: Stage, what: 'unpack' | 'add'): void {
  module.function(
    ['i32'],
    (locals, last) => {
      const [row, bytes, scaleAt, sumAt] = locals.several(4, 'i32') as [Local, Local, Local, Local];
      const [value, scale, mask, low, upper] = locals.several(5, 'v128') as [Local, Local, Local, Local, Local];
      const values: Walk = { pointer: locals.make('i32'), stride: FLOATS };
      const packed: Walk = { pointer: locals.make('i32'), stride: BYTES };
      const square = (half: Code): Code => f64x2.mul(f64x2.promoteLow(half), f64x2.promoteLow(half));
      const column = eachVector(locals, dim, [values, packed], (offset, isTail) => {
        const level = f32x4.mul(get(scale), floatsAt(packed.pointer, offset(packed)));
        // Adding to zero makes a zero of −0, which is what a scale of 0 gives of a negative byte.
        const before = what === 'add' ? v128.load(get(values.pointer), offset(values)) : f32x4.const(0);
        const stored = sequence(
          set(value, f32x4.add(before, level)),
          storeWithin(values.pointer, offset(values), value, isTail ? get(mask) : null),
        );
        if (what === 'unpack') return stored;
        return sequence(
          stored,
          isTail ? set(value, v128.and(get(value), get(mask))) : [],
          set(low, f64x2.add(get(low), square(get(value)))),
          set(upper, f64x2.add(get(upper), square(high(get(value))))),
        );
      });
      const zero = f64x2.const(0);
      const body = sequence(
        set(scale, v128.loadSplat32(get(scaleAt))),
        set(values.pointer, get(row)),
        set(packed.pointer, get(bytes)),
        what === 'add' ? sequence(set(low, zero), set(upper, zero)) : [],
        column,
        what === 'add'
          ? sequence(v128.store(get(sumAt), get(low)), v128.store(get(sumAt), get(upper), 16), bump(sumAt, 32))
          : [],
        bump(bytes, dim),
        bump(scaleAt, 4),
      );
      return sequence(
        set(mask, tailMask(dim)),
        set(bytes, i32.const(stage.bytes)),
        set(scaleAt, i32.const(stage.scales)),
        set(sumAt, i32.const(stage.sums)),
        eachRow(locals, dim, stage, last, row, body),
      );
    },
    what,
  );
}

function writeGather(module: ModuleWriter, dim: number, stage: Stage): void {
  module.function(
    ['i32'],
    (locals, last) => {
      const [row, floats] = locals.several(2, 'i32') as [Local, Local];
      const values: Walk = { pointer: locals.make('i32'), stride: FLOATS };
      const target: Walk = { pointer: locals.make('i32'), stride: FLOATS };
      const body = sequence(
        set(values.pointer, get(row)),
        set(target.pointer, get(floats)),
        eachVector(locals, dim, [values, target], (offset) =>
          v128.store(get(target.pointer), v128.load(get(values.pointer), offset(values)), offset(target)),
        ),
        bump(floats, dim * 4),
      );
      return sequence(set(floats, i32.const(stage.floats)), eachRow(locals, dim, stage, last, row, body));
    },
    'gather',
  );
}

function writeNorms(module: ModuleWriter, dim: number, stage: Stage): void {
  module.function(
    ['i32'],
    (locals, last) => {
      const [row, bytes, sumAt] = locals.several(3, 'i32') as [Local, Local, Local];
      const [sum, halves] = locals.several(2, 'v128') as [Local, Local];
      const packed: Walk = { pointer: locals.make('i32'), stride: BYTES };
      const lane = (column: number): number => (column < dim % 4 ? 0xffff : 0);
      const tail = i32x4.const(lane(0) | (lane(1) << 16), lane(2) | (lane(3) << 16), 0, 0);
      const body = sequence(
        set(sum, f64x2.const(0)),
        set(packed.pointer, get(bytes)),
        eachVector(locals, dim, [packed], (offset, isTail) => {
          const loaded = i16x8.extendLow(v128.load32(get(packed.pointer), offset(packed)));
          return sequence(
            set(halves, isTail ? v128.and(loaded, tail) : loaded),
            set(sum, i32x4.add(get(sum), i32x4.dot(get(halves), get(halves)))),
          );
        }),
        v128.store(get(sumAt), get(sum)),
        bump(sumAt, 32),
        bump(bytes, dim),
      );
      return sequence(
        set(bytes, i32.const(stage.bytes)),
        set(sumAt, i32.const(stage.sums)),
        eachRow(locals, dim, stage, last, row, body),
      );
    },
    'norms',
  );
}

function writeRound(module: ModuleWriter, dim: number, stage: Stage): void {
  module.function(
    ['i32', 'i32', 'i32'],
    (locals, last, key, counter) => {
      const [row, floats, bytes, scaleAt, movedAt] = locals.several(5, 'i32') as [Local, Local, Local, Local, Local];
      const [value, peak, mask] = locals.several(3, 'v128') as [Local, Local, Local];
      const rounding = new Rounding(locals);
      const draws = new Draws(locals);
      const held: Walk = { pointer: locals.make('i32'), stride: FLOATS };
      const trained: Walk = { pointer: locals.make('i32'), stride: FLOATS };
      const packed: Walk = { pointer: locals.make('i32'), stride: BYTES };
      const subtract = eachVector(locals, dim, [held, trained], (offset, isTail) => {
        const before = v128.load(get(held.pointer), offset(held));
        return sequence(
          set(value, f32x4.sub(v128.load(get(trained.pointer), offset(trained)), before)),
          storeWithin(trained.pointer, offset(trained), value, isTail ? get(mask) : null),
          isTail ? set(value, v128.and(get(value), get(mask))) : [],
          set(peak, i32x4.max(get(peak), f32x4.abs(get(value)))),
        );
      });
      const round = eachVector(locals, dim, [held, trained, packed], (offset, isTail) =>
        sequence(
          draws.next(),
          set(value, v128.load(get(trained.pointer), offset(trained))),
          rounding.levels(value, draws.ups),
          rounding.store(packed.pointer, offset(packed)),
          set(value, f32x4.mul(get(rounding.scale), f32x4.convert(rounding.level))),
          set(value, f32x4.add(v128.load(get(held.pointer), offset(held)), get(value))),
          storeWithin(held.pointer, offset(held), value, isTail ? get(mask) : null),
        ),
      );
      const toRow = sequence(set(held.pointer, get(row)), set(trained.pointer, get(floats)));
      const moves = sequence(
        v128.storeLane32(get(movedAt), i32x4.splat(i32.const(1))),
        rounding.row(peak, get(scaleAt)),
        draws.row(counter),
        toRow,
        set(packed.pointer, get(bytes)),
        round,
        bump(bytes, dim),
        bump(scaleAt, 4),
      );
      const body = sequence(
        set(peak, f32x4.const(0)),
        toRow,
        subtract,
        spreadMost(peak),
        when(
          v128.any(f32x4.notEqual(get(peak), f32x4.const(0))),
          moves,
          v128.storeLane32(get(movedAt), f32x4.const(0)),
        ),
        bump(floats, dim * 4),
        bump(movedAt, 4),
        bump(counter, dim),
      );
      return sequence(
        rounding.begin(),
        draws.begin(key),
        set(mask, tailMask(dim)),
        set(floats, i32.const(stage.floats)),
        set(bytes, i32.const(stage.bytes)),
        set(scaleAt, i32.const(stage.scales)),
        set(movedAt, i32.const(stage.moved)),
        eachRow(locals, dim, stage, last, row, body),
      );
    },
    'round',
  );
}
