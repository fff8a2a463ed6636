// Loops and sums over a row's columns, four floats at a time: what the SIMD kernel's functions are made of.
import {
  bump,
  f32x4,
  get,
  i32,
  loopWhile,
  sequence,
  set,
  v128,
  type Code,
  type Local,
  type Locals,
} from './cpu-assembler.ts';

/** Columns per turn of the column loops. */
const UNROLL = 4;
/** Vectors of four that hold a row of `dim` values. */
export function columnsOf(dim: number): number {
  return Math.ceil(dim / 4);
}

/** `body` for every column; `offset` is to be added to each of the `pointers`, which move. */
export function eachColumn(
  locals: Locals,
  columns: number,
  pointers: readonly Local[],
  body: (offset: number) => Code,
): Code {
  const turns = Math.floor(columns / UNROLL);
  const unrolled = (count: number): Code => sequence(...Array.from({ length: count }, (_, c) => body(c * 16)));
  const rest = unrolled(columns - turns * UNROLL);
  if (turns === 0) return rest;
  const end = locals.make('i32');
  const first = pointers[0]!;
  return sequence(
    set(end, i32.add(get(first), i32.const(turns * UNROLL * 16))),
    loopWhile(
      i32.notEqual(get(first), get(end)),
      sequence(unrolled(UNROLL), ...pointers.map((pointer) => bump(pointer, UNROLL * 16))),
    ),
    rest,
  );
}

/** Sums in pairs, so that no addition waits for a long chain. */
export function total(terms: readonly Code[]): Code {
  if (terms.length === 1) return terms[0]!;
  const half = Math.ceil(terms.length / 2);
  return f32x4.add(total(terms.slice(0, half)), total(terms.slice(half)));
}

/** [Σa, Σb, Σc, Σd]. */
export function horizontal(locals: Locals, a: Code, b: Code, c: Code, d: Code): Code {
  const halves = (p: Code, q: Code, sum: Local): Code =>
    set(sum, f32x4.add(v128.shuffle32(p, q, [0, 4, 1, 5]), v128.shuffle32(p, q, [2, 6, 3, 7])));
  const [ab, cd] = [locals.make('v128'), locals.make('v128')];
  return sequence(
    halves(a, b, ab),
    halves(c, d, cd),
    f32x4.add(v128.shuffle32(get(ab), get(cd), [0, 1, 4, 5]), v128.shuffle32(get(ab), get(cd), [2, 3, 6, 7])),
  );
}
