// Messages to a volunteer, and their bytes. docs/protocol.md is this file in prose.
import { bitmapBytes, countBits } from './bitmap.ts';
import { ProtocolError, Reader, Writer } from './bytes.ts';
import { LIMITS } from './limits.ts';
import type { PackedRows, RowFormat } from './rows.ts';
import { readRows, ROW_FORMATS } from './rows.ts';

export type ToVolunteer = Welcome | Lease | Outcome | Cancel | Idle | Progress | Finished;

/** What the run trains: skip-gram with negatives, skip-gram with hierarchical softmax, or CBOW with negatives. */
export type ObjectiveName = 'skipgram' | 'hs' | 'cbow';

/** Answer to hello: all that is constant in the run. */
export interface Welcome {
  readonly tag: 'welcome';
  readonly version: number;
  /** Number of this session, for people. */
  readonly session: number;
  /** Run seed: every random choice hashes it. */
  readonly seed: number;
  readonly dim: number;
  /** Negatives per pair, K; without meaning with hierarchical softmax. */
  readonly negative: number;
  /** Pairs per chunk. */
  readonly chunkPairs: number;
  /** Damping h. */
  readonly damping: number;
  /** Subsampling threshold s: with the counts it gives the weights by which parts are dealt. */
  readonly sample: number;
  readonly objective: ObjectiveName;
  readonly rowsDown: RowFormat;
  readonly rowsUp: RowFormat;
  /** Corpus count of each word, most frequent first. Shape (V). */
  readonly counts: Float64Array;
}

/** Work: a run of chunks of one block, and the rows that the volunteer lacks. */
export interface Lease {
  readonly tag: 'lease';
  readonly lease: number;
  readonly episode: number;
  /** P of the episode. */
  readonly parts: number;
  readonly inputPart: number;
  readonly outputPart: number;
  readonly firstChunk: number;
  readonly pairs: number;
  readonly minibatch: number;
  readonly alpha: number;
  /** Negatives' rule and its rate × 65536 (word2vec/plan.ts, NegativeRule). */
  readonly rule: 'coupled' | 'decoupled' | 'none';
  readonly rate: number;
  /** Corpus words that this lease counts for. */
  readonly words: number;
  /** Cached rows must be dropped before this lease's rows are taken. */
  readonly reset: boolean;
  /** Rows the plan must touch: a volunteer that finds others returns the lease. */
  readonly inputRows: number;
  readonly outputRows: number;
  /** Coded pairs (protocol/pairs.ts). */
  readonly pairBytes: Uint8Array;
  /** `decoupled`: the episode's pairs with each input row of the part; empty otherwise. */
  readonly inputCounts: Uint32Array;
  /** Bit r is set when row r of the plan (input rows, then output rows) follows. */
  readonly present: Uint8Array;
  readonly rows: PackedRows;
}

export type OutcomeKind = 'applied' | 'late' | 'rejected';

/** What became of a result. A late one (the lease had ended) is acknowledged and not applied. */
export interface Outcome {
  readonly tag: 'outcome';
  readonly lease: number;
  readonly outcome: OutcomeKind;
  readonly reason: string;
}

/** All leases held are void; drop them and every cached row. */
export interface Cancel {
  readonly tag: 'cancel';
  readonly reason: string;
}

/** No lease can be had at the moment, and why. One follows as soon as it can. */
export interface Idle {
  readonly tag: 'idle';
  readonly reason: string;
}

/** The run as a whole, about once a second. */
export interface Progress {
  readonly tag: 'progress';
  readonly tokensDone: number;
  readonly tokensTotal: number;
  readonly wordsPerSecond: number;
  readonly volunteers: number;
  /** NaN while unknown. */
  readonly etaSeconds: number;
  /** NaN while unknown. */
  readonly loss: number;
  /** Corpus words accepted from this connection. */
  readonly ownWords: number;
  /** Its place by that among the volunteers connected now that had work accepted, from 1; 0 before its first. */
  readonly rank: number;
  /** How many are ranked. */
  readonly ranked: number;
  /** Corpus words accepted from all volunteers since the coordinator started. */
  readonly allWords: number;
}

/** The run is over; the connection closes. */
export interface Finished {
  readonly tag: 'finished';
  readonly reason: string;
}

