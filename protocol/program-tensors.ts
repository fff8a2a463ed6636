// Parts of named tensors as a program's frames carry them: a dense tensor whole, or some rows of one.
import { ProtocolError } from './bytes.ts';
import type { Reader, Writer } from './bytes.ts';
import { PROGRAM_LIMITS } from './program.ts';

/** A whole tensor: every value, row-major. */
export interface DensePart {
  readonly kind: 'dense';
  readonly name: string;
  readonly values: Float32Array;
}

/** Rows of a row-sparse tensor; those not named are not part of it. */
export interface RowsPart {
  readonly kind: 'rows';
  readonly name: string;
  /** Row ids, ascending, none twice. */
  readonly rows: Uint32Array;
  readonly columns: number;
  /** (rows, columns), row-major: row `rows[k]` begins at k × columns. */
  readonly values: Float32Array;
}

export type TensorPart = DensePart | RowsPart;

/** Rows that a gradient asks for. */
export interface RowRequest {
  readonly name: string;
  /** Row ids, ascending, none twice. */
  readonly rows: Uint32Array;
}

function writeIds(write: Writer, rows: Uint32Array): void {
  write.u32(rows.length);
  let before = -1;
  for (const row of rows) {
    if (row <= before) throw new RangeError(`row ${row} after ${before}: rows ascend`);
    write.varint(row - before - 1);
    before = row;
  }
}

function readIds(read: Reader): Uint32Array {
  const count = read.u32();
  // A row id is at least one byte.
  if (count > read.remaining || count > PROGRAM_LIMITS.rows)
    throw new ProtocolError('TOO_MANY_ROWS', `${count} rows in a frame with ${read.remaining} bytes left`);
  const rows = new Uint32Array(count);
  let before = -1;
  for (let k = 0; k < count; k++) {
    before += read.varint() + 1;
    if (before > 0xffff_ffff) throw new ProtocolError('BAD_TENSORS', `row ${before} is beyond 32 bits`);
    rows[k] = before;
  }
  return rows;
}

function readCount(read: Reader): number {
  const count = read.u8();
  if (count > PROGRAM_LIMITS.tensors)
    throw new ProtocolError('BAD_TENSORS', `${count} tensors, at most ${PROGRAM_LIMITS.tensors} allowed`);
  return count;
}

/** A view into the frame where memory is aligned, else a copy; the reader checks first that the frame holds it. */
function readValues(read: Reader, length: number): Float32Array {
  read.align();
  return read.float32(length);
}

function writeValues(write: Writer, values: Float32Array): void {
  write.align();
  // The wire is little-endian whatever this machine is.
  for (const value of values) write.f32(value);
}

export function writeParts(write: Writer, parts: readonly TensorPart[]): Writer {
  write.u8(parts.length);
  for (const part of parts) {
    write.string(part.name, PROGRAM_LIMITS.tensorName).u8(part.kind === 'dense' ? 0 : 1);
    if (part.kind === 'dense') write.u32(part.values.length);
    else {
      if (part.values.length !== part.rows.length * part.columns)
        throw new RangeError(`${part.name}: ${part.values.length} values for ${part.rows.length} rows`);
      writeIds(write, part.rows);
      write.u32(part.columns);
    }
    writeValues(write, part.values);
  }
  return write;
}

/** Whether names, shapes and values fit the model is for the receiver to judge. @throws ProtocolError */
export function readParts(read: Reader): readonly TensorPart[] {
  return Array.from({ length: readCount(read) }, (): TensorPart => {
    const name = read.string(PROGRAM_LIMITS.tensorName);
    const kind = read.u8();
    if (kind > 1) throw new ProtocolError('BAD_TENSORS', `tensor ${name}: kind ${kind}`);
    if (kind === 0) return { kind: 'dense', name, values: readValues(read, read.u32()) };
    const rows = readIds(read);
    const columns = read.u32();
    return { kind: 'rows', name, rows, columns, values: readValues(read, rows.length * columns) };
  });
}

export function writeRequests(write: Writer, requests: readonly RowRequest[]): Writer {
  write.u8(requests.length);
  for (const { name, rows } of requests) writeIds(write.string(name, PROGRAM_LIMITS.tensorName), rows);
  return write;
}

/** @throws ProtocolError */
export function readRequests(read: Reader): readonly RowRequest[] {
  return Array.from({ length: readCount(read) }, () => ({
    name: read.string(PROGRAM_LIMITS.tensorName),
    rows: readIds(read),
  }));
}
