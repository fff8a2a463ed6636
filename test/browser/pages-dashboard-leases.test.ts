// Who holds blocks, why others wait, the funnel and the timeline, in a real browser.
import { render } from 'preact';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Funnel, OperatorStatus } from '../../protocol/operator.ts';
import type { DashboardState } from '../../client/dashboard/dashboard-state.ts';
import { NO_FLEET, withTimeline, withVolunteers } from '../../client/dashboard/fleet-state.ts';
import {
  barOf,
  lanesOf,
  leaseAt,
  MOST_LANES,
  spanOf,
  TIMELINE_MS,
} from '../../client/dashboard/grid/timeline-lanes.ts';
import { dashboard, live } from './dashboard-fixture.ts';
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

const text = (): string => root.textContent.replaceAll('\u00a0', ' ');
const funnel: Funnel = {
  ready: { chunks: 120, oldestSeconds: 95 },
  leased: { chunks: 7, oldestSeconds: 4 },
  checking: null,
  applied: 300,
  leases: { granted: 50, applied: 40, expired: 1, returned: 2, rejected: 5, late: 4 },
  rejected: [
    { code: 'ROW_TOO_FAR', count: 3 },
    { code: HOSTILE, count: 2 },
  ],
  retried: 9,
  parked: { chunks: 2, reason: 'Three volunteers failed on them.' },
};
const lines = [
  volunteerLine(1, { name: HOSTILE }),
  volunteerLine(2, { state: 'waiting', reason: 'Every free block is taken.' }),
  volunteerLine(3, { state: 'waiting', reason: 'Every free block is taken.' }),
  volunteerLine(4, { state: 'paused', reason: 'Paused by its volunteer.' }),
];
function withFleet(): DashboardState {
  let fleet = withVolunteers(NO_FLEET, { whole: true, rows: lines, removed: [] });
  fleet = withTimeline(fleet, [
    leaseEntry(7, { i: 0, j: 2, outcome: 'held', granted: NOW - 4000, ended: null }),
    leaseEntry(6, { granted: NOW - 20_000, ended: NOW - 15_000, outcome: 'rejected', reason: 'row 7 moved too far' }),
  ]);
  return { ...live, updated: NOW, fleet: { ...fleet, operator: { funnel } as OperatorStatus } };
}
async function press(canvas: Element | null, key: string): Promise<void> {
  canvas?.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true }));
  await new Promise((done) => requestAnimationFrame(done));
}

describe('grid', () => {
  it('tells who holds a block and for how long', async () => {
    render(dashboard(withFleet(), '#grid'), root);
    for (let k = 0; k < 3; k++) await press(root.querySelector('.grid-canvas'), 'ArrowRight');
    await expect
      .poll(() => root.querySelector('.tooltip')?.textContent?.replaceAll('\u00a0', ' '))
      .toBe(`input part 0, output part 2: leased by volunteer 1 (${HOSTILE}) for 4 s`);
    expect(root.querySelector('img')).toBeNull();
  });

  it('says why volunteers wait, with counts, most first', () => {
    render(dashboard(withFleet(), '#grid'), root);
    expect([...root.querySelectorAll('.waiting-list li')].map((item) => item.textContent)).toEqual([
      '2 Every free block is taken.',
      '1 Paused by its volunteer.',
    ]);
  });
});

describe('funnel', () => {
  it('has every stage with the age of its oldest, and rejections by cause', () => {
    render(dashboard(withFleet(), '#grid'), root);
    const stages = [...root.querySelectorAll('.funnel li')].map((item) => item.textContent?.replaceAll('\u00a0', ' '));
    expect(stages).toEqual([
      'Ready120oldest 1 min 35 s',
      'Leased7oldest 4 s',
      'Checking0this run checks nothing by replay',
      'Applied300of the episodes in memory',
      'Parked2Three volunteers failed on them.',
    ]);
    expect(text()).toContain('Rejected by ROW_TOO_FAR3');
    expect(text()).toContain('Retried9 chunks');
  });

  it('shows what is public without the operator’s events, and says what is not', () => {
    render(dashboard({ ...live, updated: NOW }, '#grid'), root);
    expect([...root.querySelectorAll('.funnel li')].map((item) => item.textContent)).toEqual([
      'Ready8',
      'Leased2',
      'Applied40',
    ]);
    expect(text()).toContain('Ages, causes of rejection and retries are shown to the operator');
    expect(root.querySelector('.timeline')).toBeNull();
  });
});

describe('timeline', () => {
  it('tells each lease by the arrow keys, with outcome and reason', async () => {
    render(dashboard(withFleet(), '#grid'), root);
    const canvas = root.querySelector('.timeline');
    expect(canvas?.getAttribute('aria-label')).toContain('1 held, 0 applied, 0 expired, 0 returned, 1 rejected');
    const told = (): string | undefined => root.querySelector('.timeline-told')?.textContent?.replaceAll('\u00a0', ' ');
    await press(canvas, 'ArrowRight');
    await expect.poll(told).toContain('Volunteer 1, lease 7: block 0, 2 of episode 12, 4,000 words, held for 4 s.');
    await press(canvas, 'ArrowLeft');
    await expect.poll(told).toContain('rejected after 5 s (row 7 moved too far)');
    expect(root.querySelector('img')).toBeNull();
  });

  it('gives the busiest volunteers lanes of their own, and puts the rest together', () => {
    const leases = Array.from({ length: 40 }, (_, k) =>
      leaseEntry(k, { session: k, granted: NOW - 30_000, ended: NOW - 30_000 + (k + 1) * 100 }),
    );
    const lanes = lanesOf([...leases, leaseEntry(99, { session: 99, granted: 0, ended: 10 })], NOW);
    expect(lanes.map(({ session }) => session)).toEqual([
      ...Array.from({ length: MOST_LANES }, (_, k) => k + 10),
      null,
    ]);
    expect(lanes.at(-1)?.leases).toHaveLength(10);
  });

  it('shows as much time as the leases fill, in steps, and a minute at most', () => {
    const from = (ms: number) => [
      leaseEntry(1, { granted: NOW - ms, ended: NOW }),
      leaseEntry(2, { granted: NOW - 10, ended: NOW }),
    ];
    expect([0, 14_000, 15_001, 59_000, 400_000].map((ms) => spanOf(from(ms), NOW))).toEqual([
      15e3, 15e3, 30e3, 6e4, 6e4,
    ]);
    expect(barOf(from(15_000)[0]!, NOW, 800, 30_000)).toEqual({ x: 400, width: 400 });
  });

  it('places bars by time, and finds them again', () => {
    const half = leaseEntry(1, { granted: NOW - TIMELINE_MS / 2, ended: NOW - TIMELINE_MS / 4 });
    expect(barOf(half, NOW, 800)).toEqual({ x: 400, width: 200 });
    const before = leaseEntry(2, { granted: NOW - 2 * TIMELINE_MS, ended: null });
    expect(barOf(before, NOW, 800)).toEqual({ x: 0, width: 800 });
    const lane = { session: 1, leases: [half] };
    expect(leaseAt(lane, 500, NOW, 800)).toBe(half);
    expect(leaseAt(lane, 650, NOW, 800)).toBeNull();
    expect(leaseAt(undefined, 650, NOW, 800)).toBeNull();
  });
});
