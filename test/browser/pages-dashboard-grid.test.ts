// The dashboard's grid in a real browser: its pixels, counts in words, the keyboard, and downpour's chunks.
import { render } from 'preact';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { blockAt, countBlocks, drawGrid, layOut, readGrid } from '../../client/dashboard/grid/grid-drawing.ts';
import { dashboard, live } from './dashboard-fixture.ts';
import { runStatus } from './pages-fixture.ts';

let root: HTMLElement;
beforeEach(() => {
  root = document.body.appendChild(document.createElement('div'));
});
afterEach(() => {
  render(null, root);
  root.remove();
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
    render(dashboard(live, '#grid'), root);
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
    render(dashboard({ ...live, status: { ...runStatus, config, episode, chunks } }, '#grid'), root);
    expect(root.querySelector('.grid-canvas')).toBeNull();
    expect(root.querySelector('#grid-title')?.textContent).toBe('Chunks');
    const bar = root.querySelector<HTMLElement>('.chunk-bar');
    expect(bar?.getAttribute('aria-label')).toBe('Chunks in memory: 50 done, 10 leased, 20 waiting.');
    const parts = [...(bar?.children ?? [])].map((part) => (part as HTMLElement).style.flexGrow);
    expect(parts).toEqual(['50', '10', '20']);
    expect([...root.querySelectorAll('.legend li')].map((item) => item.textContent)).toEqual([
      'done 50',
      'leased 10',
      'waiting 20',
    ]);
  });
});
