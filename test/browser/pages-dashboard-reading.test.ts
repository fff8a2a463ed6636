// The dashboard's corpus and service in a real browser, as far as they are the operator's alone.
import { h, render } from 'preact';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { FileTable } from '../../client/dashboard/corpus/file-table.tsx';
import { NodeTable } from '../../client/dashboard/corpus/node-table.tsx';
import { Reading } from '../../client/dashboard/corpus/reading.tsx';
import type { Operator } from '../../client/dashboard/operator/operator.ts';
import { ServiceFigures } from '../../client/dashboard/service/service-figures.tsx';
import { corpusReport, corpusStatus } from './corpus-fixture.ts';
import { operator } from './dashboard-fixture.ts';
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

const cells = (row: number): string[] =>
  [...root.querySelectorAll(`tbody tr:nth-child(${row}) td`)].map((cell) => cell.textContent.replaceAll('\u00a0', ' '));

it('says how far reading is, what is open and what it waits for, as text', () => {
  render(h(Reading, { corpus: corpusStatus }), root);
  expect(text()).toContain('12, 3.00 GB as stored, in 24 splits');
  expect(text()).toContain('4 done, 1 in reading, 6 waiting, 1 failed');
  expect(text()).toContain('Read since the start1.00 GB');
  expect(text()).toContain('Now4.0 MB a second over the last ten seconds');
  expect(text()).toContain(`Open now${HOSTILE}`);
  expect(text()).toContain('epoch 2, split 7, line 4,321');
  expect(text()).toContain('Waits forIt waits for a data node.');
  expect(root.querySelector('img')).toBeNull();
});

it('says why nothing is read', () => {
  const still = { ...corpusStatus, bytesPerSecond: 0, reading: [], waits: [], waiting: null, position: null };
  render(h(Reading, { corpus: still }), root);
  expect(text()).toContain('Nownothing in the last ten seconds: the text ahead is prepared');
  expect(text()).toContain('Open nowno file');
  expect(text()).toContain('training has not begun');
  expect(text()).toContain('Waits fornothing');
  render(h(Reading, { corpus: { ...still, waiting: 'dn3 is silent' } }), root);
  expect(text()).toContain('nothing in the last ten seconds: reading waits');
  render(h(Reading, { corpus: { ...still, pass: 'counting' } }), root);
  expect(text()).not.toContain('prepared, no more');
});

it('tells each node by what it gave, and its failures by code', () => {
  const own = {
    role: 'files',
    node: '',
    bytes: 1200,
    failures: 0,
    codes: [],
    retries: 0,
    last: '',
    time: null,
  } as const;
  render(h(NodeTable, { nodes: [...corpusStatus.nodes, own] }), root);
  expect(text()).toContain('3 failed attempts since the start');
  expect(cells(1).slice(0, 5)).toEqual([`${HOSTILE}data node`, '500 MB', '3', '2', 'HDFS_DATA_NODE_UNREACHABLE × 3']);
  expect(cells(1)[5]).toContain('cannot connect to data node dn3:9864 (ECONNREFUSED)');
  expect(cells(2)).toEqual(["this machine's files", '1.2 kB', '0', '0', '–', '–']);
  expect(root.querySelector('img')).toBeNull();
  render(h(NodeTable, { nodes: [own] }), root);
  expect(text()).toContain('No attempt has failed since the start.');
});

describe('the files', () => {
  const asked: string[] = [];
  let files = 100_000;
  let refused = false;
  const knowing: Operator = {
    ...operator,
    call: (path) => {
      asked.push(path);
      return Promise.resolve(
        refused
          ? { ok: false, failure: { code: 'BAD_QUERY', message: 'No such files.' } }
          : { ok: true, body: corpusReport(files, path) as never },
      );
    },
  };
  beforeEach(() => {
    asked.length = 0;
    files = 100_000;
    refused = false;
  });
  const button = (title: string): HTMLButtonElement =>
    [...root.querySelectorAll('button')].find((each) => each.textContent === title)!;

  it('are asked for a page at a time, however many there are', async () => {
    render(h(FileTable, { operator: knowing }), root);
    await vi.waitFor(() => expect(text()).toContain('1 to 50 of 100,000.'));
    expect(root.querySelectorAll('tbody tr')).toHaveLength(50);
    expect(cells(1)).toEqual(['1', HOSTILE, '1.5 kB', '1 of 2', 'Reading']);
    expect(cells(4)[4]).toBe('Failed HDFS_NO_REPLICA: no data node gives it');
    expect(button('Previous page').disabled).toBe(true);
    button('Next page').click();
    await vi.waitFor(() => expect(text()).toContain('51 to 100 of 100,000.'));
    expect(asked.at(-1)).toBe('api/corpus?from=50&count=50&state=all&find=');
    expect(root.querySelector('img')).toBeNull();
  });

  it('are sought by part of the path and by state, from the first page on', async () => {
    render(h(FileTable, { operator: knowing }), root);
    await vi.waitFor(() => expect(text()).toContain('1 to 50 of'));
    button('Next page').click();
    await vi.waitFor(() => expect(text()).toContain('51 to 100 of'));
    files = 3;
    const find = root.querySelector('input')!;
    find.value = 'a&b c';
    find.dispatchEvent(new Event('input', { bubbles: true }));
    await vi.waitFor(() => expect(asked.at(-1)).toBe('api/corpus?from=0&count=50&state=all&find=a%26b+c'));
    const show = root.querySelector('select')!;
    show.value = 'failed';
    show.dispatchEvent(new Event('change', { bubbles: true }));
    await vi.waitFor(() => expect(asked.at(-1)).toBe('api/corpus?from=0&count=50&state=failed&find=a%26b+c'));
    await vi.waitFor(() => expect(text()).toContain('1 to 3 of 3.'));
    expect(button('Next page')).toBeUndefined();
  });

  it('say why there are none', async () => {
    files = 0;
    render(h(FileTable, { operator: knowing }), root);
    await vi.waitFor(() => expect(text()).toContain('No file matches.'));
    render(null, root);
    refused = true;
    render(h(FileTable, { operator: knowing }), root);
    await vi.waitFor(() => expect(text()).toContain('No such files. BAD_QUERY'));
    render(h(FileTable, { operator: { ...operator, signedIn: false } }), root);
    expect(text()).toContain('Files are shown to the operator');
  });
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
