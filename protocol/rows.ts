// Row values on the wire: plain floats, halves, or whole numbers of a byte or half a byte times a scale.
import type { Reader, Writer } from './bytes.ts';
import { ProtocolError } from './bytes.ts';
import { fromHalf, LARGEST_HALF, toHalf } from './half.ts';

/**
 * `f32` is exact; `f16` rounds to the nearest half; `int8` and `int4` send whole levels of peak/127 and peak/7, a row's
 * (int4: a group's) largest magnitude being its peak.
 */
export type RowFormat = 'f32' | 'f16' | 'int8' | 'int4';

/** In the order of their numbers on the wire: each is less exact than the one before. */
export const ROW_FORMATS: readonly RowFormat[] = ['f32', 'f16', 'int8', 'int4'];

/** Columns that share a scale in `int4`, at most: the peak of many columns is a coarse measure of each. */
const GROUP_COLUMNS = 128;
const MOST_INT8 = 127;
const MOST_INT4 = 7;

/**
 * Length of the residual that a holder may add to a row's delta, for each unit of the row's reach (word2vec/row-reach.ts).
 * What is more waits: the coordinator's cap on a step allows so much beside the step itself.
 */
export const RESIDUAL_RATE = 2;

/** Whether a row's holder keeps what rounding left out of its deltas, and adds it to the next one. */
export function keepsResidual(format: RowFormat): boolean {
  return format === 'int4';
}

/** The format wanted, or the nearest more exact one that the other side can; `f32` everyone can. */
export function agreeFormat(wanted: RowFormat, can: readonly RowFormat[]): RowFormat {
  for (let code = ROW_FORMATS.indexOf(wanted); code > 0; code--) {
    if (can.includes(ROW_FORMATS[code]!)) return ROW_FORMATS[code]!;
  }
  return 'f32';
}

/** Bytes that `rows` rows of `dim` columns take in a frame, after alignment. */
export function rowsBytes(format: RowFormat, rows: number, dim: number): number {
  switch (format) {
    case 'f32':
      return rows * dim * 4;
    case 'f16':
      return rows * dim * 2;
    case 'int8':
      return rows * (4 + dim);
    case 'int4':
      return rows * (4 * scaleGroups(dim) + nibbleBytes(dim));
  }
}

/** Bytes that rows take as they stand in a frame, after alignment. */
export function packedBytes(packed: PackedRows): number {
  return packed.values.byteLength + ('scales' in packed ? packed.scales.byteLength : 0);
}

/** Scales of an int4 row: its columns are cut into so many groups of GROUP_COLUMNS, the last one shorter. */
function scaleGroups(dim: number): number {
  return Math.ceil(dim / GROUP_COLUMNS);
}

function nibbleBytes(dim: number): number {
  return (dim + 1) >> 1;
}

/**
 * Quantised rows as they stand in a frame. `f32`, `f16`: values (rows, dim). `int8`: scales (rows), then values
 * (rows, dim). `int4`: scales (rows, groups), then values (rows, ⌈dim/2⌉), two columns a byte, the even one low.
 */
export type PackedRows =
  | { readonly format: 'f32'; readonly values: Float32Array }
  | { readonly format: 'f16'; readonly values: Uint16Array }
  | { readonly format: 'int8'; readonly scales: Float32Array; readonly values: Int8Array }
  | { readonly format: 'int4'; readonly scales: Float32Array; readonly values: Uint8Array };

/** Reads rows; the writer aligned to 4 before them. @throws ProtocolError BAD_SCALE, NOT_FINITE, BAD_PADDING, TRUNCATED */
export function readRows(read: Reader, format: RowFormat, rows: number, dim: number): PackedRows {
  read.align();
  switch (format) {
    case 'f32': {
      const values = read.float32(rows * dim);
      for (let at = 0; at < values.length; at++) {
        if (!Number.isFinite(values[at])) throw notFinite(at, dim, values[at]!);
      }
      return { format, values };
    }
    case 'f16': {
      const values = read.uint16(rows * dim);
      for (let at = 0; at < values.length; at++) {
        if ((values[at]! & 0x7c00) === 0x7c00) throw notFinite(at, dim, fromHalf(values[at]!));
      }
      return { format, values };
    }
    case 'int8':
      return { format, scales: readScales(read, rows), values: read.int8(rows * dim) };
    case 'int4': {
      const scales = readScales(read, rows * scaleGroups(dim));
      const width = nibbleBytes(dim);
      const values = read.bytes(rows * width);
      if (dim % 2 === 1) {
        for (let row = 0; row < rows; row++) {
          if (values[(row + 1) * width - 1]! > 15)
            throw new ProtocolError('BAD_PADDING', `row ${row}: the half byte after its last column is not zero`);
        }
      }
      return { format, scales, values };
    }
  }
}

