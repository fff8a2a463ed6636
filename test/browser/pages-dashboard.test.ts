// The dashboard's frame in a real browser: states with reasons, sections, and that the wire is text.
import { render } from 'preact';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { RunState } from '../../protocol/status.ts';
import { placeOf, SECTIONS, sectionStore } from '../../client/dashboard/sections.ts';
import { dashboard, live } from './dashboard-fixture.ts';
import { HOSTILE, runStatus } from './pages-fixture.ts';

let root: HTMLElement;
beforeEach(() => {
  root = document.body.appendChild(document.createElement('div'));
});
afterEach(() => {
  render(null, root);
  root.remove();
});

describe('dashboard', () => {
  const states: RunState[] = ['counting', 'preparing', 'training', 'starved', 'paused', 'stopping', 'done', 'failed'];
  for (const state of states) {
    it(`shows the run ${state} with its reason`, () => {
      render(dashboard({ ...live, status: { ...runStatus, state, reason: `It is ${state}.` } }), root);
      const header = root.querySelector('.run-header .state');
      expect(header?.textContent?.toLowerCase()).toBe(`${state}it is ${state}.`);
      const open = [...root.querySelectorAll<HTMLButtonElement>('.operator > .buttons button')].filter(
        (b) => !b.disabled,
      ).length;
      expect(open).toBe(['stopping', 'done', 'failed'].includes(state) ? 0 : state === 'counting' ? 1 : 3);
    });
  }

  it('never takes what comes from the wire for HTML, in any section', async () => {
    const found: string[] = [];
    for (const { id } of SECTIONS) {
      render(dashboard(live, `#${id}`), root);
      expect(root.querySelector('img')).toBeNull();
      expect(root.querySelector('.masthead-run')?.textContent).toBe(HOSTILE);
      if (root.querySelector('main')?.textContent.includes(HOSTILE) === true) found.push(id);
      await new Promise((done) => setTimeout(done, 20));
    }
    expect(found).toEqual(expect.arrayContaining(['overview', 'volunteers', 'corpus', 'log']));
    expect('hacked' in window).toBe(false);
  });

  it('says that a run diverges, and what to change', () => {
    render(dashboard({ ...live, status: { ...runStatus, warning: 'this run diverges: lower --alpha' } }), root);
    expect(root.querySelector('.run-warning[role=alert]')?.textContent).toBe(
      'DivergingThis run diverges: lower --alpha.',
    );
    render(dashboard(live), root);
    expect(root.querySelector('.run-warning')).toBeNull();
  });

  it('says that the connection is lost, since when, and that it retries', () => {
    render(dashboard({ ...live, connection: { kind: 'lost', since: 1e12 + 5000 } }), root);
    expect(root.querySelector('[role=alert]')?.textContent).toMatch(
      /Connection lost at \d\d:\d\d:\d\d, retrying\. What is shown dates from/,
    );
  });
});

describe('sections', () => {
  it('are links, of which the current one is marked', () => {
    for (const { id, title } of SECTIONS) {
      render(dashboard(live, `#${id}`), root);
      const links = [...root.querySelectorAll<HTMLAnchorElement>('.sections a')];
      expect(links.map((link) => link.getAttribute('href'))).toEqual(SECTIONS.map((one) => `#${one.id}`));
      expect(links.filter((link) => link.ariaCurrent === 'page').map((link) => link.textContent)).toEqual([title]);
      expect(root.querySelector('h1')?.textContent).toBe(title);
      // The header stays on each of them.
      expect(root.querySelector('.run-header .badge')?.textContent).toBe('Training');
    }
  });

  it('are named by the hash, with a path of their own', () => {
    expect(placeOf('#volunteers/12')).toEqual({ section: 'volunteers', path: '12' });
    expect(placeOf('#log')).toEqual({ section: 'log', path: '' });
    for (const hash of ['', '#', '#nothing', '#constructor', 'log']) expect(placeOf(hash)).toBeNull();
  });

  it('remember which was open last', () => {
    expect(sectionStore.read()).toBe('overview');
    sectionStore.keep('service');
    expect(sectionStore.read()).toBe('service');
    localStorage.setItem('tributary.dashboard-section', 'gone');
    expect(sectionStore.read()).toBe('overview');
    localStorage.clear();
  });
});
