// Messages from a volunteer, and their bytes. docs/protocol.md is this file in prose.
import { bitmapBytes, countBits } from './bitmap.ts';
import { ProtocolError, Reader, Writer } from './bytes.ts';
import { LIMITS, PROTOCOL_VERSION } from './limits.ts';
import type { PackedRows, RowFormat } from './rows.ts';
import { readRows, ROW_FORMATS, rowsBytes } from './rows.ts';

export type EngineKind = 'cpu' | 'webgpu';

export type ToCoordinator = Hello | Ready | Result | Returned | Condition | Bye;

/** First frame of a connection. */
export interface Hello {
  readonly tag: 'hello';
  readonly version: number;
  readonly engine: EngineKind;
  /** Memory for cached rows, in MiB. */
  readonly cacheMiB: number;
  /** Formats of rows that it can read, and of deltas that it can write; `f32` is among both. */
  readonly reads: readonly RowFormat[];
  readonly writes: readonly RowFormat[];
  /** GPU or CPU, for people; at most LIMITS.device bytes. */
  readonly device: string;
  /** A name that its volunteer chose to show; '' for none. Anybody's text: at most LIMITS.name bytes. */
  readonly name: string;
  /** What the tab runs in, such as "Firefox 153"; '' where it is no browser. At most LIMITS.browser bytes. */
  readonly browser: string;
}

/** One more lease is wanted; at most LIMITS.pipeline may be outstanding. */
export interface Ready {
  readonly tag: 'ready';
}

/** What a lease changed. Rows are numbered as in its plan: touched input rows, then touched output rows. */
export interface Result {
  readonly tag: 'result';
  readonly lease: number;
  /** Σ −log σ over the lease's pairs, and over its negatives. */
  readonly positiveLoss: number;
  readonly negativeLoss: number;
  readonly computeMs: number;
  readonly inputRows: number;
  readonly outputRows: number;
  /** Bit r is set when row r's delta follows; a clear bit means zero. */
  readonly present: Uint8Array;
  readonly deltas: PackedRows;
}

/** A lease given back untrained, or after its device was lost. */
export interface Returned {
  readonly tag: 'returned';
  readonly lease: number;
  readonly reason: string;
}

/** Why a volunteer is paused, or trains less than it could. */
export const CONDITION_REASONS = [
  'none',
  'user',
  'hidden',
  'battery',
  'idle-only',
  'schedule',
  'data-cap',
  'power',
] as const;
export type ConditionReason = (typeof CONDITION_REASONS)[number];

/** The volunteer's condition, sent when it changes. */
export interface Condition {
  readonly tag: 'condition';
  readonly paused: boolean;
  readonly hidden: boolean;
  readonly leaving: boolean;
  readonly reason: ConditionReason;
  /** Share of the time, in percent, that it lets its device train: 0 to 100. */
  readonly duty: number;
}

/** The volunteer goes; whatever it holds is free again. */
export interface Bye {
  readonly tag: 'bye';
}

const TAG = { hello: 1, ready: 2, result: 3, returned: 4, condition: 5, bye: 6 } as const;

/** Bytes of a result before its rows: the room a writer needs, and the least a result has. */
function resultHeaderBytes(rows: number): number {
  return 1 + 4 + 8 + 8 + 4 + 4 + 4 + bitmapBytes(rows);
}

/** Bytes of the largest result of `rows` rows in any format: with few columns scales outweigh what they save. */
export function largestResultBytes(rows: number, dim: number): number {
  const wide = Math.max(...ROW_FORMATS.map((format) => rowsBytes(format, rows, dim)));
  return resultHeaderBytes(rows) + 4 + wide;
}

export function encodeToCoordinator(message: Exclude<ToCoordinator, Result>): Uint8Array<ArrayBuffer> {
  const write = new Writer().u8(TAG[message.tag]);
  switch (message.tag) {
    case 'hello':
      return write
        .u16(message.version)
        .u8(message.engine === 'webgpu' ? 1 : 0)
        .u32(message.cacheMiB)
        .u8(formatSet(message.reads))
        .u8(formatSet(message.writes))
        .string(message.device, LIMITS.device)
        .string(message.name, LIMITS.name)
        .string(message.browser, LIMITS.browser)
        .finish();
    case 'returned':
      return write.u32(message.lease).string(message.reason, LIMITS.reason).finish();
    case 'condition':
      return write
        .u8((message.paused ? 1 : 0) | (message.hidden ? 2 : 0) | (message.leaving ? 4 : 0))
        .u8(CONDITION_REASONS.indexOf(message.reason))
        .u8(message.duty)
        .finish();
    case 'ready':
    case 'bye':
      return write.finish();
  }
}

