// The dashboard's plots in a real browser: lines, smoothing, axes, the shared crosshair, zoom, marks, and their files.
import '../../client/style/tokens.css';
import '../../client/style/base.css';
import '../../client/style/plots.css';
import { render } from 'preact';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { marksOf } from '../../client/dashboard/plots/marks.ts';
import { bounds, inOrder, positive, smoothed, translated } from '../../client/dashboard/plots/plot-data.ts';
import { csvOf } from '../../client/dashboard/plots/plot-export.ts';
import type { DashboardState } from '../../client/dashboard/dashboard-state.ts';
import { dashboard, live } from './dashboard-fixture.ts';
import { HOSTILE, runStatus } from './pages-fixture.ts';

let root: HTMLElement;
beforeEach(() => {
  root = document.body.appendChild(document.createElement('div'));
});
afterEach(() => {
  render(null, root);
  root.remove();
  localStorage.clear();
  vi.restoreAllMocks();
});

const text = (): string => root.textContent.replaceAll('\u00a0', ' ');
const plots = (): number => root.querySelectorAll('.plot canvas').length;
const readings = (): (string | null)[] => [...root.querySelectorAll('.plot-reading')].map((one) => one.textContent);
const first = live.history[0]!;

/** 100 points, a second and 1,000 words apart. */
const long: DashboardState = {
  ...live,
  history: Array.from({ length: 100 }, (_, k) => ({
    ...first,
    time: 1e12 + k * 1000,
    tokens: k * 1000,
    wordsPerSecond: k,
    loss: 3 - k / 100,
  })),
};

async function draw(state: DashboardState, wanted: number): Promise<void> {
  render(dashboard(state), root);
  await expect.poll(plots).toBe(wanted);
}

function field<T extends HTMLElement>(label: string): T {
  const found = [...root.querySelectorAll('.plot-controls label')].find((one) => one.textContent.startsWith(label));
  const input = found?.querySelector<T>('input, select');
  if (input === undefined || input === null) throw new Error(`no field ${label}`);
  return input;
}

function choose(label: string, value: string): void {
  const select = field<HTMLSelectElement>(label);
  select.value = value;
  select.dispatchEvent(new Event('change', { bubbles: true }));
}

function press(name: string): void {
  const found = [...root.querySelectorAll('button')].find((button) => button.textContent === name);
  if (found === undefined) throw new Error(`no button ${name}`);
  found.click();
}

describe('points', () => {
  it('are smoothed from their first value on, gaps stay gaps, and weight 0 changes nothing', () => {
    expect(smoothed([4, 4, null, 4], 0.9).map((value) => value?.toFixed(6))).toEqual([
      '4.000000',
      '4.000000',
      undefined,
      '4.000000',
    ]);
    expect(smoothed([1, 3], 0.5)).toEqual([1, (0.25 + 1.5) / 0.75]);
    expect(smoothed([1, null, 3], 0)).toEqual([1, null, 3]);
  });

  it('leave out over words what a roll-back undid', () => {
    const points = [0, 10, 20, 30, 12, 14].map((tokens, k) => ({ ...first, tokens, time: k }));
    expect(inOrder(points, 'words').map(({ tokens }) => tokens)).toEqual([0, 10, 12, 14]);
    expect(inOrder(points, 'time')).toEqual(points);
  });

  it('know the stretch that is shown, on either axis', () => {
    const points = long.history;
    expect(bounds([], 'time', { kind: 'all' })).toBeNull();
    expect(bounds(points, 'words', { kind: 'all' })).toEqual([0, 99_000]);
    expect(bounds(points, 'time', { kind: 'last', seconds: 10 })).toEqual([1e9 + 89, 1e9 + 99]);
    expect(bounds(points, 'words', { kind: 'last', seconds: 10 })).toEqual([89_000, 99_000]);
    const stretch = { kind: 'between', from: 1e9 + 10, to: 1e9 + 20 } as const;
    expect(translated(points, stretch, 'time', 'words')).toEqual({ kind: 'between', from: 10_000, to: 20_000 });
    expect(positive([1, 0, -1, null])).toEqual([1, null, null, null]);
  });

  it('place events between them', () => {
    const event = { seq: 1, level: 'info', who: 'coordinator', text: 'kept' } as const;
    const marks = marksOf(
      [
        { ...event, category: 'checkpoint', time: 1e12 + 2500 },
        { ...event, category: 'lease', time: 1e12 + 2500 },
        { ...event, category: 'operator', time: 1e12 - 1 },
      ],
      long.history,
      'words',
    );
    expect(marks).toEqual([{ kind: 'checkpoint', x: 2500, time: 1e12 + 2500, text: 'kept' }]);
  });

  it('become CSV with raw values, names as text that no spreadsheet runs', () => {
    const csv = csvOf(live.history.slice(2), ['wordsim353.tsv', '=HYPERLINK("x")']);
    const [head, line, rest] = csv.split('\r\n');
    expect(head).toMatch(/^date,time,tokens,.*,"wordsim353\.tsv","'=HYPERLINK\(""x""\)"$/);
    expect(line).toMatch(/^2001-09-09T01:46:43\.000Z,1000000003000,3,3000,3,2\.5,.*,0\.5,-0\.25$/);
    expect(rest).toBe('');
  });
});

