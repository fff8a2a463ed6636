// The dashboard in a real browser: what it shows, that the wire is text, the grid's pixels, the feed, the token.
import { h, render } from 'preact';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { RunState } from '../../protocol/status.ts';
import {
  type DashboardState,
  EMPTY,
  HISTORY_POINTS,
  LOG_LINES,
  withHistory,
  withLog,
} from '../../client/dashboard/dashboard-state.ts';
import { type EventStream, Feed, REOPEN_MS } from '../../client/dashboard/feed.ts';
import { blockAt, countBlocks, drawGrid, layOut, readGrid } from '../../client/dashboard/grid-drawing.ts';
import { OperatorPanel } from '../../client/dashboard/operator-panel.tsx';
import { DashboardPage } from '../../client/dashboard/page.tsx';
import { HOSTILE, runStatus } from './pages-fixture.ts';

let root: HTMLElement;
beforeEach(() => {
  root = document.body.appendChild(document.createElement('div'));
});
afterEach(() => {
  render(null, root);
  root.remove();
  sessionStorage.clear();
});

const text = (): string => root.textContent.replaceAll('\u00a0', ' ');
const live: DashboardState = {
  ...EMPTY,
  connection: { kind: 'live' },
  updated: 1e12,
  status: runStatus,
  history: [1, 2, 3].map((k) => ({
    time: 1e12 + k * 1000,
    tokens: k,
    wordsPerSecond: k * 1000,
    loss: k === 1 ? null : 3,
    heldOut: k < 3 ? null : 2.5,
    probe: k < 3 ? [null, null] : [0.5, -0.25],
    volunteers: 1,
  })),
  log: [{ seq: 1, time: 1e12, level: 'error', text: HOSTILE }],
};

describe('dashboard', () => {
  const states: RunState[] = ['counting', 'preparing', 'training', 'starved', 'paused', 'stopping', 'done', 'failed'];
  for (const state of states) {
    it(`shows the run ${state} with its reason`, () => {
      render(
        h(DashboardPage, { state: { ...live, status: { ...runStatus, state, reason: `It is ${state}.` } } }),
        root,
      );
      const header = root.querySelector('.run-header .state');
      expect(header?.textContent?.toLowerCase()).toBe(`${state}it is ${state}.`);
      const open = [...root.querySelectorAll<HTMLButtonElement>('.operator > .buttons button')].filter(
        (b) => !b.disabled,
      ).length;
      expect(open).toBe(['stopping', 'done', 'failed'].includes(state) ? 0 : state === 'counting' ? 1 : 3);
    });
  }

  it('never takes what comes from the wire for HTML', async () => {
    render(h(DashboardPage, { state: live }), root);
    expect(root.querySelector('img')).toBeNull();
    expect(root.querySelector('.cell-device bdi')?.textContent).toBe(HOSTILE);
    expect(root.querySelector('.log-text')?.textContent).toBe(HOSTILE);
    expect(root.querySelector('.masthead-run')?.textContent).toBe(HOSTILE);
    await new Promise((done) => setTimeout(done, 50));
    expect('hacked' in window).toBe(false);
  });

  it('sorts volunteers by speed', () => {
    render(h(DashboardPage, { state: live }), root);
    const ids = [...root.querySelectorAll('tbody tr')].map((row) => row.querySelector('td')?.textContent);
    expect(ids).toEqual(['2', '3', '1']);
  });

  it('draws every plot, and says the newest value', async () => {
    render(h(DashboardPage, { state: live }), root);
    await expect.poll(() => root.querySelectorAll('.plot canvas').length).toBe(3);
    expect(text()).toMatch(/Words per second3,000 at/);
    expect(text()).toContain('trainingheld outtraining 3.000, held out 2.500 at 3 words');
    // A hostile file name is text.
    expect(text()).toContain(`wordsim353.tsv 0.500, ${HOSTILE} -0.250 at 3 words`);
  });

  it('draws no line for what is not measured', async () => {
    render(h(DashboardPage, { state: { ...live, status: { ...runStatus, heldOut: null, probe: [] } } }), root);
    await expect.poll(() => root.querySelectorAll('.plot canvas').length).toBe(2);
    expect(text()).toMatch(/Loss per pair3\.000 at 3 words/);
    expect(root.querySelector('.plot-key')).toBeNull();
  });

  it('says so where nothing is measured yet, and marks what is missing from a reading', async () => {
    const points = live.history.slice(0, 1);
    render(h(DashboardPage, { state: { ...live, history: points } }), root);
    await expect.poll(() => root.querySelectorAll('.plot canvas').length).toBe(1);
    expect(text()).toContain('Loss per pairtrainingheld outNot measured yet.');
    render(h(DashboardPage, { state: { ...live, history: live.history.slice(0, 2) } }), root);
    await expect.poll(() => root.querySelectorAll('.plot canvas').length).toBe(2);
    expect(text()).toContain('training 3.000, held out – at 2 words');
  });

  it('says that a run diverges, and what to change', () => {
    render(
      h(DashboardPage, { state: { ...live, status: { ...runStatus, warning: 'this run diverges: lower --alpha' } } }),
      root,
    );
    expect(root.querySelector('.run-warning[role=alert]')?.textContent).toBe(
      'DivergingThis run diverges: lower --alpha.',
    );
    render(h(DashboardPage, { state: live }), root);
    expect(root.querySelector('.run-warning')).toBeNull();
  });

  it('says that the connection is lost, since when, and that it retries', () => {
    render(h(DashboardPage, { state: { ...live, connection: { kind: 'lost', since: 1e12 + 5000 } } }), root);
    expect(root.querySelector('[role=alert]')?.textContent).toMatch(
      /Connection lost at \d\d:\d\d:\d\d, retrying\. What is shown dates from/,
    );
  });
});

