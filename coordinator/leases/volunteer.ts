// One connected volunteer as the coordinator sees it.
import type { RowFormat } from '../../protocol/rows.ts';
import type { ConditionReason } from '../../protocol/to-coordinator.ts';
import type { Standing } from '../../protocol/operator.ts';
import type { Result } from '../../protocol/to-coordinator.ts';
import type { Model } from '../model/model.ts';
import { HeldRows } from './held-rows.ts';
import type { LeaseRecord } from './lease-builder.ts';
import { Traffic } from './traffic.ts';

/** A result that is not yet applied. */
export interface HeldResult {
  readonly record: LeaseRecord;
  readonly result: Result;
  /** When it arrived, on the desk's clock. */
  readonly takenAt: number;
}

/** The way to a volunteer: a WebSocket, or a worker thread's port. */
export interface Channel {
  /** Where it comes from, as its connection says; '' within this process. */
  readonly address: string;
  send(frame: Uint8Array<ArrayBuffer>): void;
  close(code: number, reason: string): void;
  /** Bytes accepted by `send` and not yet on their way. */
  readonly buffered: number;
}

export interface Greeting {
  readonly engine: 'cpu' | 'webgpu';
  readonly device: string;
  /** Anybody's text, as `plainName` leaves it. */
  readonly name: string;
  readonly browser: string;
  readonly cacheMiB: number;
  /** Formats agreed on with it. */
  readonly rowsDown: RowFormat;
  readonly rowsUp: RowFormat;
}

const NAME_CHARACTERS = 40;

/** A name as people see it: no invisible or direction-changing characters, one line, at most 40 characters. */
export function plainName(name: string): string {
  const visible = name.replaceAll(/[\p{Cf}\p{Cc}\p{Co}\p{Cs}\p{Zl}\p{Zp}]/gu, '').replaceAll(/\s+/gu, ' ');
  return [...visible.trim()].slice(0, NAME_CHARACTERS).join('').trim();
}

/** At most 120 of the 123 bytes that a close frame has for its reason. */
export function closeReason(text: string): string {
  let cut = text.slice(0, 120);
  while (new TextEncoder().encode(cut).length > 120) cut = cut.slice(0, -1);
  return cut;
}

export class Volunteer {
  /** Number of the session, from 1. */
  readonly id: number;
  readonly channel: Channel;
  readonly local: boolean;
  readonly connectedAt: number;
  /** null until its hello. */
  greeting: Greeting | null = null;
  /** Leases granted and without a result, oldest first; results arrive in this order. */
  readonly leases: LeaseRecord[] = [];
  /** Results in hand, oldest first: the first is being checked, the others build on it. */
  readonly checking: HeldResult[] = [];
  /** Checks of its results by replay. */
  readonly checks = { passed: 0, failed: 0 };
  /** `drained`: it ends what it holds and is sent away. `quarantined`: it stays, holds nothing and gets nothing. */
  standing: Standing = 'free';
  /** Why it is not free; for people. */
  standingReason = '';
  /** Leases asked for beyond those held. */
  credit = 0;
  paused = false;
  hidden = false;
  leaving = false;
  /** Why it is paused, or trains less than it could. */
  conditionReason: ConditionReason = 'none';
  /** Percent of the time that it lets its device train; null until it told. */
  duty: number | null = null;
  /** Pairs per second over its recent leases; 0 before the first result. */
  pairsPerSecond = 0;
  wordsPerSecond = 0;
  /** When the oldest lease must have ended, on the desk's clock. */
  deadline = Number.POSITIVE_INFINITY;
  /** When the last result came, or the oldest lease was granted: its training began no earlier. */
  headSince = 0;
  idleReason = '';
  /** Since when it waits without any lease; orders the queue of the hungry. */
  hungrySince: number;
  accepted = 0;
  acceptedWords = 0;
  rejected = 0;
  readonly traffic = new Traffic();
  roundTripMs: number | null = null;
  /** Leases given back since its last result. */
  returnsInRow = 0;
  /** Times its leases expired since its last result. */
  expiriesInRow = 0;
  readonly #model: Model;
  #held: HeldRows | null = null;

  constructor(id: number, channel: Channel, local: boolean, now: number, model: Model) {
    this.id = id;
    this.channel = channel;
    this.local = local;
    this.connectedAt = now;
    this.hungrySince = now;
    this.#model = model;
  }

  /** 8 bytes a row, so only those have it who were granted a lease: a connection alone costs next to nothing. */
  get held(): HeldRows {
    return (this.#held ??= new HeldRows(this.#model));
  }

  /** Nothing that it holds counts any more. */
  forgetRows(): void {
    this.#held?.clear();
  }

  /** By its own will or the operator's. */
  get heldBack(): boolean {
    return this.paused || this.leaving || this.standing !== 'free';
  }

  get canTrain(): boolean {
    return this.greeting !== null && !this.heldBack;
  }

  get wantsLease(): boolean {
    return this.credit > 0 && this.canTrain;
  }

  /** Tells why it must go. */
  close(code: number, reason: string): void {
    this.channel.close(code, closeReason(reason));
  }

  send(frame: Uint8Array<ArrayBuffer>): void {
    this.traffic.down += frame.length;
    this.channel.send(frame);
  }
}
