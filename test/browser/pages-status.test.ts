// What anybody may see, in a real browser: the public status page, and the wall screen.
import '../../client/style/tokens.css';
import '../../client/style/base.css';
import '../../client/style/dashboard-wall.css';
import { h, render } from 'preact';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { WallScreen } from '../../client/dashboard/wall/wall-screen.tsx';
import { EMPTY } from '../../client/dashboard/dashboard-state.ts';
import { DEFAULT_TITLE, StatusPage, titleOf } from '../../client/status/page.tsx';
import { sparkPath } from '../../client/ui/sparkline.tsx';
import type { About } from '../../protocol/status.ts';
import { live } from './dashboard-fixture.ts';
import { HOSTILE, runStatus } from './pages-fixture.ts';

let root: HTMLElement;
beforeEach(() => {
  root = document.body.appendChild(document.createElement('div'));
});
afterEach(() => {
  render(null, root);
  root.remove();
  location.hash = '';
});

const text = (): string => root.textContent.replaceAll('\u00a0', ' ');
const about: About = { title: HOSTILE, operator: HOSTILE, purpose: HOSTILE, link: '', version: '0.1.0' };

describe('status page', () => {
  it('shows how the run does, for whom it is, and asks for nothing', () => {
    render(h(StatusPage, { state: live, about: { ...about, title: 'Novels', operator: 'The library' } }), root);
    expect(root.querySelector('h1')?.textContent).toBe('Novels');
    expect(text()).toContain('For The library');
    expect(root.querySelector('.badge')?.textContent).toBe('Healthy');
    expect(text()).toContain('2 volunteers train.');
    expect(text()).toContain('Trained50.0 %epoch 3 of 5');
    expect(root.querySelectorAll('svg.sparkline')).toHaveLength(2);
    expect(root.querySelector('a')?.getAttribute('href')).toBe('./');
    expect(root.querySelector('input[type=password]')).toBeNull();
  });

  it('tells strangers nothing about single volunteers, the folder of the results or the log', () => {
    const status = { ...runStatus, corpus: 'secret-corpus', out: 'secret-out' };
    render(h(StatusPage, { state: { ...live, status, log: [{ ...live.log[0]!, text: 'secret-log' }] }, about }), root);
    expect(text()).not.toContain('secret');
    expect(root.querySelector('table')).toBeNull();
  });

  it('takes nothing for HTML, and says what is missing', () => {
    render(h(StatusPage, { state: live, about }), root);
    expect(root.querySelector('img')).toBeNull();
    expect(root.querySelector('h1')?.textContent).toBe(HOSTILE);
    render(h(StatusPage, { state: EMPTY, about: null }), root);
    expect(text()).toContain('Asking the coordinator…');
    const connection = { kind: 'lost', since: 1e12, retryAt: 1e12 } as const;
    render(h(StatusPage, { state: { ...EMPTY, connection }, about: null }), root);
    expect(text()).toContain('The coordinator does not answer.');
  });

  it('puts the state into the title of the tab', () => {
    expect(titleOf({ state: EMPTY, about: null })).toBe(DEFAULT_TITLE);
    const title = titleOf({ state: live, about: { ...about, title: 'Novels' } }).replaceAll('\u00a0', ' ');
    expect(title).toBe('50.0 % healthy: Novels');
  });

  it('draws small lines from the first value to the last, with gaps bridged', () => {
    expect(sparkPath([null, 2])).toBe('');
    expect(sparkPath([0, null, 10, 5])).toBe('M0.00,29.00L50.00,1.00L100.00,15.00');
    expect(sparkPath([3, 3])).toBe('M0.00,15.00L100.00,15.00');
    const long = sparkPath(Array.from({ length: 10_000 }, (_, k) => k));
    expect(long.split('L').length).toBeLessThanOrEqual(240);
    expect(long).toMatch(/L100\.00,1\.00$/);
  });
});

describe('wall screen', () => {
  it('shows large figures and the reason, dark in either theme', () => {
    location.hash = 'wall';
    render(h(WallScreen, { state: live }), root);
    expect(text()).toContain('2 volunteers train.');
    expect(text()).toContain('Progress50.0 %');
    const figure = root.querySelector('.wall-figures dd');
    expect(Number.parseFloat(getComputedStyle(figure!).fontSize)).toBeGreaterThanOrEqual(32);
    expect(getComputedStyle(root.querySelector('.wall')!).backgroundColor).toBe('rgb(15, 19, 22)');
    // Nothing to press is seen.
    expect(getComputedStyle(root.querySelector('.wall-leave')!).opacity).toBe('0');
    expect(root.querySelectorAll('button')).toHaveLength(1);
  });

  it('is left by Escape', async () => {
    location.hash = 'wall';
    render(h(WallScreen, { state: { ...EMPTY } }), root);
    await new Promise((done) => setTimeout(done, 50));
    dispatchEvent(new KeyboardEvent('keydown', { key: 'Escape' }));
    expect(location.hash).toBe('#overview');
  });
});
