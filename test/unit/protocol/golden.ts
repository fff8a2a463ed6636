// One frame of every message, as bytes and as the message they stand for: what another implementation must reproduce.
import type { PackedRows, RowFormat } from '../../../protocol/rows.ts';
import { reserveRows, rowsBytes } from '../../../protocol/rows.ts';
import type { Result, ToCoordinator } from '../../../protocol/to-coordinator.ts';
import { beginResult, encodeToCoordinator } from '../../../protocol/to-coordinator.ts';
import type { Lease, ToVolunteer } from '../../../protocol/to-volunteer.ts';
import { beginLease, encodeToVolunteer } from '../../../protocol/to-volunteer.ts';

/** Rows of both directions in the golden frames have so many columns. */
export const DIM = 3;

export interface Golden<Message> {
  readonly name: string;
  readonly format: RowFormat;
  readonly message: Message;
  readonly hex: string;
}

const head = { lease: 7, positiveLoss: 1.5, negativeLoss: 2.25, computeMs: 12.5, inputRows: 2, outputRows: 1 };

export const TO_COORDINATOR: readonly Golden<ToCoordinator>[] = [
  {
    name: 'hello',
    format: 'f32',
    message: {
      tag: 'hello',
      version: 3,
      engine: 'webgpu',
      cacheMiB: 256,
      reads: ['f32', 'f16', 'int8', 'int4'],
      writes: ['f32', 'int8'],
      device: 'GPU-µ',
      name: 'Ωa',
      browser: 'Firefox-153',
    },
    hex: '01 0300 01 00010000 0f 05 0600 475055 2d c2b5 0300 cea961 0b00 46697265666f782d313533',
  },
  { name: 'ready', format: 'f32', message: { tag: 'ready' }, hex: '02' },
  {
    name: 'result in f32',
    format: 'f32',
    message: {
      tag: 'result',
      ...head,
      present: Uint8Array.of(0b101),
      deltas: { format: 'f32', values: Float32Array.of(1, -2, 0.5, 0, 0.25, -1) },
    },
    hex:
      '03 07000000 000000000000f83f 0000000000000240 00004841 02000000 01000000 05 0000' +
      '0000803f 000000c0 0000003f 00000000 0000803e 000080bf',
  },
  {
    name: 'result in int8',
    format: 'int8',
    message: {
      tag: 'result',
      ...head,
      present: Uint8Array.of(0b110),
      deltas: { format: 'int8', scales: Float32Array.of(0.5, 0.25), values: Int8Array.of(127, -127, 0, 1, -1, 2) },
    },
    hex:
      '03 07000000 000000000000f83f 0000000000000240 00004841 02000000 01000000 06 0000' +
      '0000003f 0000803e 7f 81 00 01 ff 02',
  },
  {
    name: 'result in f16',
    format: 'f16',
    message: {
      tag: 'result',
      ...head,
      present: Uint8Array.of(0b010),
      deltas: { format: 'f16', values: Uint16Array.of(0x3c00, 0x8001, 0x7bff) },
    },
    hex: '03 07000000 000000000000f83f 0000000000000240 00004841 02000000 01000000 02 0000' + '003c 0180 ff7b',
  },
  {
    name: 'result in int4',
    format: 'int4',
    message: {
      tag: 'result',
      ...head,
      present: Uint8Array.of(0b011),
      deltas: { format: 'int4', scales: Float32Array.of(0.5, 0.25), values: Uint8Array.of(0x97, 0x0f, 0x10, 0x09) },
    },
    hex:
      '03 07000000 000000000000f83f 0000000000000240 00004841 02000000 01000000 03 0000' +
      '0000003f 0000803e 97 0f 10 09',
  },
  {
    name: 'returned',
    format: 'f32',
    message: { tag: 'returned', lease: 258, reason: 'paused' },
    hex: '04 02010000 0600 706175736564',
  },
  {
    name: 'condition',
    format: 'f32',
    message: { tag: 'condition', paused: true, hidden: false, leaving: true, reason: 'battery', duty: 40 },
    hex: '05 05 03 28',
  },
  { name: 'bye', format: 'f32', message: { tag: 'bye' }, hex: '06' },
];

const lease = {
  lease: 9,
  episode: 3,
  parts: 4,
  inputPart: 1,
  outputPart: 2,
  firstChunk: 5,
  pairs: 2,
  minibatch: 768,
  alpha: 0.0625,
  rate: 98304,
  words: 1.5,
  inputRows: 2,
  outputRows: 2,
  pairBytes: Uint8Array.of(0x00, 0x01, 0x80, 0x02, 0x03),
} as const;

