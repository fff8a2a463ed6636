// What a volunteer may set, its defaults, and what of a stored text is believed.

/** Percent of the time that the engine may be busy. */
export const POWERS = { low: 30, balanced: 60, full: 100 } as const;
export type Power = keyof typeof POWERS;

export interface DataCap {
  /** Megabytes (10^6 bytes), both ways together. */
  readonly megabytes: number;
  /** `session`: since this page was opened. */
  readonly per: 'day' | 'session';
}

/** Local times in minutes after midnight; `to` before `from` is the next day, equal to it the whole day. */
export interface Hours {
  readonly from: number;
  readonly to: number;
}

export interface Settings {
  readonly power: Power;
  readonly idleOnly: boolean;
  readonly pauseOnBattery: boolean;
  readonly dataCap: DataCap | null;
  readonly hours: Hours | null;
  readonly keepAwake: boolean;
}

export const DEFAULTS: Settings = {
  power: 'balanced',
  idleOnly: false,
  pauseOnBattery: true,
  dataCap: null,
  hours: null,
  keepAwake: false,
};

/** Megabytes of the smallest and largest data cap. */
export const CAP_RANGE = { min: 5, max: 1_000_000 } as const;
const DAY_MINUTES = 24 * 60;

export function isPower(value: unknown): value is Power {
  return typeof value === 'string' && Object.hasOwn(POWERS, value);
}

export function isCap(megabytes: unknown): megabytes is number {
  return Number.isInteger(megabytes) && Number(megabytes) >= CAP_RANGE.min && Number(megabytes) <= CAP_RANGE.max;
}

/** Settings from anything; null unless every one of them is there and within its bounds. */
export function readSettings(value: unknown): Settings | null {
  if (!isRecord(value)) return null;
  const { power, idleOnly, pauseOnBattery, keepAwake } = value;
  const dataCap = readCap(value['dataCap']);
  const hours = readHours(value['hours']);
  if (!isPower(power) || dataCap === undefined || hours === undefined) return null;
  if (typeof idleOnly !== 'boolean' || typeof pauseOnBattery !== 'boolean' || typeof keepAwake !== 'boolean')
    return null;
  return { power, idleOnly, pauseOnBattery, dataCap, hours, keepAwake };
}

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}

function readCap(value: unknown): DataCap | null | undefined {
  if (value === null) return null;
  if (!isRecord(value)) return undefined;
  const { megabytes, per } = value;
  return isCap(megabytes) && (per === 'day' || per === 'session') ? { megabytes, per } : undefined;
}

function readHours(value: unknown): Hours | null | undefined {
  if (value === null) return null;
  if (!isRecord(value)) return undefined;
  const { from, to } = value;
  return isMinute(from) && isMinute(to) ? { from, to } : undefined;
}

function isMinute(value: unknown): value is number {
  return Number.isInteger(value) && Number(value) >= 0 && Number(value) < DAY_MINUTES;
}

/** Such as 22:05, from minutes after midnight. */
export function clockText(minutes: number): string {
  const two = (n: number): string => String(n).padStart(2, '0');
  return `${two(Math.floor(minutes / 60))}:${two(minutes % 60)}`;
}

/** Minutes after midnight from 22:05; null for anything else. */
export function clockMinutes(text: string): number | null {
  const [, hours, minutes] = /^(\d\d):(\d\d)$/.exec(text) ?? [];
  if (hours === undefined || minutes === undefined) return null;
  const value = Number(hours) * 60 + Number(minutes);
  return Number(minutes) < 60 && isMinute(value) ? value : null;
}
