// The dashboard's corpus and service in a real browser, as far as they are the operator's alone.
import { h, render } from 'preact';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { Reading } from '../../client/dashboard/corpus/reading.tsx';
import { ServiceFigures } from '../../client/dashboard/service/service-figures.tsx';
import { HOSTILE } from './pages-fixture.ts';

let root: HTMLElement;
beforeEach(() => {
  root = document.body.appendChild(document.createElement('div'));
});
afterEach(() => {
  render(null, root);
  root.remove();
});

const text = (): string => root.textContent.replaceAll('\u00a0', ' ');

const corpus = {
  description: 'x',
  files: 12,
  bytes: 3e9,
  splits: 24,
  bytesRead: 1e9,
  bytesPerSecond: 4e6,
  position: { epoch: 2, split: 7, line: 4321 },
  errors: [{ node: HOSTILE, count: 3, last: 'DATANODE_UNREACHABLE: no answer', time: 1e12 }],
  waiting: null,
};

it('says how far reading is, and which nodes failed, as text', () => {
  render(h(Reading, { corpus }), root);
  expect(text()).toContain('12, 3.00 GB as stored, in 24 splits');
  expect(text()).toContain('1.00 GB, 4.0 MB a second now');
  expect(text()).toContain('epoch 2, split 7, line 4,321');
  const cells = [...root.querySelectorAll('tbody td')].map((cell) => cell.textContent);
  expect([cells[0], cells[1], cells[3]]).toEqual([HOSTILE, '3', 'DATANODE_UNREACHABLE: no answer']);
  expect(root.querySelector('img')).toBeNull();
  render(h(Reading, { corpus: { ...corpus, position: null, errors: [], bytesRead: null } }), root);
  expect(text()).toContain('not measured, 4.0 MB a second now');
  expect(text()).toContain('training has not begun');
  expect(text()).toContain('None.');
  render(h(Reading, { corpus: { ...corpus, errors: null } }), root);
  expect(text()).toContain('Not measured for this corpus.');
});

it('shows lag, load, memory and queues', () => {
  const service = {
    lagMs: { p50: 2, p99: 30, most: 45 },
    cpu: 0.25,
    memory: { resident: 8e8, heap: 2e8, buffers: 1e8 },
    bytesDown: 0,
    bytesUp: 0,
    queuedBytes: 3e6,
    hungry: 5,
    episodes: 2,
    checkpointSeconds: null,
    viewers: 1,
    uptimeSeconds: 65,
  };
  render(h(ServiceFigures, { service }), root);
  expect(text()).toContain('2 ms99th percentile 30 ms, worst 45 ms');
  expect(text()).toContain('25.0 %of one core');
  expect(text()).toContain('800 MB200 MB heap, 100 MB buffers');
  expect(text()).toContain('Unsent to volunteers3.0 MB');
  expect(text()).toContain('Episodes in memory2');
});