const TAG = { welcome: 17, lease: 18, outcome: 19, cancel: 20, idle: 21, progress: 22, finished: 23 } as const;
const RULES: readonly Lease['rule'][] = ['coupled', 'decoupled', 'none'];
const OBJECTIVES: readonly ObjectiveName[] = ['skipgram', 'hs', 'cbow'];
const OUTCOMES: readonly OutcomeKind[] = ['applied', 'late', 'rejected'];

/** The order in docs/protocol.md, which is the order of the reads below. */
export function encodeToVolunteer(message: Exclude<ToVolunteer, Lease>): Uint8Array<ArrayBuffer> {
  const write = new Writer(message.tag === 'welcome' ? 64 + 3 * message.counts.length : 256).u8(TAG[message.tag]);
  switch (message.tag) {
    case 'welcome':
      write.u16(message.version).u32(message.session).u32(message.seed).u16(message.dim).u8(message.negative);
      write.u32(message.chunkPairs).f32(message.damping).f64(message.sample);
      write.u8(OBJECTIVES.indexOf(message.objective));
      write.u8(ROW_FORMATS.indexOf(message.rowsDown)).u8(ROW_FORMATS.indexOf(message.rowsUp));
      write.u32(message.counts.length);
      for (const count of message.counts) write.varint(count);
      return write.finish();
    case 'outcome':
      return write
        .u32(message.lease)
        .u8(OUTCOMES.indexOf(message.outcome))
        .string(message.reason, LIMITS.reason)
        .finish();
    case 'progress':
      write.f64(message.tokensDone).f64(message.tokensTotal).f32(message.wordsPerSecond);
      write.u32(message.volunteers).f32(message.etaSeconds).f32(message.loss);
      return write.f64(message.ownWords).u32(message.rank).u32(message.ranked).f64(message.allWords).finish();
    case 'cancel':
    case 'idle':
    case 'finished':
      return write.string(message.reason, LIMITS.reason).finish();
  }
}

/** Starts a lease frame; the caller reserves and fills the rows after it (`reserveRows`, then `finish`). */
export function beginLease(message: Omit<Lease, 'tag' | 'rows'>, rowBytes: number): Writer {
  const size = 64 + message.pairBytes.length + 5 * message.inputCounts.length + message.present.length + rowBytes;
  const write = new Writer(size).u8(TAG.lease).u32(message.lease).u32(message.episode).u16(message.parts);
  write.u16(message.inputPart).u16(message.outputPart).u32(message.firstChunk).u32(message.pairs);
  write.u16(message.minibatch).f32(message.alpha).u8(RULES.indexOf(message.rule)).u32(message.rate);
  write
    .f32(message.words)
    .u8(message.reset ? 1 : 0)
    .u32(message.inputRows)
    .u32(message.outputRows);
  write.u32(message.pairBytes.length).bytes(message.pairBytes).u32(message.inputCounts.length);
  for (const count of message.inputCounts) write.varint(count);
  return write.bytes(message.present);
}

export interface LeaseShapeOnWire {
  readonly format: RowFormat;
  readonly dim: number;
}

/** @throws ProtocolError with the code of the first thing that is wrong */
export function decodeToVolunteer(bytes: Uint8Array, shape: LeaseShapeOnWire): ToVolunteer {
  const read = new Reader(bytes, 'frame from coordinator');
  const message = readBody(read, shape);
  read.end();
  return message;
}

function readBody(read: Reader, shape: LeaseShapeOnWire): ToVolunteer {
  const tag = read.u8();
  switch (tag) {
    case TAG.welcome:
      return readWelcome(read);
    case TAG.lease:
      return readLease(read, shape);
    case TAG.outcome: {
      const lease = read.u32();
      const outcome = OUTCOMES[read.u8()];
      if (outcome === undefined) throw new ProtocolError('BAD_OUTCOME', `outcome of lease ${lease}`);
      return { tag: 'outcome', lease, outcome, reason: read.string(LIMITS.reason) };
    }
    case TAG.cancel:
      return { tag: 'cancel', reason: read.string(LIMITS.reason) };
    case TAG.idle:
      return { tag: 'idle', reason: read.string(LIMITS.reason) };
    case TAG.progress:
      return {
        tag: 'progress',
        tokensDone: read.f64(),
        tokensTotal: read.f64(),
        wordsPerSecond: read.f32(),
        volunteers: read.u32(),
        etaSeconds: read.f32(),
        loss: read.f32(),
        ownWords: read.f64(),
        rank: read.u32(),
        ranked: read.u32(),
        allWords: read.f64(),
      };
    case TAG.finished:
      return { tag: 'finished', reason: read.string(LIMITS.reason) };
    default:
      throw new ProtocolError('BAD_TAG', `frame from coordinator: tag ${tag}`);
  }
}