describe('plots', () => {
  it('are drawn for what is measured, with the newest values', async () => {
    await draw(live, 6);
    expect(text()).toMatch(/Words per second3,000 at/);
    expect(text()).toMatch(/training 3\.000, held out 2\.500 at \d\d:/);
    // A hostile file name is text.
    expect(text()).toContain(`wordsim353.tsv 0.500, ${HOSTILE} -0.250 at`);
    await draw({ ...live, status: { ...runStatus, heldOut: null, probe: [] } }, 5);
    expect(text()).toMatch(/Loss per pair3\.000 at/);
  });

  it('say what is not measured yet', async () => {
    await draw({ ...live, history: live.history.slice(0, 1) }, 4);
    expect(text()).toContain('Loss per pairtrainingheld outNot measured yet.');
  });

  it('switch to words, are smoothed with the raw line kept, take log axes, and remember it', async () => {
    await draw(long, 5);
    choose('Over', 'words');
    await expect.poll(() => readings()[0]).toContain('at 99.0\u00a0k words');
    const before = root.querySelector<HTMLCanvasElement>('.plot canvas')?.toDataURL();
    field<HTMLInputElement>('Log y').click();
    await expect.poll(() => root.querySelector<HTMLCanvasElement>('.plot canvas')?.toDataURL()).not.toBe(before);
    const slider = field<HTMLInputElement>('Smoothing');
    slider.value = '0.9';
    slider.dispatchEvent(new Event('input', { bubbles: true }));
    await expect.poll(() => root.querySelector('.smoothing')?.textContent).toBe('0.90');
    // The reading is what was measured, not what was smoothed.
    expect(readings()[0]).toContain('training 2.010');
    render(null, root);
    await draw(long, 5);
    expect([field<HTMLSelectElement>('Over').value, slider.value]).toEqual(['words', '0.9']);
    expect(field<HTMLInputElement>('Log y').checked).toBe(true);
  });

  it('share one crosshair, which the arrow keys move too', async () => {
    await draw(long, 5);
    const host = root.querySelector<HTMLElement>('.plot-host');
    for (let k = 0; k < 3; k++) {
      host?.dispatchEvent(new KeyboardEvent('keydown', { key: 'ArrowLeft', bubbles: true }));
      await new Promise((done) => setTimeout(done, 60));
    }
    const at = (): (string | undefined)[] => readings().map((reading) => reading?.split(' at ')[1]);
    await expect.poll(() => new Set(at()).size).toBe(1);
    expect(at()[0]).not.toBe(new Date(1e12 + 99_000).toLocaleTimeString('en-GB'));
  });

  it('zoom together where a stretch is drawn, stay there as points arrive, and are reset', async () => {
    await draw(long, 5);
    const over = root.querySelector<HTMLElement>('.u-over');
    if (over === null) throw new Error('no plot');
    const { left, top, width } = over.getBoundingClientRect();
    const mouse = (type: string, part: number): boolean =>
      over.dispatchEvent(
        new MouseEvent(type, {
          clientX: left + width * part,
          clientY: top + 20,
          movementX: 9,
          button: 0,
          bubbles: true,
        }),
      );
    mouse('mousemove', 0.25);
    mouse('mousedown', 0.25);
    mouse('mousemove', 0.5);
    document.dispatchEvent(
      new MouseEvent('mouseup', { clientX: left + width * 0.5, clientY: top + 20, button: 0, bubbles: true }),
    );
    await expect.poll(() => field<HTMLSelectElement>('Show').value).toBe('between');
    render(dashboard({ ...long, history: [...long.history, { ...first, time: 2e12 }] }), root);
    await new Promise((done) => setTimeout(done, 100));
    expect(field<HTMLSelectElement>('Show').value).toBe('between');
    press('Reset zoom');
    await expect.poll(() => field<HTMLSelectElement>('Show').value).toBe('all');
  });

  it('are taken away as CSV and as PNG', async () => {
    await draw(long, 5);
    const files: { name: string; blob: Blob }[] = [];
    const blobs: Blob[] = [];
    vi.spyOn(URL, 'createObjectURL').mockImplementation((blob) => {
      blobs.push(blob as Blob);
      return 'blob:kept';
    });
    vi.spyOn(HTMLAnchorElement.prototype, 'click').mockImplementation(function (this: HTMLAnchorElement) {
      files.push({ name: this.download, blob: blobs.at(-1)! });
    });
    press('CSV');
    press('PNG');
    await expect.poll(() => files.length).toBe(2);
    expect(files.map(({ name }) => name.replace(/\d/g, '0'))).toEqual([
      'tributary-history-0000-00-00T00-00-00.csv',
      'tributary-history-0000-00-00T00-00-00.png',
    ]);
    expect((await files[0]!.blob.text()).trim().split('\r\n')).toHaveLength(101);
    const picture = await createImageBitmap(files[1]!.blob);
    // Five plots, one below the other.
    expect(picture.height).toBeGreaterThan(5 * 200);
  });

  it('show how late, large and busy the coordinator was', async () => {
    const history = long.history.map((point) => ({ ...point, lagMs: 12, memory: 5e8, bytesDown: 2e6, bytesUp: 1e6 }));
    render(dashboard({ ...live, history }, '#service'), root);
    await expect.poll(plots).toBe(3);
    expect(text()).toMatch(/99th percentile12 ms at/);
    expect(text()).toContain('to volunteers 2.0 MB, from volunteers 1.0 MB at');
    expect(text()).toContain('Memory500 MB');
  });
});
