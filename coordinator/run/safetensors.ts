// Float32 matrices of one shape in a safetensors file: an 8-byte header length, a JSON header, raw little-endian values.
import type { FileHandle } from 'node:fs/promises';
import { open } from 'node:fs/promises';
import { TributaryError } from '../errors.ts';

export interface Matrices {
  readonly rows: number;
  readonly dim: number;
  readonly input: Float32Array<ArrayBuffer>;
  readonly output: Float32Array<ArrayBuffer>;
  /** What the rule of descent remembers, by tensor name; of the same shape. */
  readonly more: Readonly<Record<string, Float32Array<ArrayBuffer>>>;
}

/** As read: nothing about it is known. */
interface TensorEntry {
  readonly dtype?: string;
  readonly shape?: readonly number[];
  readonly data_offsets?: readonly [number, number];
}

const BLOCK_BYTES = 8 << 20;

/** Writes and syncs. Tensors: `input`, `output` and what there is more, each (rows, dim). */
export async function writeSafetensors(path: string, { rows, dim, input, output, more }: Matrices): Promise<void> {
  const bytes = rows * dim * 4;
  const entry = (start: number): TensorEntry => ({
    dtype: 'F32',
    shape: [rows, dim],
    data_offsets: [start, start + bytes],
  });
  const tensors = Object.entries({ input, output, ...more });
  const json = JSON.stringify(Object.fromEntries(tensors.map(([name], at) => [name, entry(at * bytes)])));
  const header = Buffer.from(json.padEnd(Math.ceil(json.length / 8) * 8), 'utf8');
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(header.length));
  const file = await open(path, 'w');
  try {
    await file.write(length);
    await file.write(header);
    for (const [, matrix] of tensors) {
      const all = new Uint8Array(matrix.buffer, matrix.byteOffset, bytes);
      for (let at = 0; at < bytes; at += BLOCK_BYTES) await writeAll(file, all.subarray(at, at + BLOCK_BYTES));
    }
    await file.sync();
  } finally {
    await file.close();
  }
}

async function writeAll(file: FileHandle, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length;) at += (await file.write(bytes, at)).bytesWritten;
}

/**
 * @param names of the tensors besides `input` and `output`
 * @throws TributaryError CHECKPOINT_CORRUPT, with what is wrong
 */
export async function readSafetensors(
  path: string,
  rows: number,
  dim: number,
  names: readonly string[],
): Promise<Matrices> {
  const file = await open(path, 'r').catch((cause: unknown) => {
    throw corrupt(path, cause instanceof Error ? cause.message : String(cause), cause);
  });
  try {
    const size = (await file.stat()).size;
    const head = Buffer.alloc(8);
    const { bytesRead: headRead } = await file.read(head, 0, 8, 0);
    const headerBytes = Number(head.readBigUInt64LE());
    if (headRead < 8 || headerBytes > Math.min(size - 8, 1 << 20))
      throw corrupt(path, `its header claims ${headerBytes} bytes of ${size}`);
    const header = Buffer.alloc(headerBytes);
    await file.read(header, 0, headerBytes, 8);
    const entries = parseHeader(path, header.toString('utf8'));
    const bytes = rows * dim * 4;
    const read = async (name: string): Promise<Float32Array<ArrayBuffer>> => {
      const entry = entries[name];
      const offsets: unknown = entry?.data_offsets;
      const [start, end] = Array.isArray(offsets) ? (offsets as number[]) : [];
      const fits =
        entry?.dtype === 'F32' &&
        entry.shape?.[0] === rows &&
        entry.shape[1] === dim &&
        Number.isSafeInteger(start) &&
        end === start! + bytes;
      if (!fits || start! < 0) {
        throw corrupt(path, `tensor ${name} is not ${rows} × ${dim} float32`);
      }
      if (8 + headerBytes + end! > size) throw corrupt(path, `tensor ${name} ends beyond the file`);
      const values = new Float32Array(rows * dim);
      const room = Buffer.from(values.buffer);
      for (let at = 0; at < bytes;) {
        const { bytesRead } = await file.read(
          room,
          at,
          Math.min(BLOCK_BYTES, bytes - at),
          8 + headerBytes + start! + at,
        );
        if (bytesRead === 0) throw corrupt(path, `tensor ${name} is cut`);
        at += bytesRead;
      }
      for (const value of values) if (!Number.isFinite(value)) throw corrupt(path, `tensor ${name} holds ${value}`);
      return values;
    };
    const input = await read('input');
    const output = await read('output');
    const more: Record<string, Float32Array<ArrayBuffer>> = {};
    for (const name of names) more[name] = await read(name);
    return { rows, dim, input, output, more };
  } finally {
    await file.close();
  }
}

function parseHeader(path: string, json: string): Readonly<Record<string, TensorEntry | undefined>> {
  let header: unknown;
  try {
    header = JSON.parse(json);
  } catch (cause) {
    throw corrupt(path, 'its header is no JSON', cause);
  }
  if (typeof header !== 'object' || header === null) throw corrupt(path, 'its header is no object');
  return header as Readonly<Record<string, TensorEntry | undefined>>;
}

function corrupt(path: string, what: string, cause?: unknown): TributaryError {
  return new TributaryError('CHECKPOINT_CORRUPT', `${path}: ${what}`, {
    hint: 'Point --resume at a run folder with an intact checkpoint, or start a new run.',
    cause,
  });
}
