// What a screen reader hears of the tab's state while pieces of work follow one another.
import { h, render } from 'preact';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { Announcement } from '../../client/volunteer/announcement.tsx';
import { stateOf, type Facts } from '../../client/worker/state.ts';

let root: HTMLElement;
beforeEach(() => {
  root = document.body.appendChild(document.createElement('div'));
});
afterEach(() => {
  render(null, root);
  root.remove();
});

const FACTS: Facts = {
  ended: null,
  leaving: false,
  hold: null,
  link: 'open',
  lostReason: '',
  training: null,
  idleReason: '',
  hidden: false,
  hiddenShare: null,
};
const NEVER_MS = 2 ** 31 - 1;

/** Shows what the worker says in these conditions, in Preact's own time. */
async function tell(facts: Partial<Facts>, settledMs = NEVER_MS): Promise<void> {
  const { state, reason } = stateOf({ ...FACTS, ...facts });
  render(h(Announcement, { state, word: state, reason, settledMs }), root);
  await new Promise((done) => requestAnimationFrame(done));
}
const heard = (): string | undefined => root.querySelector('[role=status]')?.textContent;

it('changes nothing from piece to piece, whatever their sizes and the waits between', async () => {
  await tell({ training: 100 });
  expect(heard()).toBe('training: training pairs of words');
  let changes = 0;
  const observer = new MutationObserver((records) => (changes += records.length));
  observer.observe(root, { subtree: true, childList: true, characterData: true });
  for (const training of [null, 200, null, 300_000]) await tell({ training });
  await tell({ idleReason: 'every free block is taken' });
  await tell({ training: 7 });
  await new Promise((done) => requestAnimationFrame(done));
  expect(changes).toBe(0);
  observer.disconnect();
});

it('tells every other change at once, with its reason', async () => {
  await tell({ link: 'opening' });
  await tell({});
  expect(heard()).toBe('waiting: connected; asking for work');
  await tell({ idleReason: 'every free block is taken' });
  expect(heard()).toBe('waiting: every free block is taken');
  await tell({ training: 5 });
  await tell({ link: 'lost', lostReason: 'it does not answer' });
  expect(heard()).toBe('connecting: it does not answer');
  await tell({ training: 5 });
  await tell({ hold: { code: 'battery', reason: 'on battery (63 %)' } });
  expect(heard()).toBe('paused: on battery (63 %)');
});

it('tells that it waits once that lasts, with the reason of that time', async () => {
  await tell({ training: 5 });
  await tell({}, 5);
  await expect.poll(heard, { timeout: 10_000 }).toBe('waiting: connected; asking for work');
  await tell({ idleReason: 'every free block is taken' });
  expect(heard()).toBe('waiting: every free block is taken');
  await tell({ training: 9 });
  expect(heard()).toBe('training: training pairs of words');
});