export const TO_VOLUNTEER: readonly Golden<ToVolunteer>[] = [
  {
    name: 'welcome',
    format: 'f32',
    message: {
      tag: 'welcome',
      version: 3,
      session: 12,
      seed: 0xdeadbeef,
      dim: 100,
      negative: 5,
      chunkPairs: 6144,
      damping: 0.25,
      sample: 0.001,
      objective: 'hs',
      rowsDown: 'f16',
      rowsUp: 'int4',
      counts: Float64Array.of(300, 5, 1),
    },
    hex: '11 0300 0c000000 efbeadde 6400 05 00180000 0000803e fca9f1d24d62503f 01 01 03 03000000 ac02 05 01',
  },
  {
    name: 'lease in int8',
    format: 'int8',
    message: {
      tag: 'lease',
      ...lease,
      rule: 'decoupled',
      reset: true,
      inputCounts: Uint32Array.of(200, 1),
      present: Uint8Array.of(0b1010),
      rows: { format: 'int8', scales: Float32Array.of(1, 2), values: Int8Array.of(1, 2, 3, -1, -2, -3) },
    },
    hex:
      '12 09000000 03000000 0400 0100 0200 05000000 02000000 0003 0000803d 01 00800100 0000c03f 01' +
      '02000000 02000000 05000000 00 01 8002 03 02000000 c801 01 0a' +
      '0000803f 00000040 01 02 03 ff fe fd',
  },
  {
    name: 'lease in f32',
    format: 'f32',
    message: {
      tag: 'lease',
      ...lease,
      rule: 'coupled',
      reset: false,
      inputCounts: new Uint32Array(0),
      present: Uint8Array.of(0b0001),
      rows: { format: 'f32', values: Float32Array.of(1, 0, -1) },
    },
    hex:
      '12 09000000 03000000 0400 0100 0200 05000000 02000000 0003 0000803d 00 00800100 0000c03f 00' +
      '02000000 02000000 05000000 00 01 8002 03 00000000 01 000000' +
      '0000803f 00000000 000080bf',
  },
  {
    name: 'lease in f16',
    format: 'f16',
    message: {
      tag: 'lease',
      ...lease,
      rule: 'coupled',
      reset: false,
      inputCounts: new Uint32Array(0),
      present: Uint8Array.of(0b0001),
      rows: { format: 'f16', values: Uint16Array.of(0x3c00, 0x0000, 0xbc00) },
    },
    hex:
      '12 09000000 03000000 0400 0100 0200 05000000 02000000 0003 0000803d 00 00800100 0000c03f 00' +
      '02000000 02000000 05000000 00 01 8002 03 00000000 01 000000' +
      '003c 0000 00bc',
  },
  {
    name: 'outcome',
    format: 'f32',
    message: { tag: 'outcome', lease: 7, outcome: 'late', reason: 'ended' },
    hex: '13 07000000 01 0500 656e646564',
  },
  { name: 'cancel', format: 'f32', message: { tag: 'cancel', reason: 'slow' }, hex: '14 0400 736c6f77' },
  { name: 'idle', format: 'f32', message: { tag: 'idle', reason: '' }, hex: '15 0000' },
  {
    name: 'progress',
    format: 'f32',
    message: {
      tag: 'progress',
      tokensDone: 1024,
      tokensTotal: 4096,
      wordsPerSecond: 512,
      volunteers: 3,
      etaSeconds: 6,
      loss: Number.NaN,
      ownWords: 512,
      rank: 2,
      ranked: 3,
      allWords: 1024,
    },
    hex:
      '16 0000000000009040 000000000000b040 00000044 03000000 0000c040 0000c07f' +
      '0000000000008040 02000000 03000000 0000000000009040',
  },
  { name: 'finished', format: 'f32', message: { tag: 'finished', reason: 'done' }, hex: '17 0400 646f6e65' },
];

export function fromHex(hex: string): Uint8Array<ArrayBuffer> {
  const digits = hex.replaceAll(' ', '');
  return Uint8Array.from({ length: digits.length / 2 }, (_, at) =>
    Number.parseInt(digits.slice(at * 2, at * 2 + 2), 16),
  );
}

export function toHex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}

export function encodeUp(message: ToCoordinator): Uint8Array<ArrayBuffer> {
  return message.tag === 'result' ? encodeResult(message) : encodeToCoordinator(message);
}

export function encodeDown(message: ToVolunteer): Uint8Array<ArrayBuffer> {
  return message.tag === 'lease' ? encodeLease(message) : encodeToVolunteer(message);
}

export function encodeResult(message: Result, dim = DIM): Uint8Array<ArrayBuffer> {
  const rows = rowCount(message.deltas, dim);
  const write = beginResult(message, rowsBytes(message.deltas.format, rows, dim));
  copyRows(message.deltas, reserveRows(write, message.deltas.format, rows, dim));
  return write.finish();
}

export function encodeLease(message: Lease, dim = DIM): Uint8Array<ArrayBuffer> {
  const rows = rowCount(message.rows, dim);
  const write = beginLease(message, rowsBytes(message.rows.format, rows, dim));
  copyRows(message.rows, reserveRows(write, message.rows.format, rows, dim));
  return write.finish();
}

function copyRows(from: PackedRows, to: PackedRows): void {
  to.values.set(from.values);
  if ('scales' in from && 'scales' in to) to.scales.set(from.scales);
}

/** Rows of at most 128 columns: int4 has one scale a row then. */
function rowCount(rows: PackedRows, dim: number): number {
  return rows.format === 'int4' ? rows.scales.length : rows.values.length / dim;
}
