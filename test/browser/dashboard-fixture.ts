// The dashboard with a state of its own, for the tests of its sections.
import { type ComponentChild, h } from 'preact';
import { type DashboardState, EMPTY } from '../../client/dashboard/dashboard-state.ts';
import type { Operator } from '../../client/dashboard/operator/operator.ts';
import { DashboardPage } from '../../client/dashboard/page.tsx';
import { placeOf } from '../../client/dashboard/sections.ts';
import { volunteerLine } from './fleet-fixture.ts';
import { HOSTILE, runStatus } from './pages-fixture.ts';
import { line, point } from '../unit/run/points.ts';

const lines = [2, 3, 1].map((id) => volunteerLine(id));

/** A connected dashboard with three points and one event. */
export const live: DashboardState = {
  ...EMPTY,
  connection: { kind: 'live' },
  updated: 1e12,
  status: runStatus,
  history: [1, 2, 3].map((k) =>
    point({
      time: 1e12 + k * 1000,
      tokens: k,
      wordsPerSecond: k * 1000,
      loss: k === 1 ? null : 3,
      heldOut: k < 3 ? null : 2.5,
      probe: k < 3 ? [null, null] : [0.5, -0.25],
      volunteers: 1,
    }),
  ),
  isOperator: true,
  fleet: { volunteers: new Map(lines.map((row) => [row.id, row])), leases: [], operator: null },
  log: [line({ level: 'error', text: HOSTILE })],
};

/** Signed in; every request is refused, so that one which a test does not expect is seen. */
export const operator: Operator = {
  signedIn: true,
  refusal: null,
  call: (path) => Promise.resolve({ ok: false, failure: { code: 'UNEXPECTED', message: `nobody expected ${path}` } }),
  signIn: () => undefined,
  signOut: () => undefined,
};

/** The page at `hash`. */
export function dashboard(state: DashboardState, hash = '#overview', by: Operator = operator): ComponentChild {
  const place = placeOf(hash);
  if (place === null) throw new Error(`${hash} is no place in the dashboard`);
  return h(DashboardPage, { state, operator: by, place });
}
