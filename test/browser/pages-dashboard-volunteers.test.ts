// The dashboard's volunteers in a real browser: order, filter, pages, choice, actions, and the page of one.
import { render } from 'preact';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { VolunteerHistory, VolunteerLine } from '../../protocol/operator.ts';
import type { DashboardState } from '../../client/dashboard/dashboard-state.ts';
import { type FleetState, NO_FLEET, withTimeline, withVolunteers } from '../../client/dashboard/fleet-state.ts';
import type { Operator } from '../../client/dashboard/operator/operator.ts';
import { PAGE_ROWS } from '../../client/dashboard/volunteers/volunteer-table.tsx';
import { dashboard, live, operator } from './dashboard-fixture.ts';
import { leaseEntry, NOW, volunteerLine } from './fleet-fixture.ts';
import { HOSTILE } from './pages-fixture.ts';

let root: HTMLElement;
beforeEach(() => {
  root = document.body.appendChild(document.createElement('div'));
});
afterEach(() => {
  render(null, root);
  root.remove();
});

function fleetOf(lines: readonly VolunteerLine[], updated = NOW): DashboardState {
  const fleet = withVolunteers(NO_FLEET, { whole: true, rows: lines, removed: [] });
  return { ...live, updated, fleet };
}
function later(state: DashboardState, updated: number, fleet: FleetState): DashboardState {
  return { ...state, updated, fleet };
}
function show(state: DashboardState, by: Operator = operator, hash = '#volunteers'): void {
  render(dashboard(state, hash, by), root);
}
const rows = (): HTMLElement[] => [...root.querySelectorAll<HTMLElement>('tbody tr')];
const ids = (): number[] => rows().map((row) => Number(row.dataset['id']));
const text = (): string => root.textContent.replaceAll('\u00a0', ' ');
function button(name: string, within: ParentNode = root): HTMLButtonElement {
  const found = [...within.querySelectorAll('button')].find((each) => each.textContent === name);
  if (found === undefined) throw new Error(`no button ${name}`);
  return found;
}
const heading = (name: string): Element | null => button(name).closest('th');
function type(value: string): void {
  const field = root.querySelector<HTMLInputElement>('.table-tools input[type=text]');
  if (field === null) throw new Error('no field');
  field.value = value;
  field.dispatchEvent(new Event('input', { bubbles: true }));
}
const named = [
  volunteerLine(1, { name: 'ada', wordsPerSecond: 100, roundTripMs: 40, browser: 'Firefox 153' }),
  volunteerLine(2, { name: 'Bob', wordsPerSecond: 300, roundTripMs: null, standing: 'quarantined' }),
  volunteerLine(3, { name: 'carl', wordsPerSecond: 200, roundTripMs: 20, state: 'paused', leaseSince: NOW - 5000 }),
];