function notFinite(at: number, dim: number, value: number): ProtocolError {
  return new ProtocolError('NOT_FINITE', `row ${Math.floor(at / dim)} holds ${value}`);
}

function readScales(read: Reader, length: number): Float32Array {
  const scales = read.float32(length);
  for (let at = 0; at < length; at++) {
    const scale = scales[at]!;
    if (!(scale >= 0 && Number.isFinite(scale))) throw new ProtocolError('BAD_SCALE', `scale ${at} is ${scale}`);
  }
  return scales;
}

/** Room for `rows` packed rows at the writer's place, to be filled with `packRow` before the next write. */
export function reserveRows(write: Writer, format: RowFormat, rows: number, dim: number): PackedRows {
  write.align();
  // All views must outlive a growing buffer, so one reservation is made and cut.
  const { buffer, byteOffset } = write.int8(rowsBytes(format, rows, dim));
  switch (format) {
    case 'f32':
      return { format, values: new Float32Array(buffer, byteOffset, rows * dim) };
    case 'f16':
      return { format, values: new Uint16Array(buffer, byteOffset, rows * dim) };
    case 'int8': {
      const scales = new Float32Array(buffer, byteOffset, rows);
      return { format, scales, values: new Int8Array(buffer, byteOffset + rows * 4, rows * dim) };
    }
    case 'int4': {
      const scales = new Float32Array(buffer, byteOffset, rows * scaleGroups(dim));
      const values = new Uint8Array(buffer, byteOffset + scales.length * 4, rows * nibbleBytes(dim));
      return { format, scales, values };
    }
  }
}

/**
 * Packs one row. With `draws` (deltas) levels are rounded stochastically, so their error has mean zero; without them
 * (rows down) to the nearest, as halves always are. Finite values beyond the largest half are cut to it; a row that
 * holds NaN or infinity is packed as what no reader takes.
 * @param draws a number on 0..1 for each column. Shape (dim)
 */
export function packRow(
  packed: PackedRows,
  at: number,
  source: Float32Array,
  offset: number,
  dim: number,
  draws?: Float64Array,
): void {
  switch (packed.format) {
    case 'f32':
      packed.values.set(source.subarray(offset, offset + dim), at * dim);
      return;
    case 'f16':
      for (let d = 0; d < dim; d++) {
        const value = source[offset + d]!;
        const isLarge = Number.isFinite(value) && Math.abs(value) > LARGEST_HALF;
        packed.values[at * dim + d] = toHalf(isLarge ? Math.sign(value) * LARGEST_HALF : value);
      }
      return;
    case 'int8': {
      const scale = scaleOf(source, offset, dim, MOST_INT8);
      packed.scales[at] = scale;
      const start = at * dim;
      if (scale === 0) packed.values.fill(0, start, start + dim);
      else if (draws === undefined) nearestBytes(source, offset, scale, packed.values, start, dim);
      else drawnBytes(source, offset, scale, draws, packed.values, start, dim);
      return;
    }
    case 'int4': {
      const { scales, values } = packed;
      const width = nibbleBytes(dim);
      values.fill(0, at * width, (at + 1) * width);
      let group = at * scaleGroups(dim);
      for (let from = 0; from < dim; from += GROUP_COLUMNS) {
        const to = Math.min(dim, from + GROUP_COLUMNS);
        const scale = scaleOf(source, offset + from, to - from, MOST_INT4);
        scales[group++] = scale;
        for (let d = from; d < to; d++) {
          const nibble = level(source[offset + d]!, scale, draws === undefined ? 0.5 : draws[d]!) & 15;
          values[at * width + (d >> 1)]! |= d % 2 === 0 ? nibble : nibble << 4;
        }
      }
    }
  }
}

// The hottest loops of both sides, one each for V8 to compile: no calls, and no question asked in every column. Cutting
// what is surely positive is rounding down.

function nearestBytes(
  source: Float32Array,
  offset: number,
  scale: number,
  values: Int8Array,
  start: number,
  dim: number,
): void {
  for (let d = 0; d < dim; d++) {
    const whole = ((source[offset + d]! / scale + 128.5) | 0) - 128;
    values[start + d] = whole > MOST_INT8 ? MOST_INT8 : whole < -MOST_INT8 ? -MOST_INT8 : whole;
  }
}

