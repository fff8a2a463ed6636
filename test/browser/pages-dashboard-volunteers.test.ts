// The dashboard's volunteers in a real browser.
import { render } from 'preact';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { dashboard, live } from './dashboard-fixture.ts';

let root: HTMLElement;
beforeEach(() => {
  root = document.body.appendChild(document.createElement('div'));
});
afterEach(() => {
  render(null, root);
  root.remove();
});

describe('volunteers', () => {
  it('are sorted by speed', () => {
    render(dashboard(live, '#volunteers'), root);
    const ids = [...root.querySelectorAll('tbody tr')].map((row) => row.querySelector('td')?.textContent);
    expect(ids).toEqual(['2', '3', '1']);
  });
});
