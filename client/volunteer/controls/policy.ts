// Whether the tab may ask for work: settings and conditions in, a hold with its reason out. Pure.
import type { Hold } from '../../worker/api.ts';
import { clockText, type DataCap, type Hours, type Settings } from './settings.ts';

export type Battery =
  /** The browser does not tell. */
  | { readonly kind: 'unknown' }
  | { readonly kind: 'known'; readonly charging: boolean; /** 0 to 1. */ readonly level: number };

/** `unknown`: the browser does not tell, or was not allowed to. */
export type Presence = 'unknown' | 'active' | 'idle';

/** Bytes that went over the wire, both ways together. */
export interface Used {
  readonly today: number;
  readonly session: number;
}

export interface Conditions {
  readonly pausedByUser: boolean;
  readonly battery: Battery;
  readonly presence: Presence;
  /** Local time, minutes after midnight. */
  readonly minute: number;
  readonly used: Used;
}

/** Why no work is asked for; null where it may be. What the volunteer did comes first, then what only they can change. */
export function holdOf(settings: Settings, conditions: Conditions): Hold | null {
  const { dataCap, hours } = settings;
  const { battery, presence, minute, used } = conditions;
  if (conditions.pausedByUser) return { code: 'user', reason: 'paused by you' };
  if (dataCap !== null && remaining(dataCap, used) <= 0) return { code: 'data-cap', reason: capReason(dataCap) };
  if (settings.pauseOnBattery && battery.kind === 'known' && !battery.charging)
    return { code: 'battery', reason: `on battery (${Math.round(battery.level * 100)} %)` };
  if (hours !== null && !isWithin(hours, minute))
    return { code: 'schedule', reason: `outside your hours, ${clockText(hours.from)} to ${clockText(hours.to)}` };
  if (settings.idleOnly && presence !== 'idle')
    return {
      code: 'idle-only',
      reason:
        presence === 'active'
          ? 'this computer is in use; training goes on a minute after its last use'
          : 'only when idle, and this browser does not tell whether the computer is idle: untick that to train',
    };
  return null;
}

/** Bytes that the cap leaves; below zero once it was overstepped. */
export function remaining(cap: DataCap, used: Used): number {
  return cap.megabytes * 1e6 - (cap.per === 'day' ? used.today : used.session);
}

export function capReason({ megabytes, per }: DataCap): string {
  return per === 'day'
    ? `the data cap of ${megabytes} MB a day is used up; it begins anew at midnight`
    : `the data cap of ${megabytes} MB is used up; raise it, or open the page anew`;
}

/** From `from` up to, not including, `to`, over midnight where `to` comes first. */
export function isWithin({ from, to }: Hours, minute: number): boolean {
  if (from === to) return true;
  return from < to ? from <= minute && minute < to : minute >= from || minute < to;
}
