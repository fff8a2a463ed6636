// The volunteer's controls in a real browser: what each changes, what it says where the browser tells nothing, and what
// is remembered. Battery, presence, clock and screen lock are played at the browser's boundary.
import { h, render } from 'preact';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { VolunteerControls } from '../../client/volunteer/controls/controller.ts';
import { ControlsPanel } from '../../client/volunteer/controls/controls-panel.tsx';
import type { LockLike, WakeLockLike } from '../../client/volunteer/controls/keep-awake.ts';
import { SettingsStore, STORAGE_KEY } from '../../client/volunteer/controls/settings-store.ts';
import type { BatteryLike, BrowserFacts, IdleDetection } from '../../client/volunteer/controls/surroundings.ts';
import { PageTraffic } from '../../client/volunteer/page-traffic.ts';
import { IDLE } from '../../client/volunteer/session.ts';
import type { Hold, WorkerStatus } from '../../client/worker/api.ts';
import { workerStatus } from './pages-fixture.ts';

class Battery extends EventTarget implements BatteryLike {
  charging = true;
  level = 0.8;

  set(charging: boolean, level: number): void {
    this.charging = charging;
    this.level = level;
    this.dispatchEvent(new Event('chargingchange'));
  }
}

class Detector extends EventTarget {
  static permission: 'granted' | 'denied' = 'granted';
  static asked = 0;
  static latest: Detector | null = null;
  userState: 'active' | 'idle' | null = 'active';
  readonly screenState = 'unlocked';

  static requestPermission(): Promise<'granted' | 'denied'> {
    Detector.asked++;
    return Promise.resolve(Detector.permission);
  }

  start(): Promise<void> {
    Detector.latest = this;
    return Detector.permission === 'granted' ? Promise.resolve() : Promise.reject(new Error('NotAllowedError'));
  }

  set(state: 'active' | 'idle'): void {
    this.userState = state;
    this.dispatchEvent(new Event('change'));
  }
}

class Lock extends EventTarget implements LockLike {
  released = false;

  release(): Promise<void> {
    this.released = true;
    this.dispatchEvent(new Event('release'));
    return Promise.resolve();
  }
}

/** A page's session as the controls see it. */
class Told {
  status: WorkerStatus = IDLE;
  held: Hold | null = null;
  power = 0;
  limit: number | null = null;
  hold(hold: Hold | null): void {
    this.held = hold;
  }
  setPower(percent: number): void {
    this.power = percent;
  }
  setDataLimit(bytes: number | null): void {
    this.limit = bytes;
  }
}

let root: HTMLElement;
let clock: Date;
let battery: Battery;
let locks: Lock[];
let told: Told;
let fetched: number;
let controls: VolunteerControls;

const wakeLock: WakeLockLike = {
  request: () => {
    const lock = new Lock();
    locks.push(lock);
    return Promise.resolve(lock);
  },
};

function open(facts: Partial<BrowserFacts> = {}, lock: WakeLockLike | null = wakeLock): void {
  controls = new VolunteerControls({
    browser: {
      getBattery: () => Promise.resolve(battery),
      idleDetection: Detector as unknown as IdleDetection,
      now: () => clock,
      ...facts,
    },
    wakeLock: lock ?? undefined,
    store: new SettingsStore(() => localStorage),
    session: told,
    pageBytes: () => fetched,
    forced: {},
    changed: () => queueMicrotask(draw),
  });
  draw();
}

function draw(): void {
  render(h(ControlsPanel, { view: controls.view, status: told.status, actions: controls }), root);
}

function report(status: Partial<WorkerStatus>): void {
  told.status = { ...workerStatus, bytesUp: 0, bytesDown: 0, ...status };
  controls.look();
}

const field = <E extends HTMLElement = HTMLInputElement>(id: string): E => {
  const found = root.querySelector<E>(`#${id}`);
  if (found === null) throw new Error(`no #${id}`);
  return found;
};
const note = (id: string): string => field<HTMLElement>(`${id}-note`).textContent.replaceAll('\u00a0', ' ');

async function set(id: string, value: string): Promise<void> {
  const input = field<HTMLInputElement | HTMLSelectElement>(id);
  input.value = value;
  input.dispatchEvent(new Event('change', { bubbles: true }));
  await Promise.resolve();
}

