// The dashboard's frame in a real browser: states with reasons, sections, and that the wire is text.
import { render } from 'preact';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { RUN_ACTIONS } from '../../protocol/actions.ts';
import type { HealthWord, RunState } from '../../protocol/status.ts';
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
      expect(root.querySelector('.run-header .state')?.textContent).toBe(`Healthy${state}2 volunteers train.`);
      const open = [...root.querySelectorAll<HTMLButtonElement>('.operator > .buttons button')]
        .filter((button) => !button.disabled)
        .map((button) => button.textContent);
      const over = ['stopping', 'done', 'failed'].includes(state);
      const senseless = state === 'paused' ? 'pause' : 'resume';
      const possible = RUN_ACTIONS.filter(({ name }) =>
        state === 'counting' ? name === 'pause' : !over && name !== senseless,
      );
      expect(open).toEqual(possible.map(({ title }) => `${title}…`));
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

  const words: HealthWord[] = ['healthy', 'degraded', 'starved', 'diverging', 'halted', 'done', 'failed'];
  it.each(words)('says on every section that the run is %s, and why', (word) => {
    for (const { id } of SECTIONS) {
      const status = { ...runStatus, health: { word, reason: `why it is ${word}` } };
      render(dashboard({ ...live, status }, `#${id}`), root);
      expect(root.querySelector('.run-header .badge')?.textContent?.toLowerCase()).toBe(word);
      expect(root.querySelector('.state-reason')?.textContent).toBe(`why it is ${word}`);
    }
  });

  it('counts down to the next attempt while the connection is lost, and marks what is old', async () => {
    const now = Date.now();
    const connection = { kind: 'lost', since: now - 1000, retryAt: now + 60_000 } as const;
    render(dashboard({ ...live, updated: now - 2000, connection }), root);
    const line = (): string => (root.querySelector('.connection')?.textContent ?? '').replaceAll('\u00a0', ' ');
    expect(line()).toMatch(/^Connection lost at \d\d:\d\d:\d\d\. Next attempt in .*What is shown dates from/);
    const first = line();
    await expect.poll(line, { timeout: 10_000 }).not.toBe(first);
    expect(root.querySelector('.dashboard')?.classList.contains('stale')).toBe(true);
    render(dashboard({ ...live, connection: { ...connection, retryAt: now - 1 } }), root);
    expect(line()).toContain('Trying again…');
  });

  it('says when reports stay away though the line is open', () => {
    render(dashboard({ ...live, updated: Date.now() - 12_000 }), root);
    expect(root.querySelector('.connection')?.textContent).toMatch(/^No report for 1\d/);
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
      expect(root.querySelector('.run-header .badge')?.textContent).toBe('Healthy');
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