describe('table of volunteers', () => {
  it('asks whoever gets no operator’s events to sign in', () => {
    show({ ...live, isOperator: false, fleet: NO_FLEET }, { ...operator, signedIn: false });
    expect(ids()).toEqual([]);
    expect(root.querySelector('#operator-token')).not.toBeNull();
  });

  it('sorts by a press, tells so to screen readers, and leaves what is unknown last', async () => {
    show(fleetOf(named));
    expect(ids()).toEqual([2, 3, 1]);
    expect(heading('Words/s')?.getAttribute('aria-sort')).toBe('descending');
    button('Round trip').click();
    await expect.poll(ids).toEqual([1, 3, 2]);
    expect(heading('Words/s')?.getAttribute('aria-sort')).toBe('none');
    button('Round trip').click();
    await expect.poll(ids).toEqual([3, 1, 2]);
    expect(heading('Round trip')?.getAttribute('aria-sort')).toBe('ascending');
    button('Name').click();
    await expect.poll(ids).toEqual([1, 2, 3]);
  });

  it('filters by text of any column and by state', async () => {
    show(fleetOf(named));
    type('FIREFOX ada');
    await expect.poll(ids).toEqual([1]);
    type('nobody like this');
    await expect.poll(text).toContain('Nobody matches.');
    type('');
    const select = root.querySelector('select');
    if (select === null) throw new Error('no filter');
    select.value = 'quarantined';
    select.dispatchEvent(new Event('change', { bubbles: true }));
    await expect.poll(ids).toEqual([2]);
    expect(text()).toContain('Quarantined');
  });

  it('keeps text from strangers text', () => {
    show(fleetOf([volunteerLine(1, { name: HOSTILE, browser: HOSTILE })]));
    expect(root.querySelector('img')).toBeNull();
    expect(root.querySelector('.cell-name bdi')?.textContent).toBe(HOSTILE);
    expect(root.querySelector('.cell-browser bdi')?.textContent).toBe(HOSTILE);
  });

  it('uses rows again, and keeps order, page and choice, while 2,000 volunteers change', async () => {
    const lines = Array.from({ length: 2000 }, (_, k) => volunteerLine(k + 1));
    let state = fleetOf(lines);
    show(state);
    expect(ids()).toHaveLength(PAGE_ROWS);
    expect(ids()[0]).toBe(2000);
    button('#').click();
    await expect.poll(() => ids()[0]).toBe(2000);
    button('#').click();
    await expect.poll(() => ids()[0]).toBe(1);
    button('Next page').click();
    await expect.poll(() => ids()[0]).toBe(PAGE_ROWS + 1);
    rows()[2]?.querySelector('input')?.click();
    await expect.poll(text).toContain('1 chosen.');
    const before = rows();
    const order = ids();
    for (let second = 1; second <= 3; second++) {
      const patches = lines.map(({ id }) => ({ id, wordsPerSecond: ((id * 7919 * second) % 5000) + 10_000 }));
      const fleet = withVolunteers(state.fleet, { whole: false, rows: patches, removed: [] });
      state = later(state, NOW + second * 1000, fleet);
      show(state);
    }
    expect(ids()).toEqual(order);
    expect(rows().every((row, at) => row === before[at])).toBe(true);
    expect(rows()[2]?.querySelector('input')?.checked).toBe(true);
    expect(heading('#')?.getAttribute('aria-sort')).toBe('ascending');
    const speed = ((order[0]! * 7919 * 3) % 5000) + 10_000;
    expect(rows()[0]?.textContent).toContain(`${(speed / 1000).toFixed(1)}`);
    // Who leaves is no longer chosen.
    state = { ...state, fleet: withVolunteers(state.fleet, { whole: false, rows: [], removed: [order[2]!] }) };
    show(state);
    expect(text()).toContain('Nobody is chosen.');
  });

  it('holds the places of rows while somebody points at them, and lets go afterwards', async () => {
    const state = fleetOf(named);
    show(state);
    const body = root.querySelector('tbody');
    body?.dispatchEvent(new PointerEvent('pointerenter'));
    await expect.poll(text).toContain('Rows keep their places');
    const faster = withVolunteers(state.fleet, { whole: false, rows: [{ id: 1, wordsPerSecond: 9000 }], removed: [] });
    show({ ...state, fleet: faster });
    expect(ids()).toEqual([2, 3, 1]);
    expect(rows()[2]?.textContent).toContain('9,000');
    body?.dispatchEvent(new PointerEvent('pointerleave'));
    await expect.poll(ids).toEqual([1, 2, 3]);
  });
});

