// axe over every section of the dashboard, the wall screen and the status page, in both themes, at phone and laptop
// width: no violation, no overflow.
import '../../client/style/tokens.css';
import '../../client/style/base.css';
import '../../client/style/controls.css';
import '../../client/style/dashboard.css';
import '../../client/style/dashboard-operator.css';
import '../../client/style/dashboard-overview.css';
import '../../client/style/dashboard-grid.css';
import '../../client/style/dashboard-leases.css';
import '../../client/style/dashboard-model.css';
import '../../client/style/dashboard-volunteers.css';
import '../../client/style/dashboard-corpus.css';
import '../../client/style/dashboard-log.css';
import '../../client/style/dashboard-wall.css';
import '../../client/style/status.css';
import '../../client/style/plots.css';
import { type ComponentChild, h, render } from 'preact';
import { afterAll, afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { EMPTY, type DashboardState } from '../../client/dashboard/dashboard-state.ts';
import type { Operator } from '../../client/dashboard/operator/operator.ts';
import { SECTIONS } from '../../client/dashboard/sections.ts';
import { WallScreen } from '../../client/dashboard/wall/wall-screen.tsx';
import { StatusPage } from '../../client/status/page.tsx';
import type { ModelStatus, OperatorStatus, VolunteerHistory } from '../../protocol/operator.ts';
import { expectAccessible, prefer, THEMES } from './axe-fixture.ts';
import { corpusReport, corpusStatus } from './corpus-fixture.ts';
import { dashboard, live, operator } from './dashboard-fixture.ts';
import { leaseEntry, NOW, volunteerLine } from './fleet-fixture.ts';
import { HOSTILE, runStatus } from './pages-fixture.ts';

const told: OperatorStatus = {
  funnel: {
    ready: { chunks: 120, oldestSeconds: 95 },
    leased: { chunks: 7, oldestSeconds: 4 },
    checking: { chunks: 1, oldestSeconds: 2 },
    applied: 300,
    leases: { granted: 50, applied: 40, expired: 1, returned: 2, rejected: 5, late: 4 },
    rejected: [{ code: 'ROW_TOO_FAR', count: 3 }],
    retried: 9,
    parked: { chunks: 2, reason: 'Three volunteers failed on them.' },
  },
  corpus: corpusStatus,
  service: {
    lagMs: { p50: 2, p99: 30, most: 45 },
    cpu: 0.25,
    memory: { resident: 8e8, heap: 2e8, buffers: 1e8 },
    bytesDown: 1e6,
    bytesUp: 1e6,
    queuedBytes: 3e6,
    hungry: 5,
    episodes: 2,
    checkpointSeconds: null,
    viewers: 1,
    uptimeSeconds: 65,
  },
  audit: { rate: 0.02, passed: 40, failed: 1, pending: 2, skipped: 3, undone: 0 },
};
const rows = [
  volunteerLine(1, { name: HOSTILE, browser: 'Firefox 153', roundTripMs: 40 }),
  volunteerLine(2, { standing: 'quarantined', rejected: 3 }),
  volunteerLine(3, { state: 'waiting', reason: 'Every free block is taken.' }),
  volunteerLine(4, {
    state: 'paused',
    reason: 'Paused by its volunteer.',
    checks: { passed: 4, failed: 1, pending: 2 },
  }),
];
const leases = [
  leaseEntry(7, { i: 0, j: 2, outcome: 'held', granted: NOW - 4000, ended: null }),
  leaseEntry(6, { granted: NOW - 20_000, ended: NOW - 15_000, outcome: 'rejected', reason: 'row 7 moved too far' }),
];
const full: DashboardState = {
  ...live,
  updated: NOW,
  fleet: { volunteers: new Map(rows.map((row) => [row.id, row])), leases, operator: told },
  log: (['info', 'warning', 'error'] as const).map((level, k) => ({ ...live.log[0]!, seq: k + 1, level })),
};
const degraded: DashboardState = {
  ...full,
  connection: { kind: 'lost', since: 1e12, retryAt: 1e15 },
  status: { ...runStatus, health: { word: 'diverging', reason: 'The loss grows.' }, warning: 'The loss grows.' },
};

const model: ModelStatus = {
  modelVersion: 40,
  time: 1e12,
  rows: 100,
  dim: 50,
  input: { untouched: 12, mean: 1.5, longest: 3.9, histogram: { step: 1, counts: [10, 60, 20, 10] } },
  output: { untouched: 0, mean: 2, longest: 2.5, histogram: { step: 0.5, counts: [0, 100] } },
};
const history: VolunteerHistory = {
  volunteer: rows[3]!,
  leases,
  series: {
    time: [NOW, NOW + 1000, NOW + 2000],
    wordsPerSecond: [0, 5000, 2500],
    roundTripMs: [null, 20, 21],
    acceptedWords: [0, 4000, 8000],
  },
};
const answers: Readonly<Record<string, unknown>> = { 'api/model': model, 'api/volunteers/4': history };
const answerOf = (path: string): unknown => (path.startsWith('api/corpus?') ? corpusReport(120, path) : answers[path]);
const knowing: Operator = {
  ...operator,
  call: (path) =>
    answerOf(path) !== undefined
      ? Promise.resolve({ ok: true, body: answerOf(path) as never })
      : Promise.resolve({ ok: false, failure: { code: 'UNEXPECTED', message: `nobody expected ${path}` } }),
};
const stranger: Operator = { ...operator, signedIn: false };
const strange: DashboardState = { ...live, isOperator: false };

const about = {
  title: 'Novels',
  operator: 'The library',
  purpose: 'To read.',
  link: 'https://example.org',
  version: '1',
};

interface Shown {
  readonly page: () => ComponentChild;
  /** What is there when the page is complete. */
  readonly complete?: string;
}
/** What a section fetches or draws after its first picture. */
const COMPLETE: Readonly<Record<string, string>> = {
  overview: '.plot canvas',
  service: '.plot canvas',
  model: '.histogram',
  corpus: '.cell-path',
};
const SHOWN: Readonly<Record<string, Shown>> = {
  ...Object.fromEntries(
    SECTIONS.map(({ id }) => {
      const complete = COMPLETE[id];
      const page = (): ComponentChild => dashboard(full, `#${id}`, knowing);
      return [`dashboard: ${id}`, complete === undefined ? { page } : { page, complete }];
    }),
  ),
  'dashboard: one volunteer': {
    page: () => dashboard(full, '#volunteers/4', knowing),
    complete: '.one-volunteer',
  },
  'dashboard: volunteers, not signed in': { page: () => dashboard(strange, '#volunteers', stranger) },
  'dashboard: overview, not signed in': { page: () => dashboard(strange, '#overview', stranger) },
  'dashboard: connection lost': { page: () => dashboard(degraded, '#overview', knowing) },
  'dashboard: nothing known': { page: () => dashboard(EMPTY, '#overview', stranger) },
  'wall screen': { page: () => h(WallScreen, { state: full }) },
  'status page': { page: () => h(StatusPage, { state: full, about }) },
  'status page, connection lost': { page: () => h(StatusPage, { state: degraded, about }) },
  'status page, nothing known': { page: () => h(StatusPage, { state: EMPTY, about: null }) },
};

let root: HTMLElement;
beforeEach(() => {
  document.documentElement.lang = 'en';
  document.title = 'Tributary';
  root = document.body.appendChild(document.createElement('div'));
  // Nobody is there to answer.
  vi.spyOn(globalThis, 'fetch').mockImplementation(() => new Promise(() => undefined));
});
afterEach(() => {
  render(null, root);
  root.remove();
  location.hash = '';
  localStorage.clear();
  vi.restoreAllMocks();
});
afterAll(() => prefer(null));

describe.each(THEMES)('%s', (theme) => {
  it.each(Object.entries(SHOWN))('%s', async (_, { page, complete }) => {
    await prefer(theme);
    await expectAccessible(root, async () => {
      render(page(), root);
      if (complete !== undefined)
        await expect.poll(() => root.querySelector(complete), { timeout: 15_000 }).not.toBeNull();
    });
  });
});