/** Starts a result frame; the caller reserves and fills the rows after it (`reserveRows`, then `finish`). */
export function beginResult(message: Omit<Result, 'tag' | 'deltas'>, rowBytes: number): Writer {
  return new Writer(resultHeaderBytes(message.inputRows + message.outputRows) + 4 + rowBytes)
    .u8(TAG.result)
    .u32(message.lease)
    .f64(message.positiveLoss)
    .f64(message.negativeLoss)
    .f32(message.computeMs)
    .u32(message.inputRows)
    .u32(message.outputRows)
    .bytes(message.present);
}

/** What must be known to read a result: nothing is allocated from the frame's own numbers before they fit it. */
export interface ResultShape {
  readonly format: RowFormat;
  readonly dim: number;
}

/** @throws ProtocolError with the code of the first thing that is wrong */
export function decodeToCoordinator(bytes: Uint8Array, shape: ResultShape): ToCoordinator {
  const tag = bytes[0];
  if (tag !== TAG.result && bytes.length > LIMITS.smallFrame) {
    throw new ProtocolError(
      'TOO_LONG',
      `frame with tag ${tag} has ${bytes.length} bytes, at most ${LIMITS.smallFrame} allowed`,
    );
  }
  const read = new Reader(bytes, 'frame from volunteer');
  const message = readBody(read, shape);
  read.end();
  return message;
}

function readBody(read: Reader, shape: ResultShape): ToCoordinator {
  const tag = read.u8();
  switch (tag) {
    case TAG.hello: {
      const version = read.u16();
      // The rest of another version's hello may look like anything.
      if (version !== PROTOCOL_VERSION)
        throw new ProtocolError(
          'VERSION',
          `volunteer speaks version ${version}, coordinator ${PROTOCOL_VERSION}: reload the page`,
        );
      const engine = read.u8();
      if (engine > 1) throw new ProtocolError('BAD_ENGINE', `hello: engine ${engine}`);
      return {
        tag: 'hello',
        version,
        engine: engine === 1 ? 'webgpu' : 'cpu',
        cacheMiB: read.u32(),
        reads: readFormats(read),
        writes: readFormats(read),
        device: read.string(LIMITS.device),
        name: read.string(LIMITS.name),
        browser: read.string(LIMITS.browser),
      };
    }
    case TAG.ready:
      return { tag: 'ready' };
    case TAG.result:
      return readResult(read, shape);
    case TAG.returned:
      return { tag: 'returned', lease: read.u32(), reason: read.string(LIMITS.reason) };
    case TAG.condition:
      return readCondition(read);
    case TAG.bye:
      return { tag: 'bye' };
    default:
      throw new ProtocolError('BAD_TAG', `frame from volunteer: tag ${tag}`);
  }
}

/** @throws ProtocolError BAD_CONDITION */
function readCondition(read: Reader): Condition {
  const flags = read.u8();
  const code = read.u8();
  const duty = read.u8();
  const reason = CONDITION_REASONS[code];
  if (flags > 7 || reason === undefined || duty > 100)
    throw new ProtocolError('BAD_CONDITION', `condition: flags ${flags}, reason ${code}, ${duty} % of the time`);
  const [paused, hidden, leaving] = [(flags & 1) !== 0, (flags & 2) !== 0, (flags & 4) !== 0];
  return { tag: 'condition', paused, hidden, leaving, reason, duty };
}

function formatSet(formats: readonly RowFormat[]): number {
  return formats.reduce((set, format) => set | (1 << ROW_FORMATS.indexOf(format)), 0);
}

/** @throws ProtocolError BAD_FORMAT for formats that there are not, and for a set without `f32`, which everyone can */
function readFormats(read: Reader): RowFormat[] {
  const set = read.u8();
  if (set >= 1 << ROW_FORMATS.length || (set & 1) === 0) throw new ProtocolError('BAD_FORMAT', `formats ${set}`);
  return ROW_FORMATS.filter((_, code) => ((set >> code) & 1) === 1);
}

function readResult(read: Reader, shape: ResultShape): Result {
  const lease = read.u32();
  const positiveLoss = read.f64();
  const negativeLoss = read.f64();
  const computeMs = read.f32();
  const inputRows = read.u32();
  const outputRows = read.u32();
  if (inputRows > LIMITS.leaseRows || outputRows > LIMITS.leaseRows) {
    throw new ProtocolError('TOO_MANY_ROWS', `result: ${inputRows} input and ${outputRows} output rows`);
  }
  if (![positiveLoss, negativeLoss, computeMs].every((value) => Number.isFinite(value) && value >= 0)) {
    throw new ProtocolError('NOT_FINITE', `result: loss ${positiveLoss}, ${negativeLoss} or time ${computeMs} ms`);
  }
  const rows = inputRows + outputRows;
  const present = read.bytes(bitmapBytes(rows));
  const deltas = readRows(read, shape.format, countBits(present, rows), shape.dim);
  return { tag: 'result', lease, positiveLoss, negativeLoss, computeMs, inputRows, outputRows, present, deltas };
}