beforeEach(() => {
  localStorage.clear();
  root = document.body.appendChild(document.createElement('div'));
  clock = new Date(2026, 10, 23, 12, 0);
  battery = new Battery();
  Detector.permission = 'granted';
  Detector.asked = 0;
  Detector.latest = null;
  locks = [];
  told = new Told();
  fetched = 0;
});
afterEach(() => {
  render(null, root);
  root.remove();
  localStorage.clear();
});

describe('controls', () => {
  it('set the power, and show it as measured', async () => {
    open();
    expect(told.power).toBe(60);
    field('power-low').click();
    expect(told.power).toBe(30);
    report({ power: { target: 30, measured: 31.4 } });
    await expect.poll(() => field<HTMLElement>('power-measured').textContent).toContain('Power 31 % of 30 %');
    expect(field('power-low').checked).toBe(true);
    report({ state: 'waiting', power: { target: 30, measured: 4 } });
    await expect
      .poll(() => field<HTMLElement>('power-measured').textContent)
      .toContain('4 % of 30 %, as it waits for work');
  });

  it('pause on battery, until it is plugged in or allowed', async () => {
    open();
    await expect.poll(() => note('battery')).toBe('Plugged in now (80 %).');
    battery.set(false, 0.634);
    expect(told.held).toEqual({ code: 'battery', reason: 'on battery (63 %)' });
    await expect.poll(() => note('battery')).toBe('On battery now (63 %).');
    battery.set(true, 0.64);
    expect(told.held).toBeNull();
    battery.set(false, 0.64);
    field('battery').click();
    expect(told.held).toBeNull();
  });

  it('say that a browser tells nothing of its battery, and train', async () => {
    open({ getBattery: undefined });
    expect(note('battery')).toContain('does not tell');
    expect(told.held).toBeNull();
    open({ getBattery: () => Promise.reject(new Error('blocked')) });
    await expect.poll(() => note('battery')).toContain('does not tell');
  });

  it('train only when idle, and ask for the permission only when that is wanted', async () => {
    open();
    expect(Detector.asked).toBe(0);
    field('idle-only').click();
    await expect.poll(() => told.held?.reason).toContain('in use');
    expect(Detector.asked).toBe(1);
    Detector.latest!.set('idle');
    expect(told.held).toBeNull();
    await expect.poll(() => note('idle-only')).toBe('Nobody uses the computer now.');
    Detector.latest!.set('active');
    expect(told.held?.code).toBe('idle-only');
    field('idle-only').click();
    expect(told.held).toBeNull();
  });

  it('do not pretend to know idleness without the API or the permission', async () => {
    open({ idleDetection: undefined });
    expect(field('idle-only').disabled).toBe(true);
    expect(note('idle-only')).toContain('not offered');
    Detector.permission = 'denied';
    open();
    field('idle-only').click();
    await expect.poll(() => note('idle-only')).toContain('was not given');
    expect(told.held?.reason).toContain('untick');
    expect(field('idle-only').disabled).toBe(false);
    field('idle-only').click();
    expect(told.held).toBeNull();
    await expect.poll(() => field('idle-only').disabled).toBe(true);
  });

  it('cap the data: the worker gets the limit, the page holds at the cap and lets go at midnight', async () => {
    open();
    report({ bytesUp: 1e6, bytesDown: 2e6 });
    expect(told.limit).toBeNull();
    field('cap').click();
    await expect.poll(() => field('cap-megabytes').value).toBe('500');
    await set('cap-megabytes', '10');
    expect(told.limit).toBe(10e6);
    await expect.poll(() => note('cap')).toContain('7.0 MB left of 10 MB. Transferred: 3.0 MB today, 3.0 MB since');
    report({ bytesUp: 4e6, bytesDown: 6e6 });
    expect(told.held).toMatchObject({ code: 'data-cap', reason: expect.stringContaining('10 MB a day is used up') });
    clock = new Date(2026, 10, 24, 0, 0, 5);
    controls.look();
    expect(told.held).toBeNull();
    expect(told.limit).toBe(20e6);
    await set('cap-per', 'session');
    expect(told.held?.reason).toContain('open the page anew');
    await set('cap-megabytes', '2.5');
    expect(field('cap-megabytes').value).toBe('10');
    field('cap').click();
    expect([told.held, told.limit]).toEqual([null, null]);
  });

  it("count the page's own fetches against the cap, and stop them with it", async () => {
    open();
    let sent = 0;
    const traffic = new PageTraffic(
      { affords: (bytes) => controls.affords(bytes), counted: () => controls.look() },
      () => {
        sent++;
        return Promise.resolve(new Response(new Uint8Array(400_000)));
      },
    );
    field('cap').click();
    await expect.poll(() => field('cap-megabytes').value).toBe('500');
    await set('cap-megabytes', '10');
    report({ bytesUp: 4e6, bytesDown: 5e6 });
    await traffic.binary('api/vectors?top=400');
    await traffic.binary('api/vectors?top=400');
    fetched = traffic.bytes;
    controls.look();
    expect([fetched, told.limit, sent]).toEqual([800_000, 9_200_000, 2]);
    const refused = await traffic.text('api/vectors?top=400');
    expect([refused.ok, sent]).toEqual([false, 2]);
    expect(await refused.text()).toContain('DATA_CAP');
    expect((await traffic.text('api/about')).ok).toBe(true);
    report({ bytesUp: 4e6, bytesDown: 5e6, heldBy: 'data-cap' });
    expect((await traffic.text('api/similar')).ok).toBe(false);
    expect(sent).toBe(3);
  });

  it('keep to hours, over midnight', async () => {
    open();
    field('hours').click();
    expect(told.held).toEqual({ code: 'schedule', reason: 'outside your hours, 22:00 to 07:00' });
    await expect.poll(() => note('hours')).toContain('over midnight');
    for (const [hour, minute, held] of [
      [21, 59, true],
      [22, 0, false],
      [6, 59, false],
      [7, 0, true],
    ] as const) {
      clock = new Date(2026, 10, 23, hour, minute);
      controls.look();
      expect(told.held !== null, `${hour}:${minute}`).toBe(held);
    }
    await set('hours-to', '07:30');
    expect(told.held).toBeNull();
  });

  it('keep the screen on only while the tab trains in view, and take the lock anew', async () => {
    open();
    field('awake').click();
    report({ state: 'idle' });
    expect(locks.length).toBe(0);
    report({ state: 'training' });
    await expect.poll(() => note('awake')).toBe('The screen stays on now.');
    controls.setHidden(true);
    expect(locks[0]!.released).toBe(true);
    controls.setHidden(false);
    await expect.poll(() => locks.length).toBe(2);
    controls.pause();
    expect(locks[1]!.released).toBe(true);
    controls.resume();
    await expect.poll(() => locks.length).toBe(3);
    await locks[2]!.release();
    controls.look();
    await expect.poll(() => locks.length).toBe(4);
    open({}, null);
    expect(field('awake').disabled).toBe(true);
  });

  it('pause comes before every other reason', async () => {
    open();
    await expect.poll(() => note('battery')).toContain('Plugged in');
    battery.set(false, 0.5);
    controls.pause();
    expect(told.held?.code).toBe('user');
    controls.resume();
    expect(told.held?.code).toBe('battery');
  });
});