describe('decisions about volunteers', () => {
  it('are confirmed, sent for each chosen one, and told with what was refused', async () => {
    const asked: string[] = [];
    const by: Operator = {
      ...operator,
      call: (path, { method }) => {
        asked.push(`${method} ${path}`);
        return Promise.resolve(
          path.includes('/3/')
            ? { ok: false, failure: { code: 'VOLUNTEER_GONE', message: 'It left.' } }
            : { ok: true, body: undefined as never },
        );
      },
    };
    show(fleetOf(named), by);
    expect(button('Ban…').disabled).toBe(true);
    for (const box of root.querySelectorAll<HTMLInputElement>('tbody input')) box.click();
    await expect.poll(() => button('Ban…').disabled).toBe(false);
    button('Ban…').click();
    await expect.poll(() => root.querySelector('dialog')?.open).toBe(true);
    expect(root.querySelector('dialog h2')?.textContent).toBe('Ban 3 volunteers?');
    button('Cancel').click();
    await expect.poll(() => root.querySelector('dialog')).toBeNull();
    expect(asked).toEqual([]);
    button('Ban…').click();
    await expect.poll(() => root.querySelector('dialog')?.open).toBe(true);
    button('Ban 3 volunteers').click();
    await expect.poll(text).toContain('Volunteers 1, 2 banned.');
    expect(text()).toContain('Ban failed for 3: It left. VOLUNTEER_GONE');
    expect(asked).toEqual([1, 2, 3].map((id) => `POST api/volunteers/${id}/ban`));
  });
});

describe('page of one volunteer', () => {
  const history: VolunteerHistory = {
    volunteer: volunteerLine(12, { name: HOSTILE, checks: { passed: 4, failed: 1, pending: 2 }, rejected: 1 }),
    leases: [
      leaseEntry(1),
      leaseEntry(2, { outcome: 'rejected', reason: 'row 7 moved too far' }),
      leaseEntry(3, { outcome: 'held', ended: null }),
    ],
    series: {
      time: [NOW, NOW + 1000, NOW + 2000],
      wordsPerSecond: [0, 5000, 2500],
      roundTripMs: [null, 20, 21],
      acceptedWords: [0, 4000, 8000],
    },
  };

  it('shows its speed, leases with outcomes and reasons, and checks', async () => {
    const by: Operator = {
      ...operator,
      call: (path) =>
        Promise.resolve(
          path === 'api/volunteers/12'
            ? { ok: true, body: history as never }
            : { ok: false, failure: { code: 'UNEXPECTED', message: path } },
        ),
    };
    show(fleetOf(named), by, '#volunteers/12');
    await expect.poll(text).toContain('4 passed, 1 failed, 2 under way');
    expect(rows().map((row) => row.querySelector('.cell-outcome')?.textContent)).toEqual([
      'held',
      'rejected row 7 moved too far',
      'applied',
    ]);
    const points = root.querySelector('polyline')?.getAttribute('points');
    expect(points).toBe('0.0,120.0 300.0,0.0 600.0,60.0');
    expect(root.querySelector('svg[role=img]')?.getAttribute('aria-label')).toContain('at most 5,000, last 2,500');
    expect(root.querySelector('img')).toBeNull();
  });

  it('says why there is nothing to show', async () => {
    show(fleetOf(named), operator, '#volunteers/99');
    await expect.poll(text).toContain('nobody expected api/volunteers/99 UNEXPECTED');
    render(null, root);
    show(fleetOf(named), { ...operator, signedIn: false }, '#volunteers/99');
    expect(text()).toContain('Sign in to see a single volunteer.');
  });
});

describe('state of the fleet', () => {
  it('lays patches over rows, and replaces leases by their number', () => {
    let fleet = withVolunteers(NO_FLEET, { whole: true, rows: named, removed: [] });
    fleet = withVolunteers(fleet, { whole: false, rows: [{ id: 2, hidden: false }], removed: [1] });
    expect([...(fleet.volunteers?.keys() ?? [])]).toEqual([2, 3]);
    expect(fleet.volunteers?.get(2)).toEqual({ ...named[1], hidden: false });
    expect(fleet.volunteers?.get(3)).toBe(named[2]);
    fleet = withVolunteers(fleet, { whole: true, rows: [volunteerLine(9)], removed: [] });
    expect([...(fleet.volunteers?.keys() ?? [])]).toEqual([9]);
    fleet = withTimeline(fleet, [leaseEntry(2), leaseEntry(1, { outcome: 'held', ended: null })]);
    fleet = withTimeline(fleet, [leaseEntry(1)]);
    expect(fleet.leases.map(({ lease, outcome }) => [lease, outcome])).toEqual([
      [1, 'applied'],
      [2, 'applied'],
    ]);
  });
});
