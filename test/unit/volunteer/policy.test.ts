// Whether the tab may train: every reason alone, every pair of reasons, and the edges of each.
import { describe, expect, it } from 'vitest';
import { addTraffic, dayOf } from '../../../client/volunteer/controls/day-traffic.ts';
import { type Conditions, holdOf, isWithin, remaining } from '../../../client/volunteer/controls/policy.ts';
import { DEFAULTS, type Settings } from '../../../client/volunteer/controls/settings.ts';

const FREE: Settings = { ...DEFAULTS, pauseOnBattery: false };
const FINE: Conditions = {
  pausedByUser: false,
  battery: { kind: 'known', charging: true, level: 0.8 },
  presence: 'active',
  minute: 12 * 60,
  used: { today: 0, session: 0 },
};

/** Each reason: the settings that allow it, and the conditions that bring it about. In order of precedence. */
const REASONS = [
  { code: 'user', settings: {}, conditions: { pausedByUser: true } },
  {
    code: 'data-cap',
    settings: { dataCap: { megabytes: 5, per: 'day' } },
    conditions: { used: { today: 5e6, session: 0 } },
  },
  {
    code: 'battery',
    settings: { pauseOnBattery: true },
    conditions: { battery: { kind: 'known', charging: false, level: 0.63 } },
  },
  { code: 'schedule', settings: { hours: { from: 22 * 60, to: 6 * 60 } }, conditions: {} },
  { code: 'idle-only', settings: { idleOnly: true }, conditions: {} },
] as const;

describe('holdOf', () => {
  it('holds nothing back where no limit is set, whatever the computer does', () => {
    expect(holdOf(FREE, FINE)).toBeNull();
    const rough: Conditions = {
      ...FINE,
      battery: { kind: 'known', charging: false, level: 0 },
      used: { today: 1e12, session: 1e12 },
    };
    for (let minute = 0; minute < 24 * 60; minute += 7) expect(holdOf(FREE, { ...rough, minute })).toBeNull();
  });

  // All 32 subsets: the first reason of those that hold is told, and none where none holds.
  for (let subset = 0; subset < 1 << REASONS.length; subset++) {
    const chosen = REASONS.filter((_, at) => ((subset >> at) & 1) === 1);
    it(`tells ${chosen[0]?.code ?? 'nothing'} of ${chosen.map(({ code }) => code).join(', ') || 'no reason'}`, () => {
      const settings: Settings = Object.assign({}, FREE, ...chosen.map((one) => one.settings));
      const conditions: Conditions = Object.assign({}, FINE, ...chosen.map((one) => one.conditions));
      const hold = holdOf(settings, conditions);
      expect(hold?.code).toBe(chosen[0]?.code);
      if (hold !== null) expect(hold.reason).toMatch(/\w{3}/);
    });
  }

  it.each<[string, Partial<Settings>, Partial<Conditions>, string | null]>([
    [
      'on battery',
      { pauseOnBattery: true },
      { battery: { kind: 'known', charging: false, level: 0.634 } },
      'on battery (63 %)',
    ],
    ['plugged in', { pauseOnBattery: true }, {}, null],
    ['an untold battery', { pauseOnBattery: true }, { battery: { kind: 'unknown' } }, null],
    ['an idle computer', { idleOnly: true }, { presence: 'idle' }, null],
    [
      'a used computer',
      { idleOnly: true },
      { presence: 'active' },
      'this computer is in use; training goes on a minute after its last use',
    ],
    [
      'a browser that does not tell',
      { idleOnly: true },
      { presence: 'unknown' },
      'only when idle, and this browser does not tell whether the computer is idle: untick that to train',
    ],
    [
      'a cap not reached',
      { dataCap: { megabytes: 5, per: 'day' } },
      { used: { today: 4_999_999, session: 9e9 } },
      null,
    ],
    [
      'a cap of the visit not reached',
      { dataCap: { megabytes: 5, per: 'session' } },
      { used: { today: 9e9, session: 4_999_999 } },
      null,
    ],
    [
      'a cap of the visit',
      { dataCap: { megabytes: 5, per: 'session' } },
      { used: { today: 0, session: 5e6 } },
      'the data cap of 5 MB is used up; raise it, or open the page anew',
    ],
    ['hours', { hours: { from: 61, to: 125 } }, {}, 'outside your hours, 01:01 to 02:05'],
  ])('knows %s', (_, settings, conditions, reason) => {
    expect(holdOf({ ...FREE, ...settings }, { ...FINE, ...conditions })?.reason ?? null).toBe(reason);
  });
});

describe('hours', () => {
  it.each([
    [9 * 60, 17 * 60, [9 * 60, 12 * 60, 17 * 60 - 1], [9 * 60 - 1, 17 * 60, 0, 1439]],
    [22 * 60, 6 * 60, [22 * 60, 1439, 0, 6 * 60 - 1], [6 * 60, 12 * 60, 22 * 60 - 1]],
    [0, 0, [0, 720, 1439], []],
    [1439, 0, [1439], [0, 1438]],
  ])('from %i to %i', (from, to, inside, outside) => {
    expect(inside.map((minute) => isWithin({ from, to }, minute))).not.toContain(false);
    expect(outside.map((minute) => isWithin({ from, to }, minute))).not.toContain(true);
  });

  it('hours and their complement cover every minute once', () => {
    for (const [from, to] of [
      [60, 600],
      [1200, 300],
    ] as const) {
      for (let minute = 0; minute < 1440; minute++)
        expect(isWithin({ from, to }, minute)).not.toBe(isWithin({ from: to, to: from }, minute));
    }
  });
});

describe('traffic', () => {
  it('adds up within a day, begins anew with the next, and leaves the rest of the cap', () => {
    const monday = addTraffic(addTraffic(null, '2026-11-23', 3e6), '2026-11-23', 1e6);
    expect(monday).toEqual({ day: '2026-11-23', bytes: 4e6 });
    expect(addTraffic(monday, '2026-11-24', 2e6)).toEqual({ day: '2026-11-24', bytes: 2e6 });
    expect(remaining({ megabytes: 10, per: 'day' }, { today: 4e6, session: 1e6 })).toBe(6e6);
    expect(remaining({ megabytes: 10, per: 'session' }, { today: 4e6, session: 11e6 })).toBe(-1e6);
  });

  it('goes by the local date', () => {
    expect(dayOf(new Date(2026, 0, 5, 0, 0, 1))).toBe('2026-01-05');
    expect(dayOf(new Date(2026, 0, 5, 23, 59, 59))).toBe('2026-01-05');
  });
});
