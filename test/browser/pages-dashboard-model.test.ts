// The dashboard's model in a real browser: analogies, lengths of rows, and the map drawn in workers.
import { h, render } from 'preact';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ModelStatus } from '../../protocol/operator.ts';
import { encodeWordMap, type WordMap } from '../../protocol/vectors.ts';
import { AnalogyBox } from '../../client/dashboard/model/analogy-box.tsx';
import { drawMap, type Method } from '../../client/dashboard/model/drawing.ts';
import {
  fit,
  LABEL_HEIGHT,
  onFrame,
  panned,
  placeLabels,
  similarWords,
  wordAt,
  zoomed,
} from '../../client/dashboard/model/map-geometry.ts';
import { MapPanel } from '../../client/dashboard/model/map-panel.tsx';
import { RowLengths } from '../../client/dashboard/model/row-lengths.tsx';
import { project, unitRows } from '../../client/ui/projection.ts';
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
function button(name: string): HTMLButtonElement {
  const found = [...root.querySelectorAll('button')].find((each) => each.textContent === name);
  if (found === undefined) throw new Error(`no button ${name}`);
  return found;
}
function type(field: HTMLInputElement | null | undefined, value: string): void {
  if (!field) throw new Error('no field');
  field.value = value;
  field.dispatchEvent(new Event('input', { bubbles: true }));
}

/** Two bundles of words: even ones along the first column, odd ones along the second. */
function bundles(count: number): WordMap {
  const dim = 6;
  const values = Int8Array.from({ length: count * dim }, (_, k) => {
    const [word, column] = [Math.floor(k / dim), k % dim];
    return column === word % 2 ? 100 : ((word * 31 + column * 17) % 21) - 10;
  });
  const words = Array.from({ length: count }, (_, k) => (k === 1 ? HOSTILE : `w${k}`));
  return { modelVersion: 7, dim, words, scales: new Float32Array(count).fill(0.01), values };
}
const sending = (map: WordMap) => (): Promise<Response> => Promise.resolve(new Response(encodeWordMap(map)));

describe('geometry of the map', () => {
  const picture = project(bundles(40));
  const size = { width: 600, height: 400 };
  const view = fit(picture, size);

  it('has every word in the frame, and finds it under its point', () => {
    for (let at = 0; at < 40; at++) {
      const [x, y] = onFrame(view, size, picture.x[at]!, picture.y[at]!);
      expect(x >= 0 && x <= 600 && y >= 0 && y <= 400).toBe(true);
      const hit = wordAt(picture, view, size, x, y, 5);
      expect(Math.hypot(picture.x[hit!]! - picture.x[at]!, picture.y[hit!]! - picture.y[at]!)).toBeLessThan(1e-6);
    }
    expect(wordAt(picture, view, size, -500, -500, 5)).toBeNull();
  });

  it('zooms about the pointer and moves with it', () => {
    const [x, y] = [picture.x[3]!, picture.y[3]!];
    const [px, py] = onFrame(view, size, x, y);
    const [zx, zy] = onFrame(zoomed(view, size, 3, px, py), size, x, y);
    expect([zx, zy].map(Math.round)).toEqual([px, py].map(Math.round));
    const [mx, my] = onFrame(panned(view, 25, -40), size, x, y);
    expect([mx - px, my - py].map(Math.round)).toEqual([25, -40]);
  });

  it('places labels that overlap none, the first words first', () => {
    const place = (at: number): [number, number] => onFrame(view, size, picture.x[at]!, picture.y[at]!);
    const labels = placeLabels([...picture.words.keys()], place, () => 30, size, 100);
    expect(labels[0]?.at).toBe(0);
    for (const [k, a] of labels.entries()) {
      for (const b of labels.slice(k + 1)) {
        const apart = Math.abs(a.top - b.top) >= LABEL_HEIGHT || a.left + 30 < b.left || b.left + 30 < a.left;
        expect(apart).toBe(true);
      }
    }
  });

  it('finds similar words by their vectors', () => {
    const map = bundles(40);
    const near = similarWords(unitRows(map), map.dim, 4, 10);
    expect(near).toHaveLength(10);
    expect(near.every(({ at }) => at % 2 === 0 && at !== 4)).toBe(true);
  });
});

