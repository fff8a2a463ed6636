// What a volunteer asked to be remembered: one key of the browser's storage, with a version, and nothing before they ask.
import { addTraffic, type DayTraffic } from './day-traffic.ts';
import { isRecord, readSettings, type Settings } from './settings.ts';

export const STORAGE_KEY = 'tributary.volunteer';
const VERSION = 1;

export type Stored =
  | { readonly kind: 'nothing' }
  | { readonly kind: 'settings'; readonly settings: Settings; readonly traffic: DayTraffic | null }
  /** Something is stored that cannot be used; `why` says so to the volunteer. */
  | { readonly kind: 'unusable'; readonly why: string };

type Keep = Pick<Storage, 'getItem' | 'setItem' | 'removeItem'>;

export class SettingsStore {
  /** Browsers may refuse storage altogether: then reading it throws. */
  readonly #storage: () => Keep;

  constructor(storage: () => Keep) {
    this.#storage = storage;
  }

  read(): Stored {
    let text: string | null;
    try {
      text = this.#storage().getItem(STORAGE_KEY);
    } catch {
      return { kind: 'nothing' };
    }
    return text === null ? { kind: 'nothing' } : parse(text);
  }

  /** Writes; answers why it could not, or null. */
  write(settings: Settings, traffic: DayTraffic | null): string | null {
    try {
      this.#storage().setItem(STORAGE_KEY, JSON.stringify({ version: VERSION, settings, traffic }));
      return null;
    } catch (error) {
      return `This browser does not let the page remember settings (${error instanceof Error ? error.message : String(error)}).`;
    }
  }

  /** Adds what was transferred to the stored count, to which other tabs add as well; answers the sum, or null. */
  addTraffic(day: string, bytes: number): DayTraffic | null {
    const stored = this.read();
    if (stored.kind !== 'settings') return null;
    const traffic = addTraffic(stored.traffic, day, bytes);
    return this.write(stored.settings, traffic) === null ? traffic : null;
  }

  forget(): void {
    try {
      this.#storage().removeItem(STORAGE_KEY);
    } catch {
      // A browser without storage has nothing to forget.
    }
  }
}

function parse(text: string): Stored {
  const unusable = (why: string): Stored => ({
    kind: 'unusable',
    why: `What this browser remembered of the page ${why}. The settings below are the usual ones.`,
  });
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return unusable('cannot be read');
  }
  if (!isRecord(value)) return unusable('cannot be read');
  if (value['version'] !== VERSION) return unusable('is of another version');
  const settings = readSettings(value['settings']);
  return settings === null
    ? unusable('is no full set of settings')
    : { kind: 'settings', settings, traffic: readTraffic(value['traffic']) };
}

function readTraffic(value: unknown): DayTraffic | null {
  if (!isRecord(value)) return null;
  const { day, bytes } = value;
  return typeof day === 'string' && typeof bytes === 'number' && bytes >= 0 ? { day, bytes } : null;
}
