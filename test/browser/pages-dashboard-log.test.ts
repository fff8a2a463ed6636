// The dashboard's event log in a real browser: the filter, and standing still.
import { render } from 'preact';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { EVERYTHING, filtered } from '../../client/dashboard/log/log-filter.ts';
import type { RunEvent } from '../../protocol/status.ts';
import { dashboard, live } from './dashboard-fixture.ts';

let root: HTMLElement;
beforeEach(() => {
  root = document.body.appendChild(document.createElement('div'));
});
afterEach(() => {
  render(null, root);
  root.remove();
});

const event = (seq: number, rest: Partial<RunEvent>): RunEvent => ({
  seq,
  time: 1e12 + seq,
  level: 'info',
  category: 'lease',
  who: 'coordinator',
  text: `event ${seq}`,
  ...rest,
});
const events = [
  event(4, { level: 'error', category: 'corpus', text: 'A data node is silent' }),
  event(3, { level: 'warning' }),
  event(2, { category: 'operator', who: 'operator', text: 'pause' }),
  event(1, {}),
];
const shown = (): (string | null)[] => [...root.querySelectorAll('.log-text')].map((one) => one.textContent);

function field<T extends HTMLElement>(label: string): T {
  const found = [...root.querySelectorAll('.log-filters label')].find((one) => one.textContent.startsWith(label));
  const input = found?.querySelector<T>('input, select');
  if (input === undefined || input === null) throw new Error(`no field ${label}`);
  return input;
}

describe('log', () => {
  it('is filtered by level, by what it is about, and by words in any order', () => {
    const seqs = (filter: object): number[] => filtered(events, { ...EVERYTHING, ...filter }).map(({ seq }) => seq);
    expect(seqs({})).toEqual([4, 3, 2, 1]);
    expect(seqs({ level: 'warning' })).toEqual([4, 3]);
    expect(seqs({ category: 'operator' })).toEqual([2]);
    expect(seqs({ text: ' SILENT data ' })).toEqual([4]);
    expect(seqs({ text: 'operator' })).toEqual([2]);
  });

  it('shows what the filter leaves, and how much that is', async () => {
    render(dashboard({ ...live, log: events }, '#log'), root);
    expect(shown()).toEqual(['A data node is silent', 'event 3', 'pause', 'event 1']);
    const level = field<HTMLSelectElement>('Level');
    level.value = 'warning';
    level.dispatchEvent(new Event('change', { bubbles: true }));
    await expect.poll(shown).toEqual(['A data node is silent', 'event 3']);
    expect(root.querySelector('main [role=status]')?.textContent).toBe('2 of 4 events');
    const words = field<HTMLInputElement>('Text');
    words.value = 'nothing like it';
    words.dispatchEvent(new Event('input', { bubbles: true }));
    await expect.poll(() => root.querySelector('main')?.textContent).toContain('No event fits the filter.');
  });

  it('follows what comes, or stands still and says how much is newer', async () => {
    render(dashboard({ ...live, log: events.slice(2) }, '#log'), root);
    field<HTMLInputElement>('Follow').click();
    await new Promise((done) => setTimeout(done, 20));
    render(dashboard({ ...live, log: events }, '#log'), root);
    expect(shown()).toEqual(['pause', 'event 1']);
    const more = [...root.querySelectorAll('button')].find((button) => button.textContent === 'Show 2 newer');
    more?.click();
    await expect.poll(() => shown().length).toBe(4);
    expect(field<HTMLInputElement>('Follow').checked).toBe(true);
  });
});