describe('remembering', () => {
  const stored = (): unknown => JSON.parse(localStorage.getItem(STORAGE_KEY) ?? 'null');

  it('stores nothing unasked, everything when asked, nothing when forgotten', async () => {
    open();
    field('power-low').click();
    report({ bytesDown: 5e6 });
    expect(localStorage.length).toBe(0);
    field('remember').click();
    await expect.poll(() => field<HTMLButtonElement>('forget').hidden).toBe(false);
    expect(stored()).toMatchObject({ version: 1, settings: { power: 'low' }, traffic: { bytes: 5e6 } });
    field('power-full').click();
    report({ bytesDown: 6e6 });
    expect(stored()).toMatchObject({ settings: { power: 'full' }, traffic: { day: '2026-11-23', bytes: 6e6 } });
    open();
    expect(told.power).toBe(100);
    expect(controls.view.used.today).toBe(12e6);
    await expect.poll(() => field('remember').checked).toBe(true);
    field<HTMLButtonElement>('forget').click();
    expect(localStorage.length).toBe(0);
    field('power-balanced').click();
    report({ bytesDown: 7e6 });
    expect(localStorage.length).toBe(0);
  });

  it('says that stored content is no good, and uses the usual settings', () => {
    localStorage.setItem(STORAGE_KEY, '{"version":1,"settings":{"power":"warp"}}');
    open();
    expect(root.querySelector('.notice')?.textContent).toContain('usual ones');
    expect(told.power).toBe(60);
    expect(field('remember').checked).toBe(false);
  });
});