function drawnBytes(
  source: Float32Array,
  offset: number,
  scale: number,
  draws: Float64Array,
  values: Int8Array,
  start: number,
  dim: number,
): void {
  for (let d = 0; d < dim; d++) {
    const whole = ((source[offset + d]! / scale + (128 + draws[d]!)) | 0) - 128;
    values[start + d] = whole > MOST_INT8 ? MOST_INT8 : whole < -MOST_INT8 ? -MOST_INT8 : whole;
  }
}

/** peak / most, rounded to float32 first: both sides multiply by the same number. */
function scaleOf(source: Float32Array, offset: number, columns: number, most: number): number {
  let peak = 0;
  for (let d = 0; d < columns; d++) peak = Math.max(peak, Math.abs(source[offset + d]!));
  return Math.fround(peak / most);
}

/** An int4 level, rounded down once `up` is added. */
function level(value: number, scale: number, up: number): number {
  if (scale === 0) return 0;
  const whole = Math.floor(value / scale + up);
  return whole > MOST_INT4 ? MOST_INT4 : whole < -MOST_INT4 ? -MOST_INT4 : whole;
}

/**
 * target[offset + d] += sign · row `at`, in float32: the same operation on both sides keeps their copies equal.
 * @param sign 1, or -1 to take the row away
 */
export function addRow(
  packed: PackedRows,
  at: number,
  target: Float32Array,
  offset: number,
  dim: number,
  sign: 1 | -1 = 1,
): void {
  switch (packed.format) {
    case 'f32':
      for (let d = 0; d < dim; d++) target[offset + d]! += sign * packed.values[at * dim + d]!;
      return;
    case 'f16':
      for (let d = 0; d < dim; d++) target[offset + d]! += sign * fromHalf(packed.values[at * dim + d]!);
      return;
    case 'int8':
      addBytes(packed.values, at * dim, sign * packed.scales[at]!, target, offset, dim);
      return;
    case 'int4': {
      const { scales, values } = packed;
      const groups = scaleGroups(dim);
      const width = nibbleBytes(dim);
      for (let d = 0; d < dim; d++) {
        const scale = sign * scales[at * groups + Math.floor(d / GROUP_COLUMNS)]!;
        target[offset + d]! += Math.fround(scale * nibbleAt(values, at * width, d));
      }
    }
  }
}

function addBytes(
  values: Int8Array,
  start: number,
  scale: number,
  target: Float32Array,
  offset: number,
  dim: number,
): void {
  for (let d = 0; d < dim; d++) target[offset + d]! += Math.fround(scale * values[start + d]!);
}

/** Column d of the int4 row that begins at byte `start`: −8 to 7. */
function nibbleAt(values: Uint8Array, start: number, d: number): number {
  const byte = values[start + (d >> 1)]!;
  return d % 2 === 0 ? (byte << 28) >> 28 : (byte << 24) >> 28;
}

/** target[offset + d] = row `at`. */
export function unpackRow(packed: PackedRows, at: number, target: Float32Array, offset: number, dim: number): void {
  if (packed.format === 'int8') {
    const { values } = packed;
    const scale = packed.scales[at]!;
    const start = at * dim;
    // Adding to zero would make a zero of −0, which is what a scale of 0 gives of a negative byte.
    for (let d = 0; d < dim; d++) target[offset + d] = scale * values[start + d]! + 0;
    return;
  }
  target.fill(0, offset, offset + dim);
  addRow(packed, at, target, offset, dim);
}

/** Euclidean norm of row `at`. */
export function rowNorm(packed: PackedRows, at: number, dim: number): number {
  let sum = 0;
  switch (packed.format) {
    case 'f32':
      for (let d = 0; d < dim; d++) sum += packed.values[at * dim + d]! ** 2;
      return Math.sqrt(sum);
    case 'f16':
      for (let d = 0; d < dim; d++) sum += fromHalf(packed.values[at * dim + d]!) ** 2;
      return Math.sqrt(sum);
    case 'int8': {
      const { values } = packed;
      const start = at * dim;
      for (let d = 0; d < dim; d++) sum += values[start + d]! * values[start + d]!;
      return Math.sqrt(sum) * packed.scales[at]!;
    }
    case 'int4': {
      const groups = scaleGroups(dim);
      for (let d = 0; d < dim; d++) {
        const scale = packed.scales[at * groups + Math.floor(d / GROUP_COLUMNS)]!;
        sum += (scale * nibbleAt(packed.values, at * nibbleBytes(dim), d)) ** 2;
      }
      return Math.sqrt(sum);
    }
  }
}
