// What a volunteer's browser remembers: nothing unasked, all or nothing when read, and said where it is no good.
import { describe, expect, it } from 'vitest';
import { settingsInAddress } from '../../../client/volunteer/controls/address.ts';
import { clockMinutes, clockText, DEFAULTS, type Settings } from '../../../client/volunteer/controls/settings.ts';
import { SettingsStore, STORAGE_KEY } from '../../../client/volunteer/controls/settings-store.ts';

const SOME: Settings = {
  power: 'low',
  idleOnly: true,
  pauseOnBattery: false,
  dataCap: { megabytes: 40, per: 'session' },
  hours: { from: 1320, to: 0 },
  keepAwake: true,
};

function memory(): { store: SettingsStore; items: Map<string, string> } {
  const items = new Map<string, string>();
  const storage = {
    getItem: (key: string) => items.get(key) ?? null,
    setItem: (key: string, value: string) => void items.set(key, value),
    removeItem: (key: string) => void items.delete(key),
  };
  return { store: new SettingsStore(() => storage), items };
}

describe('SettingsStore', () => {
  it('reads back what it wrote, under its one key, and forgets it', () => {
    const { store, items } = memory();
    expect(store.read()).toEqual({ kind: 'nothing' });
    expect(items.size).toBe(0);
    for (const settings of [SOME, DEFAULTS]) {
      expect(store.write(settings, { day: '2026-11-23', bytes: 7 })).toBeNull();
      expect(store.read()).toEqual({ kind: 'settings', settings, traffic: { day: '2026-11-23', bytes: 7 } });
    }
    expect([...items.keys()]).toEqual([STORAGE_KEY]);
    store.forget();
    expect(items.size).toBe(0);
  });

  it('adds traffic to what is stored, and stores none where nothing is', () => {
    const { store, items } = memory();
    expect(store.addTraffic('2026-11-23', 5)).toBeNull();
    expect(items.size).toBe(0);
    store.write(SOME, null);
    store.addTraffic('2026-11-23', 5);
    expect(store.addTraffic('2026-11-23', 6)).toEqual({ day: '2026-11-23', bytes: 11 });
    expect(store.addTraffic('2026-11-24', 1)).toEqual({ day: '2026-11-24', bytes: 1 });
  });

  it.each<[string, string]>([
    ['no JSON', '{'],
    ['no object', '7'],
    ['nothing', 'null'],
    ['another version', JSON.stringify({ version: 2, settings: SOME, traffic: null })],
    ...Object.entries({
      power: ['medium', 30, null, 'toString'],
      idleOnly: ['yes', 1],
      pauseOnBattery: [null],
      keepAwake: [0],
      dataCap: [{ megabytes: 0, per: 'day' }, { megabytes: 4.5, per: 'day' }, { megabytes: 50, per: 'week' }, 50],
      hours: [{ from: -1, to: 3 }, { from: 0, to: 1440 }, { from: '1', to: 2 }, 'night'],
    }).flatMap(([key, values]) =>
      values.map((value): [string, string] => [
        `${key} ${JSON.stringify(value)}`,
        JSON.stringify({ version: 1, settings: { ...SOME, [key]: value }, traffic: null }),
      ]),
    ),
    ...Object.keys(SOME).map((key): [string, string] => [
      `no ${key}`,
      JSON.stringify({ version: 1, settings: { ...SOME, [key]: undefined }, traffic: null }),
    ]),
  ])('says that it cannot use %s', (_, text) => {
    const { store, items } = memory();
    items.set(STORAGE_KEY, text);
    expect(store.read()).toMatchObject({ kind: 'unusable', why: expect.stringContaining('usual ones') });
    expect(store.addTraffic('2026-11-23', 5)).toBeNull();
    expect(items.get(STORAGE_KEY)).toBe(text);
  });

  it('is of no use, and no harm, in a browser that refuses storage', () => {
    const store = new SettingsStore(() => {
      throw new Error('denied');
    });
    expect(store.read()).toEqual({ kind: 'nothing' });
    expect(store.write(SOME, null)).toContain('denied');
    expect(store.addTraffic('2026-11-23', 5)).toBeNull();
    expect(() => store.forget()).not.toThrow();
  });
});

describe('settings', () => {
  it('write and read clock times, and only those', () => {
    for (let minute = 0; minute < 1440; minute++) expect(clockMinutes(clockText(minute))).toBe(minute);
    for (const text of ['', '24:00', '12:60', '1:00', '12:00:00', 'ab:cd']) expect(clockMinutes(text)).toBeNull();
  });

  it('come from the address where it spells them right', () => {
    expect(settingsInAddress('?power=low&battery=ignore')).toEqual({
      power: 'low',
      pauseOnBattery: false,
    });
    for (const search of ['', '?power=max&battery=1', '?power=toString']) expect(settingsInAddress(search)).toEqual({});
  });
});
