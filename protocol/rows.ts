// Row values on the wire: int8 with one scale a row, or plain floats.
import type { Reader, Writer } from './bytes.ts';
import { ProtocolError } from './bytes.ts';

/** `f32` is exact; `int8` sends round(value / scale) with scale = max|value| / 127. */
export type RowFormat = 'f32' | 'int8';

export const ROW_FORMATS: readonly RowFormat[] = ['f32', 'int8'];

/** Draw number `counter` on 0..1, for stochastic rounding. */
export type UnitDraw = (counter: number) => number;

/** Bytes that `rows` rows of `dim` columns take in a frame, after alignment. */
export function rowsBytes(format: RowFormat, rows: number, dim: number): number {
  return format === 'f32' ? rows * dim * 4 : rows * 4 + rows * dim;
}

/**
 * Quantised rows as they stand in a frame. For `int8`: scales (rows) float32, then values (rows, dim) int8;
 * for `f32`: values (rows, dim) float32.
 */
export type PackedRows =
  | { readonly format: 'f32'; readonly values: Float32Array }
  | { readonly format: 'int8'; readonly scales: Float32Array; readonly values: Int8Array };

/** Reads rows; the writer aligned to 4 before them. @throws ProtocolError BAD_SCALE, NOT_FINITE, TRUNCATED */
export function readRows(read: Reader, format: RowFormat, rows: number, dim: number): PackedRows {
  read.align();
  if (format === 'f32') {
    const values = read.float32(rows * dim);
    for (let at = 0; at < values.length; at++) {
      if (!Number.isFinite(values[at]))
        throw new ProtocolError('NOT_FINITE', `row ${Math.floor(at / dim)} holds ${values[at]}`);
    }
    return { format, values };
  }
  const scales = read.float32(rows);
  for (let row = 0; row < rows; row++) {
    const scale = scales[row]!;
    if (!(scale >= 0 && Number.isFinite(scale))) throw new ProtocolError('BAD_SCALE', `row ${row} has scale ${scale}`);
  }
  return { format, scales, values: read.int8(rows * dim) };
}

/** Room for `rows` packed rows at the writer's place, to be filled with `packRow` before the next write. */
export function reserveRows(write: Writer, format: RowFormat, rows: number, dim: number): PackedRows {
  write.align();
  if (format === 'f32') return { format, values: write.float32(rows * dim) };
  // Both views must outlive a growing buffer, so one reservation is made and cut in two.
  const room = write.int8(rows * 4 + rows * dim);
  return {
    format,
    scales: new Float32Array(room.buffer, room.byteOffset, rows),
    values: new Int8Array(room.buffer, room.byteOffset + rows * 4, rows * dim),
  };
}

/**
 * Packs one row. With `chance` (deltas) the rounding is stochastic, so its error has mean zero; without it
 * (rows down) it is to the nearest. Answers whether anything but zero was packed.
 * @param counter first counter of the row's draws; draw d uses counter + d.
 */
export function packRow(
  packed: PackedRows,
  at: number,
  source: Float32Array,
  offset: number,
  dim: number,
  chance?: UnitDraw,
  counter = 0,
): boolean {
  let peak = 0;
  for (let d = 0; d < dim; d++) peak = Math.max(peak, Math.abs(source[offset + d]!));
  if (packed.format === 'f32') {
    packed.values.set(source.subarray(offset, offset + dim), at * dim);
    return peak > 0;
  }
  // The scale is rounded to float32 first: both sides multiply by the same number.
  const scale = Math.fround(peak / 127);
  packed.scales[at] = scale;
  const { values } = packed;
  if (scale === 0) {
    values.fill(0, at * dim, at * dim + dim);
    return false;
  }
  for (let d = 0; d < dim; d++) {
    const exact = source[offset + d]! / scale;
    const level = chance === undefined ? Math.round(exact) : Math.floor(exact + chance(counter + d));
    values[at * dim + d] = level > 127 ? 127 : level < -127 ? -127 : level;
  }
  return true;
}

/** target[offset + d] += row `at`, in float32: the same operation on both sides keeps their copies equal. */
export function addRow(packed: PackedRows, at: number, target: Float32Array, offset: number, dim: number): void {
  if (packed.format === 'f32') {
    for (let d = 0; d < dim; d++) target[offset + d]! += packed.values[at * dim + d]!;
    return;
  }
  const scale = packed.scales[at]!;
  for (let d = 0; d < dim; d++) target[offset + d]! += Math.fround(scale * packed.values[at * dim + d]!);
}

/** target[offset + d] = row `at`. */
export function unpackRow(packed: PackedRows, at: number, target: Float32Array, offset: number, dim: number): void {
  target.fill(0, offset, offset + dim);
  addRow(packed, at, target, offset, dim);
}

/** Euclidean norm of row `at`. */
export function rowNorm(packed: PackedRows, at: number, dim: number): number {
  let sum = 0;
  for (let d = 0; d < dim; d++) sum += packed.values[at * dim + d]! ** 2;
  return Math.sqrt(sum) * (packed.format === 'int8' ? packed.scales[at]! : 1);
}