describe('grid', () => {
  it('reads and counts the blocks, and refuses what is no grid', () => {
    const blocks = readGrid({ grid: 'd.l p.ddd', parts: 3 });
    expect(blocks?.slice(0, 5)).toEqual(['done', 'waiting', 'leased', 'empty', 'partly']);
    expect(countBlocks(blocks ?? [])).toEqual({ waiting: 2, leased: 1, partly: 1, done: 4, empty: 1 });
    expect(readGrid({ grid: 'ddd', parts: 2 })).toBeNull();
    expect(readGrid({ grid: 'dd?d', parts: 2 })).toBeNull();
  });

  it('draws each block once, in its place', () => {
    const parts = 3;
    const layout = layOut(parts, 32);
    expect(layout).toEqual({ pitch: 10, gap: 1, size: 29 });
    const canvas = document.createElement('canvas');
    canvas.width = canvas.height = layout.size;
    const context = canvas.getContext('2d', { willReadFrequently: true });
    if (context === null) throw new Error('no 2D canvas');
    const palette = { waiting: '#010000', leased: '#020000', partly: '#030000', done: '#040000', empty: '#050000' };
    drawGrid(context, readGrid({ grid: 'd.l p.ddd', parts }) ?? [], parts, layout, palette);
    const { data } = context.getImageData(0, 0, layout.size, layout.size);
    const seen = new Map<number, number>();
    for (let at = 0; at < data.length; at += 4) seen.set(data[at] ?? 0, (seen.get(data[at] ?? 0) ?? 0) + 1);
    expect([1, 2, 3, 4, 5].map((red) => (seen.get(red) ?? 0) / 81)).toEqual([2, 1, 1, 4, 1]);
    expect(data[(5 * layout.size + 25) * 4]).toBe(2); // row 0, column 2: leased
    expect(blockAt(parts, layout, 25, 5)).toBe(2);
    expect(blockAt(parts, layout, 31, 5)).toBeNull();
  });

  it('puts the counts into words, and names the block that the arrow keys reach', async () => {
    render(h(DashboardPage, { state: live }), root);
    const canvas = root.querySelector<HTMLCanvasElement>('.grid-canvas');
    expect(canvas?.getAttribute('aria-label')).toContain('2 waiting, 1 leased, 1 partly done, 4 done, 1 empty');
    for (const key of ['ArrowRight', 'ArrowRight', 'ArrowRight']) {
      canvas?.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true }));
      await new Promise((done) => requestAnimationFrame(done));
    }
    await expect.poll(() => root.querySelector('.tooltip')?.textContent).toBe('input part 0, output part 2: leased');
  });
});

