// A program's messages to a volunteer, and their bytes. docs/protocol.md is this file in prose.
import { ProtocolError, Reader, Writer } from './bytes.ts';
import type { TensorPart } from './program-tensors.ts';
import { readParts, writeParts } from './program-tensors.ts';
import type { TensorShape } from './program.ts';
import { PROGRAM_LIMITS } from './program.ts';

export type ToProgramVolunteer =
  | ProgramWelcome
  | ProgramTask
  | ProgramRows
  | ProgramOutcome
  | ProgramIdle
  | ProgramFinished;

/** Answer to hello: the operator's module, and the model's tensors. */
export interface ProgramWelcome {
  readonly tag: 'welcome';
  readonly runId: string;
  readonly module: {
    /** Path of the module on the coordinator. */
    readonly url: string;
    /** SHA-256 of its bytes, 64 hexadecimal digits; run nothing that differs. */
    readonly sha256: string;
    readonly bytes: number;
  };
  readonly tensors: readonly TensorShape[];
  /** Longest update that the coordinator takes, bytes. */
  readonly updateBytes: number;
}

/** A partition to run the gradient on. */
export interface ProgramTask {
  readonly tag: 'task';
  readonly task: number;
  readonly partition: number;
  /** Of the model that `tensors` are, or still are, part of. */
  readonly version: number;
  /** The operator's settings for the gradient, as JSON. */
  readonly config: string;
  /** Dense tensors that changed since this connection was last sent them. */
  readonly tensors: readonly TensorPart[];
  /** UTF-8: whole lines, each with its line feed. */
  readonly records: Uint8Array;
}

/** Answer to `rowsWanted`: every row asked for, as it stands. */
export interface ProgramRows {
  readonly tag: 'rows';
  readonly task: number;
  readonly version: number;
  readonly tensors: readonly TensorPart[];
}

/** What became of an update or a failure. */
export interface ProgramOutcome {
  readonly tag: 'outcome';
  readonly task: number;
  /** '' when the update was taken; else the code of why not (docs/errors.md). */
  readonly code: string;
  readonly reason: string;
}

/** No task now; one follows unasked when there is. */
export interface ProgramIdle {
  readonly tag: 'idle';
  readonly reason: string;
}

/** The run is over. */
export interface ProgramFinished {
  readonly tag: 'finished';
  readonly reason: string;
}

const TAG = { welcome: 1, task: 2, rows: 3, outcome: 4, idle: 5, finished: 6 } as const;
/** Bytes of a run's id or of an error's code. */
const WORD_BYTES = 64;

export function encodeToProgramVolunteer(message: ToProgramVolunteer): Uint8Array<ArrayBuffer> {
  const write = new Writer().u8(TAG[message.tag]);
  switch (message.tag) {
    case 'welcome': {
      const { module, tensors } = message;
      write
        .string(message.runId, WORD_BYTES)
        .string(module.url, PROGRAM_LIMITS.path)
        .string(module.sha256, WORD_BYTES)
        .u32(module.bytes)
        .u32(message.updateBytes)
        .u8(tensors.length);
      for (const { name, kind, shape } of tensors) {
        write.string(name, PROGRAM_LIMITS.tensorName).u8(kind === 'dense' ? 0 : 1);
        write.u8(shape.length);
        for (const length of shape) write.u32(length);
      }
      return write.finish();
    }
    case 'task':
      write.u32(message.task).u32(message.partition).u32(message.version).string(message.config, PROGRAM_LIMITS.config);
      return writeParts(write, message.tensors).u32(message.records.length).bytes(message.records).finish();
    case 'rows':
      return writeParts(write.u32(message.task).u32(message.version), message.tensors).finish();
    case 'outcome':
      return write
        .u32(message.task)
        .string(message.code, WORD_BYTES)
        .string(message.reason, PROGRAM_LIMITS.message)
        .finish();
    case 'idle':
    case 'finished':
      return write.string(message.reason, PROGRAM_LIMITS.message).finish();
  }
}

/** @throws ProtocolError with the code of the first thing that is wrong */
export function decodeToProgramVolunteer(bytes: Uint8Array): ToProgramVolunteer {
  const read = new Reader(bytes, "frame to a program's volunteer");
  const message = readBody(read);
  read.end();
  return message;
}

function readBody(read: Reader): ToProgramVolunteer {
  const tag = read.u8();
  switch (tag) {
    case TAG.welcome:
      return readWelcome(read);
    case TAG.task:
      return readTask(read);
    case TAG.rows:
      return { tag: 'rows', task: read.u32(), version: read.u32(), tensors: readParts(read) };
    case TAG.outcome:
      return {
        tag: 'outcome',
        task: read.u32(),
        code: read.string(WORD_BYTES),
        reason: read.string(PROGRAM_LIMITS.message),
      };
    case TAG.idle:
      return { tag: 'idle', reason: read.string(PROGRAM_LIMITS.message) };
    case TAG.finished:
      return { tag: 'finished', reason: read.string(PROGRAM_LIMITS.message) };
    default:
      throw new ProtocolError('BAD_TAG', `frame to a program's volunteer: tag ${tag}`);
  }
}

function readWelcome(read: Reader): ProgramWelcome {
  const runId = read.string(WORD_BYTES);
  const module = { url: read.string(PROGRAM_LIMITS.path), sha256: read.string(WORD_BYTES), bytes: read.u32() };
  if (!/^[0-9a-f]{64}$/.test(module.sha256) || module.bytes > PROGRAM_LIMITS.module)
    throw new ProtocolError('BAD_WELCOME', `module of ${module.bytes} bytes, SHA-256 "${module.sha256}"`);
  const updateBytes = read.u32();
  const count = read.u8();
  if (count > PROGRAM_LIMITS.tensors) throw new ProtocolError('BAD_WELCOME', `${count} tensors`);
  const tensors = Array.from({ length: count }, () => readShape(read));
  return { tag: 'welcome', runId, module, updateBytes, tensors };
}

function readShape(read: Reader): TensorShape {
  const name = read.string(PROGRAM_LIMITS.tensorName);
  const kind = read.u8();
  if (kind > 1) throw new ProtocolError('BAD_WELCOME', `tensor ${name}: kind ${kind}`);
  const shape = Array.from({ length: read.u8() }, () => read.u32());
  if (kind === 1 && shape.length !== 2)
    throw new ProtocolError('BAD_WELCOME', `row-sparse tensor ${name} with ${shape.length} lengths`);
  return { name, kind: kind === 0 ? 'dense' : 'sparse', shape };
}

function readTask(read: Reader): ProgramTask {
  const head = { task: read.u32(), partition: read.u32(), version: read.u32() };
  const config = read.string(PROGRAM_LIMITS.config);
  const tensors = readParts(read);
  const length = read.u32();
  if (length > PROGRAM_LIMITS.records) throw new ProtocolError('TOO_LONG', `task: ${length} bytes of records`);
  return { tag: 'task', ...head, config, tensors, records: read.bytes(length) };
}