function rowFormat(code: number): RowFormat {
  const format = ROW_FORMATS[code];
  if (format === undefined) throw new ProtocolError('BAD_FORMAT', `row format ${code}`);
  return format;
}

function readWelcome(read: Reader): Welcome {
  const version = read.u16();
  const head = { session: read.u32(), seed: read.u32(), dim: read.u16(), negative: read.u8() };
  const rest = { chunkPairs: read.u32(), damping: read.f32(), sample: read.f64() };
  const objective = OBJECTIVES[read.u8()];
  const rowsDown = rowFormat(read.u8());
  const rowsUp = rowFormat(read.u8());
  const words = read.u32();
  if (words > LIMITS.vocabulary || words > read.remaining) {
    throw new ProtocolError('BAD_VOCABULARY', `welcome: ${words} words in ${read.remaining} bytes`);
  }
  // A plan is walked in steps of these: zero would never end.
  if (head.dim < 1 || head.dim > LIMITS.dim || rest.chunkPairs < 1 || objective === undefined) {
    throw new ProtocolError(
      'BAD_WELCOME',
      `welcome: ${head.dim} columns, chunks of ${rest.chunkPairs} pairs, or its objective`,
    );
  }
  const counts = new Float64Array(words);
  for (let id = 0; id < words; id++) counts[id] = read.varint();
  return { tag: 'welcome', version, ...head, ...rest, objective, rowsDown, rowsUp, counts };
}

function readLease(read: Reader, shape: LeaseShapeOnWire): Lease {
  const lease = read.u32();
  const episode = read.u32();
  const place = { parts: read.u16(), inputPart: read.u16(), outputPart: read.u16() };
  const firstChunk = read.u32();
  const pairs = read.u32();
  if (pairs > LIMITS.leasePairs) throw new ProtocolError('TOO_MANY_PAIRS', `lease ${lease}: ${pairs} pairs`);
  const minibatch = read.u16();
  const alpha = read.f32();
  const rule = RULES[read.u8()];
  const rate = read.u32();
  const words = read.f32();
  const resetCode = read.u8();
  const inputRows = read.u32();
  const outputRows = read.u32();
  if (inputRows > LIMITS.leaseRows || outputRows > LIMITS.leaseRows) {
    throw new ProtocolError('TOO_MANY_ROWS', `lease ${lease}: ${inputRows} input and ${outputRows} output rows`);
  }
  if (place.parts < 1 || minibatch < 1 || rule === undefined || resetCode > 1) {
    throw new ProtocolError(
      'BAD_LEASE',
      `lease ${lease}: ${place.parts} parts, minibatches of ${minibatch}, reset ${resetCode}, or its rule`,
    );
  }
  const pairBytes = read.bytes(read.u32());
  const countsLength = read.u32();
  if (countsLength > read.remaining) throw new ProtocolError('TRUNCATED', `lease ${lease}: ${countsLength} counts`);
  const inputCounts = new Uint32Array(countsLength);
  for (let at = 0; at < countsLength; at++) {
    const count = read.varint();
    if (count > 0xffffffff) throw new ProtocolError('BAD_LEASE', `lease ${lease}: ${count} pairs with one input row`);
    inputCounts[at] = count;
  }
  const total = inputRows + outputRows;
  const present = read.bytes(bitmapBytes(total));
  const rows = readRows(read, shape.format, countBits(present, total), shape.dim);
  const head = { tag: 'lease', lease, episode, ...place, firstChunk, pairs, minibatch, alpha, rule, rate } as const;
  return { ...head, words, reset: resetCode === 1, inputRows, outputRows, pairBytes, inputCounts, present, rows };
}