describe('chunks', () => {
  it('take the place of the grid under downpour, each state as wide as its share', () => {
    const config = { ...runStatus.config, schedule: 'downpour', descent: 'saturation' } as const;
    const episode = { number: 2, parts: 1, tokens: 5000, pairs: 30_000, pairsDone: 15_000, grid: 'l' };
    const chunks = { waiting: 20, leased: 10, done: 50 };
    render(h(DashboardPage, { state: { ...live, status: { ...runStatus, config, episode, chunks } } }), root);
    expect(root.querySelector('.grid-canvas')).toBeNull();
    expect(root.querySelector('#grid-title')?.textContent).toBe('Chunks');
    const bar = root.querySelector<HTMLElement>('.chunk-bar');
    expect(bar?.getAttribute('aria-label')).toBe('Chunks in memory: 50 done, 10 leased, 20 waiting.');
    const parts = [...(bar?.children ?? [])].map((part) => (part as HTMLElement).style.flexGrow);
    expect(parts).toEqual(['50', '10', '20']);
    expect([...root.querySelectorAll('.area-grid .legend li')].map((item) => item.textContent)).toEqual([
      'done 50',
      'leased 10',
      'waiting 20',
    ]);
  });
});

describe('feed', () => {
  class FakeStream implements EventStream {
    readyState = 1;
    onopen: ((event: Event) => void) | null = null;
    onerror: ((event: Event) => void) | null = null;
    readonly #listeners = new Map<string, (event: MessageEvent<string>) => void>();
    addEventListener(type: string, listener: (event: MessageEvent<string>) => void): void {
      this.#listeners.set(type, listener);
    }
    close(): void {
      this.readyState = 2;
    }
    send(type: string, data: string): void {
      this.#listeners.get(type)?.(new MessageEvent(type, { data }));
    }
  }

  function feedWithFake(): { feed: Feed; streams: FakeStream[]; later: { run: () => void; ms: number }[] } {
    const streams: FakeStream[] = [];
    const later: { run: () => void; ms: number }[] = [];
    const feed = new Feed({
      open: () => {
        const stream = new FakeStream();
        streams.push(stream);
        return stream;
      },
      onChange: () => undefined,
      now: () => 42,
      later: (run, ms) => void later.push({ run, ms }),
    });
    feed.open();
    return { feed, streams, later };
  }

  it('takes status, log, history and points', () => {
    const { feed, streams } = feedWithFake();
    streams[0]?.onopen?.(new Event('open'));
    streams[0]?.send('status', JSON.stringify(runStatus));
    streams[0]?.send('history', JSON.stringify(live.history));
    streams[0]?.send('point', JSON.stringify({ ...live.history[2], time: 2e12 }));
    streams[0]?.send('log', JSON.stringify(live.log[0]));
    streams[0]?.send('log', JSON.stringify(live.log[0]));
    expect(feed.state.connection.kind).toBe('live');
    expect(feed.state.status).toEqual(runStatus);
    expect(feed.state.history).toHaveLength(4);
    expect(feed.state.log).toHaveLength(1);
  });

  it('reopens a refused stream later and later, and leaves an interrupted one to the browser', () => {
    const { feed, streams, later } = feedWithFake();
    streams[0]?.onerror?.(new Event('error'));
    expect(feed.state.connection).toEqual({ kind: 'lost', since: 42 });
    expect(later).toHaveLength(0);
    for (let round = 0; round < 6; round++) {
      const stream = streams.at(-1);
      stream?.close();
      stream?.onerror?.(new Event('error'));
      later.at(-1)?.run();
    }
    expect(later.map(({ ms }) => ms)).toEqual([1000, 2000, 4000, 8000, REOPEN_MS.last, REOPEN_MS.last]);
    expect(streams).toHaveLength(7);
  });

  it('shows a broken event as an error, and goes on', () => {
    const { feed, streams } = feedWithFake();
    streams[0]?.send('status', '{');
    expect(feed.state.log[0]).toMatchObject({ level: 'error', text: expect.stringContaining('"status"') });
    streams[0]?.send('status', JSON.stringify(runStatus));
    expect(feed.state.status).toEqual(runStatus);
  });

  it('keeps log and history bounded, newest first and last point kept', () => {
    let state = EMPTY;
    for (let seq = 1; seq <= LOG_LINES + 50; seq++) state = withLog(state, { seq, time: seq, level: 'info', text: '' });
    expect(state.log).toHaveLength(LOG_LINES);
    expect(state.log[0]?.seq).toBe(LOG_LINES + 50);
    const many = Array.from({ length: 10_000 }, (_, k) => ({
      time: k,
      tokens: k,
      wordsPerSecond: 1,
      loss: null,
      heldOut: null,
      probe: [],
      volunteers: 0,
    }));
    const { history } = withHistory(EMPTY, many);
    expect(history.length).toBeLessThanOrEqual(HISTORY_POINTS);
    expect([history[0]?.time, history.at(-1)?.time]).toEqual([0, 9999]);
  });
});

