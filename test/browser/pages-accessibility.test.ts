// axe over every state of the volunteer's page and its controls, in both themes, at phone and laptop width: no violation, no overflow.
import '../../client/style/tokens.css';
import '../../client/style/base.css';
import '../../client/style/controls.css';
import '../../client/style/volunteer.css';
import '../../client/style/volunteer-controls.css';
import { h, render } from 'preact';
import { afterAll, afterEach, beforeEach, describe, it } from 'vitest';
import type { ControlsView } from '../../client/volunteer/controls/controller.ts';
import { ControlsPanel } from '../../client/volunteer/controls/controls-panel.tsx';
import { DEFAULTS } from '../../client/volunteer/controls/settings.ts';
import { VolunteerPage, type VolunteerPageProps } from '../../client/volunteer/page.tsx';
import { glanceOf } from '../../client/volunteer/run-glance.ts';
import { IDLE } from '../../client/volunteer/session.ts';
import type { WorkerState, WorkerStatus } from '../../client/worker/api.ts';
import { expectAccessible, prefer, THEMES } from './axe-fixture.ts';
import { quietTraffic, runStatus, workerStatus } from './pages-fixture.ts';

const about = {
  title: 'River archive: words of 1900 to 1950',
  operator: 'University of the River',
  purpose: 'Vectors for historians who search letters and newspapers by meaning.',
  link: 'https://example.org/river',
  version: '1',
};
const nothing = (): void => undefined;
const actions = { start: nothing, pause: nothing, resume: nothing, finish: nothing, leave: nothing };
const nearlyAll: ControlsView = {
  settings: DEFAULTS,
  battery: { kind: 'known', charging: true, level: 0.8 },
  presence: 'active',
  idle: { kind: 'offered' },
  awakeOffered: true,
  awake: { kind: 'off' },
  used: { today: 3e6, session: 1e6 },
  remembered: false,
  notice: null,
};
const everything: ControlsView = {
  ...nearlyAll,
  settings: {
    power: 'low',
    idleOnly: true,
    pauseOnBattery: true,
    dataCap: { megabytes: 500, per: 'day' },
    hours: { from: 22 * 60, to: 7 * 60 },
    keepAwake: true,
  },
  awake: { kind: 'on' },
  remembered: true,
};
const nothingOffered: ControlsView = {
  ...everything,
  battery: { kind: 'unknown' },
  presence: 'unknown',
  idle: { kind: 'missing', why: 'This browser cannot tell whether the computer is in use.' },
  awakeOffered: false,
  awake: { kind: 'refused', why: 'This browser cannot keep the screen on.' },
  notice: 'What was remembered cannot be read: these are the usual ones.',
};
const controls = (view: ControlsView, state: WorkerStatus = workerStatus): Partial<VolunteerPageProps> => ({
  status: state,
  controls: h(ControlsPanel, { view, status: state, actions: { change: nothing, remember: nothing } }),
});
const base: VolunteerPageProps = {
  status: workerStatus,
  capability: { kind: 'webgpu', device: 'A GPU' },
  glance: glanceOf(runStatus),
  about,
  traffic: quietTraffic,
  nickname: { name: '', storage: () => sessionStorage, onName: nothing },
  actions,
  controls: null,
};
const status = (state: WorkerState, more: Partial<WorkerStatus> = {}): Partial<VolunteerPageProps> => ({
  status: { ...workerStatus, state, reason: `Because of ${state}.`, ...more },
});
const STATES: Readonly<Record<string, Partial<VolunteerPageProps>>> = {
  ready: { status: IDLE },
  'ready without WebGPU and SIMD': { status: IDLE, capability: { kind: 'cpu', why: 'No WebGPU here.', simd: false } },
  'coordinator away': { status: IDLE, glance: { kind: 'unreachable', message: 'Nobody answers.' } },
  'run failed': { status: IDLE, glance: glanceOf({ ...runStatus, state: 'failed' }) },
  connecting: status('connecting', { reconnectInMs: 4000 }),
  waiting: status('waiting', { piece: null }),
  training: {},
  refused: status('training', { rejected: 1, refusal: 'a row moved further than its hits allow' }),
  paused: status('paused'),
  leaving: status('leaving'),
  left: status('left'),
  done: status('done'),
  'controls before the start': controls(nearlyAll, IDLE),
  'controls, all in use': controls(everything),
  'controls, nothing offered': controls(nothingOffered, { ...workerStatus, state: 'paused', heldBy: 'idle-only' }),
  banned: status('error', { reason: 'The coordinator refused this tab: banned by the operator.' }),
};

let root: HTMLElement;
beforeEach(() => {
  document.documentElement.lang = 'en';
  document.title = 'Tributary';
  root = document.body.appendChild(document.createElement('div'));
});
afterEach(() => {
  render(null, root);
  root.remove();
});
afterAll(() => prefer(null));

describe.each(THEMES)('%s', (theme) => {
  it.each(Object.entries(STATES))('%s', async (_, props) => {
    await prefer(theme);
    await expectAccessible(root, () => render(h(VolunteerPage, { ...base, ...props }), root));
  });
});
