// How fast a volunteer is, how much work a lease holds for it, and how long it may take.
import { LIMITS } from '../../protocol/limits.ts';
import { GROUP } from '../../word2vec/plan.ts';
import type { LeaseRecord } from './lease-builder.ts';
import type { Volunteer } from './volunteer.ts';

/** Pairs of a volunteer's first lease, before its speed is known. */
const FIRST_LEASE_PAIRS = 12_288;
/** Leases of the expected length after which one expires. */
const PATIENCE = 4;
/** Milliseconds that no lease may take longer than: a device that needs more for a chunk only holds the others up. */
const LONGEST_MS = 300_000;

/** Bytes that every WebGPU device binds as one buffer (maxStorageBufferBindingSize by default). */
const BINDING_BYTES = 128 * 1024 * 1024;

/**
 * Pairs of a lease whose rows of one matrix surely fit one binding, and a frame. A pair brings two rows at most, and its share of
 * its group's negatives; a part brings no more rows than it has.
 */
export function bindablePairs(partRows: number, dim: number, negative: number): number {
  const rows = Math.min(LIMITS.leaseRows, Math.floor(BINDING_BYTES / (Math.ceil(dim / 4) * 16)));
  return partRows <= rows ? LIMITS.leasePairs : Math.floor(rows / (2 + negative / GROUP));
}

/**
 * Pairs for about `leaseMs` of this volunteer's time, but no more than half of what it will get of the pairs that
 * wait: as an episode runs out leases shrink, so that a slow volunteer does not hold the last block for long (guided
 * self-scheduling, Polychronopoulos and Kuck 1987).
 * @param waiting pairs that the volunteers share out among themselves (Scheduler.sharedPairs)
 */
export function leasePairs(one: Volunteer, all: Iterable<Volunteer>, waiting: number, leaseMs: number): number {
  if (one.pairsPerSecond === 0) return FIRST_LEASE_PAIRS;
  let together = 0;
  for (const other of all) if (!other.heldBack) together += other.pairsPerSecond;
  const share = (waiting * one.pairsPerSecond) / together;
  return Math.min(LIMITS.leasePairs, (one.pairsPerSecond * leaseMs) / 1000, share / 2);
}

interface LeaseTimes {
  readonly leaseMs: number;
  readonly graceMs: number;
}

/** Milliseconds that a lease of `pairs` may take before it expires. */
export function allowanceMs(one: Volunteer, pairs: number, { leaseMs, graceMs }: LeaseTimes): number {
  // Before the first result nobody knows the speed: who rests two thirds of the time gets three times as long.
  const unknownMs = leaseMs * PATIENCE * (100 / dutyOf(one));
  const expectedMs = one.pairsPerSecond > 0 ? (pairs / one.pairsPerSecond) * 1000 : unknownMs;
  return Math.min(LONGEST_MS, Math.max(graceMs, PATIENCE * expectedMs));
}

/** When the oldest lease must have ended. */
export function setDeadline(one: Volunteer, now: number, times: LeaseTimes): void {
  const head = one.leases[0];
  one.deadline = head === undefined ? Number.POSITIVE_INFINITY : now + allowanceMs(one, head.pairs, times);
}

/** Percent of the time that a volunteer trains: all of it until it told. */
function dutyOf({ duty }: Pick<Volunteer, 'duty'>): number {
  return Math.max(1, duty ?? 100);
}

/**
 * The volunteer trains another share of the time from now on, so its speed is another by the same factor. What it holds
 * gets the time that this takes, from its beginning: never less than it had, and no more by saying it often.
 */
export function changeDuty(one: Volunteer, duty: number, times: LeaseTimes): void {
  const before = dutyOf(one);
  one.duty = duty;
  const factor = dutyOf(one) / before;
  one.pairsPerSecond *= factor;
  one.wordsPerSecond *= factor;
  const head = one.leases[0];
  if (head !== undefined) one.deadline = Math.max(one.deadline, one.headSince + allowanceMs(one, head.pairs, times));
}

/** A lease was delivered, and is no longer among those held: learns the volunteer's speed from it. */
export function measureLease(one: Volunteer, record: LeaseRecord, now: number, times: LeaseTimes): void {
  const seconds = Math.max(0.001, (now - Math.max(one.headSince, record.grantedAt)) / 1000);
  const blend = one.pairsPerSecond === 0 ? 1 : 0.4;
  one.pairsPerSecond += blend * (record.pairs / seconds - one.pairsPerSecond);
  one.wordsPerSecond += blend * (record.words / seconds - one.wordsPerSecond);
  one.headSince = now;
  setDeadline(one, now, times);
  if (one.leases.length === 0) one.hungrySince = now;
}

/** Milliseconds of work fetched ahead that hide a round trip and the way of a lease's rows. */
const AHEAD_MS = 1000;

/**
 * Whether a volunteer with work gets more: one lease is always fetched ahead, and as many as fill AHEAD_MS. A fast one
 * trains a lease in less than its next one's way takes; a slow one would lock parts for long.
 */
export function fetchesAhead({ leases, pairsPerSecond }: Pick<Volunteer, 'leases' | 'pairsPerSecond'>): boolean {
  if (leases.length < 2) return true;
  const queued = leases.slice(1).reduce((sum, { pairs }) => sum + pairs, 0);
  return queued * 1000 < AHEAD_MS * pairsPerSecond;
}
