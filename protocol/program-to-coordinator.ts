// A program's messages from a volunteer, and their bytes. docs/protocol.md is this file in prose.
import { ProtocolError, Reader, Writer } from './bytes.ts';
import { LIMITS } from './limits.ts';
import type { RowRequest, TensorPart } from './program-tensors.ts';
import { readParts, readRequests, writeParts, writeRequests } from './program-tensors.ts';
import { PROGRAM_LIMITS, PROGRAM_VERSION } from './program.ts';

export type FromProgramVolunteer =
  | ProgramHello
  | ProgramReady
  | ProgramRowsWanted
  | ProgramUpdate
  | ProgramFailure
  | ProgramReturned
  | ProgramBye;

/** First frame of a connection. */
export interface ProgramHello {
  readonly tag: 'hello';
  readonly version: number;
  readonly engine: 'cpu' | 'webgpu';
  /** A name that its volunteer chose to show; '' for none. */
  readonly name: string;
  /** What the tab runs in; '' where it is no browser. */
  readonly browser: string;
}

/** A task is wanted; one at a time. */
export interface ProgramReady {
  readonly tag: 'ready';
}

/** The gradient asks for rows of row-sparse tensors. */
export interface ProgramRowsWanted {
  readonly tag: 'rowsWanted';
  readonly task: number;
  readonly tensors: readonly RowRequest[];
}

/** What the gradient returned. */
export interface ProgramUpdate {
  readonly tag: 'update';
  readonly task: number;
  /** Records that the gradient read. */
  readonly records: number;
  /** What the gradient says of its loss; null when it says nothing. */
  readonly loss: number | null;
  readonly tensors: readonly TensorPart[];
}

/** The operator's code failed on this task. */
export interface ProgramFailure {
  readonly tag: 'failure';
  readonly task: number;
  readonly message: string;
  /** Source file and line of the failure, by the module's source map; '' and 0 when nobody knows. */
  readonly file: string;
  readonly line: number;
  readonly stack: readonly string[];
}

/** A task given back unfinished: the volunteer paused, leaves, or lost its device. Not a failure of the code. */
export interface ProgramReturned {
  readonly tag: 'returned';
  readonly task: number;
  readonly reason: string;
}

/** The volunteer goes. */
export interface ProgramBye {
  readonly tag: 'bye';
}

const TAG = { hello: 1, ready: 2, rowsWanted: 3, update: 4, failure: 5, returned: 6, bye: 7 } as const;

export function encodeFromProgramVolunteer(message: FromProgramVolunteer): Uint8Array<ArrayBuffer> {
  const write = new Writer().u8(TAG[message.tag]);
  switch (message.tag) {
    case 'hello':
      return write
        .u16(message.version)
        .u8(message.engine === 'webgpu' ? 1 : 0)
        .string(message.name, LIMITS.name)
        .string(message.browser, LIMITS.browser)
        .finish();
    case 'rowsWanted':
      return writeRequests(write.u32(message.task), message.tensors).finish();
    case 'update':
      write
        .u32(message.task)
        .u32(message.records)
        .u8(message.loss === null ? 0 : 1);
      if (message.loss !== null) write.f64(message.loss);
      return writeParts(write, message.tensors).finish();
    case 'failure': {
      const stack = message.stack.slice(0, PROGRAM_LIMITS.stackLines);
      write
        .u32(message.task)
        .string(message.message, PROGRAM_LIMITS.message)
        .string(message.file, PROGRAM_LIMITS.path)
        .u32(message.line)
        .u8(stack.length);
      for (const line of stack) write.string(line, PROGRAM_LIMITS.stackLine);
      return write.finish();
    }
    case 'returned':
      return write.u32(message.task).string(message.reason, PROGRAM_LIMITS.message).finish();
    case 'ready':
    case 'bye':
      return write.finish();
  }
}

/** @throws ProtocolError with the code of the first thing that is wrong */
export function decodeFromProgramVolunteer(bytes: Uint8Array): FromProgramVolunteer {
  const limit = bytes[0] === TAG.update ? PROGRAM_LIMITS.update : PROGRAM_LIMITS.smallFrame;
  if (bytes.length > limit)
    throw new ProtocolError(
      'TOO_LONG',
      `frame with tag ${bytes[0]} has ${bytes.length} bytes, at most ${limit} allowed`,
    );
  const read = new Reader(bytes, "frame from a program's volunteer");
  const message = readBody(read);
  read.end();
  return message;
}

function readBody(read: Reader): FromProgramVolunteer {
  const tag = read.u8();
  switch (tag) {
    case TAG.hello: {
      const version = read.u16();
      if (version !== PROGRAM_VERSION)
        throw new ProtocolError(
          'VERSION',
          `volunteer speaks version ${version} of programs, coordinator ${PROGRAM_VERSION}: reload the page`,
        );
      const engine = read.u8();
      if (engine > 1) throw new ProtocolError('BAD_ENGINE', `hello: engine ${engine}`);
      return {
        tag: 'hello',
        version,
        engine: engine === 1 ? 'webgpu' : 'cpu',
        name: read.string(LIMITS.name),
        browser: read.string(LIMITS.browser),
      };
    }
    case TAG.rowsWanted:
      return { tag: 'rowsWanted', task: read.u32(), tensors: readRequests(read) };
    case TAG.update:
      return readUpdate(read);
    case TAG.failure:
      return readFailure(read);
    case TAG.returned:
      return { tag: 'returned', task: read.u32(), reason: read.string(PROGRAM_LIMITS.message) };
    case TAG.ready:
      return { tag: 'ready' };
    case TAG.bye:
      return { tag: 'bye' };
    default:
      throw new ProtocolError('BAD_TAG', `frame from a program's volunteer: tag ${tag}`);
  }
}

function readUpdate(read: Reader): ProgramUpdate {
  const task = read.u32();
  const records = read.u32();
  const told = read.u8();
  if (told > 1) throw new ProtocolError('BAD_TENSORS', `update: flag ${told} of its loss`);
  const loss = told === 1 ? read.f64() : null;
  if (loss !== null && !Number.isFinite(loss)) throw new ProtocolError('NOT_FINITE', `update: a loss of ${loss}`);
  return { tag: 'update', task, records, loss, tensors: readParts(read) };
}

function readFailure(read: Reader): ProgramFailure {
  const task = read.u32();
  const message = read.string(PROGRAM_LIMITS.message);
  const file = read.string(PROGRAM_LIMITS.path);
  const line = read.u32();
  const lines = read.u8();
  if (lines > PROGRAM_LIMITS.stackLines) throw new ProtocolError('TOO_LONG', `failure: a stack of ${lines} lines`);
  const stack = Array.from({ length: lines }, () => read.string(PROGRAM_LIMITS.stackLine));
  return { tag: 'failure', task, message, file, line, stack };
}