describe('operator', () => {
  function press(name: string, within: ParentNode = root): void {
    const found = [...within.querySelectorAll('button')].find((button) => button.textContent === name);
    if (found === undefined) throw new Error(`no button ${name}`);
    found.click();
  }

  async function type(token: string, keep: boolean): Promise<void> {
    const field = root.querySelector<HTMLInputElement>('#operator-token');
    if (field === null) throw new Error('no token field');
    field.value = token;
    field.dispatchEvent(new Event('input', { bubbles: true }));
    if (keep) root.querySelector<HTMLInputElement>('input[type=checkbox]')?.click();
    await new Promise((done) => setTimeout(done, 20));
  }

  it('sends the token in a header only, and keeps it only when ticked', async () => {
    const sent: { url: string; init: RequestInit | undefined }[] = [];
    const send = (url: string, init?: RequestInit) => {
      sent.push({ url, init });
      return Promise.resolve(new Response('{}'));
    };
    render(h(OperatorPanel, { state: 'training', send }), root);
    await type('sesame', false);
    press('Checkpoint');
    await expect.poll(text).toContain('Accepted: a checkpoint is written.');
    expect(sent[0]?.url).toBe('api/run/checkpoint');
    expect(sent[0]?.init).toMatchObject({ method: 'POST', headers: { authorization: 'Bearer sesame' } });
    expect(location.href).not.toContain('sesame');
    expect(JSON.stringify({ ...sessionStorage, ...localStorage })).not.toContain('sesame');
    const field = root.querySelector<HTMLInputElement>('#operator-token');
    expect([field?.type, field?.name]).toEqual(['password', '']);

    await type('sesame', true);
    expect(JSON.stringify({ ...sessionStorage })).toContain('sesame');
    expect(JSON.stringify({ ...localStorage })).not.toContain('sesame');
    root.querySelector<HTMLInputElement>('input[type=checkbox]')?.click();
    expect(JSON.stringify({ ...sessionStorage })).not.toContain('sesame');
  });

  it('asks before it stops, and shows the coded refusal', async () => {
    const urls: string[] = [];
    const send = (url: string) => {
      urls.push(url);
      return Promise.resolve(
        new Response('{"error":{"code":"BAD_TOKEN","message":"Not the token."}}', { status: 401 }),
      );
    };
    render(h(OperatorPanel, { state: 'training', send }), root);
    await type('wrong', false);
    const dialog = root.querySelector('dialog');
    press('Stop…');
    expect(dialog?.open).toBe(true);
    press('Keep it running');
    expect([dialog?.open, urls.length]).toEqual([false, 0]);
    press('Stop…');
    press('Stop the run');
    await expect.poll(text).toContain('Not the token. BAD_TOKEN');
    expect([dialog?.open, urls]).toEqual([false, ['api/run/stop']]);
  });

  it('wants a token first', async () => {
    render(h(OperatorPanel, { state: 'paused', send: () => Promise.reject(new Error('must not be called')) }), root);
    press('Resume');
    await expect.poll(text).toContain('NO_TOKEN');
  });
});
