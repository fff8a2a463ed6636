// Where SimdRows' code finds rows in memory, and loops over rows and their columns.
import {
  bump,
  get,
  i32,
  i32x4,
  loopWhile,
  sequence,
  set,
  v128,
  type Code,
  type Local,
  type Locals,
} from '../word2vec/cpu-assembler.ts';

/** Bytes of floats that are worked on at once: they stay in the processor's nearest caches. */
const BATCH_BYTES = 49_152;
const MOST_BATCH = 256;
/** Vectors a turn of the column loops. */
const UNROLL = 4;

/**
 * Addresses in memory, in bytes. A batch of rows passes through the stage; the rows themselves begin at `rows`, dense,
 * and after the last of them a vector's length is free. Code may write up to three columns beyond a packed or gathered
 * row, which the next one overwrites or the slack takes; never beyond one of `rows`.
 */
export interface Stage {
  /** Rows of a batch, at most. */
  readonly batch: number;
  /** Which rows. u32 (batch) */
  readonly ids: number;
  /** f32 (batch) */
  readonly scales: number;
  /** Whether a row moved. u32 (batch) */
  readonly moved: number;
  /** i32 or f64 (batch, 4) */
  readonly sums: number;
  /** i8 (batch, dim) */
  readonly bytes: number;
  /** f32 (batch, dim) */
  readonly floats: number;
  readonly rows: number;
}

export function stageOf(dim: number): Stage {
  const batch = Math.max(1, Math.min(MOST_BATCH, Math.floor(BATCH_BYTES / (dim * 4))));
  const aligned = (address: number): number => Math.ceil(address / 64) * 64;
  const ids = 64;
  const scales = aligned(ids + batch * 4);
  const moved = aligned(scales + batch * 4);
  const sums = aligned(moved + batch * 4);
  const bytes = aligned(sums + batch * 32);
  const floats = aligned(bytes + batch * dim + 16);
  return { batch, ids, scales, moved, sums, bytes, floats, rows: aligned(floats + batch * dim * 4 + 16) };
}

/** A pointer that moves along a row, and its bytes a vector of four columns. */
export interface Walk {
  readonly pointer: Local;
  readonly stride: number;
}

export const FLOATS = 16;
export const BYTES = 4;

/** `body` for each vector of a row: `offset(walk)` is to be added to its pointer, `isTail` where columns lack. */
export function eachVector(
  locals: Locals,
  dim: number,
  walks: readonly Walk[],
  body: (offset: (walk: Walk) => number, isTail: boolean) => Code,
): Code {
  const whole = Math.floor(dim / 4);
  const turns = Math.floor(whole / UNROLL);
  const vectors = (count: number, hasTail: boolean): Code =>
    sequence(
      ...Array.from({ length: count + (hasTail ? 1 : 0) }, (_, v) => body(({ stride }) => v * stride, v === count)),
    );
  const rest = vectors(whole - turns * UNROLL, dim % 4 !== 0);
  const [first] = walks;
  if (turns === 0 || first === undefined) return rest;
  const end = locals.make('i32');
  return sequence(
    set(end, i32.add(get(first.pointer), i32.const(turns * UNROLL * first.stride))),
    loopWhile(
      i32.notEqual(get(first.pointer), get(end)),
      sequence(vectors(UNROLL, false), ...walks.map(({ pointer, stride }) => bump(pointer, UNROLL * stride))),
    ),
    rest,
  );
}

/** `body` for each row of the batch; `row` is set to its address. */
export function eachRow(locals: Locals, dim: number, { ids, rows }: Stage, last: Local, row: Local, body: Code): Code {
  const id = locals.make('i32');
  const address = i32.add(i32.mul(i32.load(get(id)), i32.const(dim * 4)), i32.const(rows));
  return sequence(
    set(id, i32.const(ids)),
    loopWhile(i32.notEqual(get(id), get(last)), sequence(set(row, address), body, bump(id, 4))),
  );
}

/** Of the columns that a row's last vector has. */
export function tailMask(dim: number): Code {
  const lane = (column: number): number => (column < dim % 4 ? -1 : 0);
  return i32x4.const(lane(0), lane(1), lane(2), lane(3));
}

export const high = (value: Code): Code => v128.shuffle32(value, value, [2, 3, 2, 3]);

/** Stores to a row; what lies beyond its end stays. */
export function storeWithin(at: Local, offset: number, value: Local, tail: Code | null): Code {
  const kept = tail === null ? get(value) : v128.select(get(value), v128.load(get(at), offset), tail);
  return v128.store(get(at), kept, offset);
}