describe('drawing', () => {
  const order = (
    method: Method,
    signal = new AbortController().signal,
    report = (_share: number): void => undefined,
  ) => ({
    method,
    top: 60,
    last: null,
    signal,
    report,
    send: sending(bundles(60)),
  });

  it('projects in a worker to what the page would have computed', async () => {
    const result = await drawMap(order('pca'));
    expect(result.ok && result.body.picture).toEqual(project(bundles(60)));
  });

  it('keeps neighbours together by UMAP, tells how far it is, and gives the same map twice', async () => {
    const shares: number[] = [];
    const result = await drawMap(order('umap', undefined, (share) => void shares.push(share)));
    if (!result.ok) throw new Error(result.failure.message);
    const { x, y } = result.body.picture;
    let [same, kept] = [0, 0];
    for (let a = 0; a < 60; a++) {
      const nearest = [...x.keys()]
        .filter((b) => b !== a)
        .sort((b, c) => Math.hypot(x[b]! - x[a]!, y[b]! - y[a]!) - Math.hypot(x[c]! - x[a]!, y[c]! - y[a]!));
      kept += nearest.slice(0, 5).filter((b) => b % 2 === a % 2).length;
      same += 5;
    }
    expect(kept / same).toBeGreaterThan(0.9);
    expect(shares.length).toBeGreaterThan(2);
    expect(await drawMap(order('umap'))).toEqual(result);
  });

  it('can be given up, and refuses a map of too few words', async () => {
    const stop = new AbortController();
    const drawing = drawMap({ ...order('umap', stop.signal), report: () => stop.abort() });
    await expect(drawing).rejects.toThrow('given up');
    expect(await drawMap({ ...order('pca'), send: sending(bundles(2)) })).toMatchObject({
      ok: false,
      failure: { code: 'FEW_WORDS' },
    });
  });
});

describe('map of words', () => {
  it('is drawn when asked for, and lists the words most like the one sought, by keyboard alone', async () => {
    render(h(MapPanel, { send: sending(bundles(60)) }), root);
    expect(root.querySelector('canvas')).toBeNull();
    button('Draw the map').click();
    await expect.poll(() => root.querySelector('canvas')?.getAttribute('aria-label')).toContain('Map of 60 words');
    expect(text()).toContain('60 words by principal components, model version 7.');
    type(root.querySelector<HTMLInputElement>('.map-list input'), 'W4');
    await expect.poll(() => root.querySelectorAll('.map-list li').length).toBe(10);
    const first = root.querySelector<HTMLButtonElement>('.map-list li button');
    const word = first?.textContent;
    first?.click();
    await expect.poll(() => root.querySelector('.map-list ol')?.getAttribute('aria-label')).toContain(word);
    type(root.querySelector<HTMLInputElement>('.map-list input'), 'absent');
    await expect.poll(text).toContain('“absent” is not among these 60 words.');
    expect(root.querySelector('img')).toBeNull();
  });

  it('says why it cannot be drawn', async () => {
    const refused = '{"error":{"code":"NO_MODEL_YET","message":"Words are counted."}}';
    render(h(MapPanel, { send: () => Promise.resolve(new Response(refused, { status: 503 })) }), root);
    button('Draw the map').click();
    await expect.poll(text).toContain('Words are counted. NO_MODEL_YET');
    expect(button('Draw the map').disabled).toBe(false);
  });
});

describe('analogies', () => {
  it('asks for b − a + c, and wants three words', async () => {
    const urls: string[] = [];
    const send = (url: string): Promise<Response> => {
      urls.push(url);
      return Promise.resolve(new Response(JSON.stringify([{ word: HOSTILE, similarity: 0.7 }])));
    };
    render(h(AnalogyBox, { send }), root);
    button('What?').click();
    await expect.poll(text).toContain('Type three words.');
    for (const [at, word] of ['man', 'king', 'wo&man'].entries()) type(root.querySelectorAll('input')[at], word);
    await new Promise((done) => requestAnimationFrame(done));
    button('What?').click();
    await expect.poll(() => root.querySelector('.neighbour-word')?.textContent).toBe(HOSTILE);
    expect(urls).toEqual(['api/similar?positive=king,wo%26man&negative=man&top=5']);
    expect(root.querySelector('img')).toBeNull();
  });
});

describe('lengths of rows', () => {
  const model: ModelStatus = {
    modelVersion: 40,
    time: 1e12,
    rows: 100,
    dim: 50,
    input: { untouched: 12, mean: 1.5, longest: 3.9, histogram: { step: 1, counts: [10, 60, 20, 10] } },
    output: { untouched: 0, mean: 2, longest: 2.5, histogram: { step: 0.5, counts: [0, 100] } },
  };

  it('are histograms with the rows that nobody touched', async () => {
    const by = { ...operator, call: () => Promise.resolve({ ok: true as const, body: model as never }) };
    render(h(RowLengths, { operator: by }), root);
    await expect.poll(() => root.querySelectorAll('.histogram').length).toBe(2);
    expect(text()).toContain('Mean length 1.50, longest 3.90. Never touched: 12 of 100 rows (12.0 %).');
    const heights = [...root.querySelectorAll<HTMLElement>('.histogram-bars')[0]!.children].map(
      (bar) => (bar as HTMLElement).style.height,
    );
    expect(heights.map(Number.parseFloat).map(Math.round)).toEqual([17, 100, 33, 17]);
  });

  it('are not asked for without the token, and a refusal is shown', async () => {
    render(h(RowLengths, { operator: { ...operator, signedIn: false } }), root);
    expect(text()).toContain('sign in');
    render(null, root);
    render(h(RowLengths, { operator }), root);
    await expect.poll(text).toContain('nobody expected api/model UNEXPECTED');
  });
});
