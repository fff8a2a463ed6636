// axe over every state of the volunteer's page, in both themes, at phone and laptop width: no violation, no overflow.
import '../../client/style/tokens.css';
import '../../client/style/base.css';
import '../../client/style/controls.css';
import '../../client/style/volunteer.css';
import axe from 'axe-core';
import { h, render } from 'preact';
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import { cdp, page } from 'vitest/browser';
import { VolunteerPage, type VolunteerPageProps } from '../../client/volunteer/page.tsx';
import { glanceOf } from '../../client/volunteer/run-glance.ts';
import { IDLE } from '../../client/volunteer/session.ts';
import type { WorkerState, WorkerStatus } from '../../client/worker/api.ts';
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
afterAll(() => cdp().send('Emulation.setEmulatedMedia', { features: [] }));

describe.each(['light', 'dark'])('%s', (theme) => {
  it.each(Object.entries(STATES))('%s', async (_, props) => {
    await cdp().send('Emulation.setEmulatedMedia', { features: [{ name: 'prefers-color-scheme', value: theme }] });
    await expect.poll(() => matchMedia(`(prefers-color-scheme: ${theme})`).matches).toBe(true);
    for (const width of [390, 1280]) {
      await page.viewport(width, 900);
      render(h(VolunteerPage, { ...base, ...props }), root);
      root.querySelectorAll('details').forEach((one) => (one.open = true));
      const { violations } = await axe.run(root, { resultTypes: ['violations'] });
      expect(violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html).join(' | ')}`)).toEqual([]);
      expect(document.documentElement.scrollWidth).toBeLessThanOrEqual(width);
    }
  });
});
