// What the volunteer sees of the model and of its own work: changes of neighbours, the map, the plot, thanks, words.
import { h, render } from 'preact';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { encodeWordMap } from '../../protocol/vectors.ts';
import { Contribution } from '../../client/volunteer/contribution.tsx';
import { safeLink } from '../../client/ui/for-whom.tsx';
import { Intro } from '../../client/volunteer/intro.tsx';
import { changesBetween, NO_CHANGES } from '../../client/volunteer/live/changes.ts';
import { LiveLook } from '../../client/volunteer/live/live-look.tsx';
import { between } from '../../client/volunteer/live/map-drawing.ts';
import { tellingWords } from '../../client/volunteer/live/word-map.tsx';
import { keepNickname, keptNickname, Nickname } from '../../client/volunteer/nickname.tsx';
import type { Traffic } from '../../client/volunteer/page-traffic.ts';
import { linePath, withSecond } from '../../client/volunteer/speed-plot.tsx';
import { Thanks } from '../../client/volunteer/thanks.tsx';
import { HOSTILE, workerStatus } from './pages-fixture.ts';

let root: HTMLElement;
beforeEach(() => {
  root = document.body.appendChild(document.createElement('div'));
});
afterEach(() => {
  render(null, root);
  root.remove();
});
const text = (): string => root.textContent.replaceAll('\u00a0', ' ');

describe('for whom', () => {
  const about = { title: HOSTILE, operator: HOSTILE, purpose: HOSTILE, link: 'https://example.org/x', version: '1' };

  it('shows the words of the operator as text, and links to nothing but http and https', () => {
    render(h(Intro, { about, started: false }), root);
    expect(root.querySelector('img')).toBeNull();
    expect(root.querySelector('h1')?.textContent).toBe(HOSTILE);
    expect(root.querySelector('a')?.getAttribute('rel')).toContain('noopener');
    expect(text()).toContain('Nothing runs until you press Start');
    expect(['javascript:alert(1)', 'data:text/html,x', 'no address', ''].map(safeLink)).toEqual([
      null,
      null,
      null,
      null,
    ]);
    render(h(Intro, { about: { ...about, link: 'javascript:alert(1)' }, started: false }), root);
    expect(root.querySelector('a')).toBeNull();
  });
});

describe('changes of neighbours', () => {
  const list = (...words: string[]) => words.map((word) => ({ word, similarity: 0.5 }));

  it('tells what came and what went, and keeps the last change while nothing does', () => {
    const first = changesBetween(list('a', 'b'), list('b', 'c'), NO_CHANGES);
    expect([[...first.came], first.went]).toEqual([['c'], ['a']]);
    expect(changesBetween(list('b', 'c'), list('c', 'b'), first)).toBe(first);
  });
});

describe('live look', () => {
  const map = encodeWordMap({
    modelVersion: 3,
    dim: 2,
    words: ['the', 'king', 'queen', 'boat', 'ship', 'river'],
    scales: new Float32Array(6).fill(0.01),
    values: Int8Array.of(9, 9, 100, 10, 90, 20, -100, 5, -90, 15, 0, 120),
  });

  it('asks again while the run trains, marks what is new, says what went, and speaks once a question', async () => {
    const answers = [
      ['queen', 'boat'],
      ['queen', 'prince'],
    ];
    const asked: string[] = [];
    const traffic: Traffic = {
      bytes: 0,
      text: async (url) => {
        asked.push(url);
        const words = answers[Math.min(asked.length, answers.length) - 1]!;
        const body = JSON.stringify(words.map((word) => ({ word, similarity: 0.5 })));
        return { ok: true, status: 200, text: async () => body };
      },
      binary: async () => ({ ok: true, status: 200, arrayBuffer: async () => map.slice().buffer }),
    };
    render(h(LiveLook, { live: true, begun: true, traffic }), root);
    await expect.poll(() => root.querySelectorAll('.chip').length).toBeGreaterThan(0);
    expect(root.querySelector('canvas')?.getAttribute('aria-label')).toContain('Map of 5 frequent words');
    root.querySelector<HTMLButtonElement>('.chip')?.click();
    await expect.poll(() => root.querySelector('[role=status]')?.textContent).toContain('queen, boat');
    const spoken = root.querySelector('[role=status]')?.textContent;
    await expect
      .poll(() => root.querySelector('.mark-new')?.parentElement?.textContent, { timeout: 15_000 })
      .toBe('princenew');
    expect(root.querySelector('.neighbours-went')?.textContent).toContain('boat');
    expect(root.querySelector('[role=status]')?.textContent).toBe(spoken);
    expect(asked.every((url) => url.startsWith('api/similar?positive='))).toBe(true);
  });

  it('asks for no vectors before there are any', async () => {
    let asked = 0;
    const count = (): Promise<never> => {
      asked++;
      return new Promise(() => undefined);
    };
    const traffic: Traffic = { bytes: 0, text: count, binary: count };
    render(h(LiveLook, { live: true, begun: false, traffic }), root);
    await expect.poll(() => text()).toContain('The map begins with the first pieces');
    expect(asked).toBe(0);
    render(h(LiveLook, { live: true, begun: true, traffic }), root);
    await expect.poll(() => asked).toBe(1);
  });

  it('shows the longer words only, each with its own row', () => {
    const kept = tellingWords(
      {
        modelVersion: 1,
        dim: 2,
        words: ['of', 'rivers', ',,,,', 'boats'],
        scales: Float32Array.of(1, 2, 3, 4),
        values: Int8Array.of(1, 1, 2, 3, 4, 4, 5, 6),
      },
      9,
    );
    expect([kept.words, [...kept.scales], [...kept.values]]).toEqual([
      ['rivers', 'boats'],
      [2, 4],
      [2, 3, 5, 6],
    ]);
  });

  it('moves words on the way from one picture to the next; new ones stand at once', () => {
    const last = { words: ['a'], x: Float32Array.of(0), y: Float32Array.of(0) };
    const now = { words: ['a', 'b'], x: Float32Array.of(4, 7), y: Float32Array.of(2, 7) };
    expect(between(last, now, 0.5)).toEqual([
      { word: 'a', x: 2, y: 1 },
      { word: 'b', x: 7, y: 7 },
    ]);
    expect(between(null, now, 0)[0]).toEqual({ word: 'a', x: 4, y: 2 });
  });
});

describe('own work', () => {
  it('shows the piece at hand, what is being checked, rank, share and the reason of a refusal', () => {
    const status = { ...workerStatus, rejected: 2, late: 1, refusal: HOSTILE };
    render(h(Contribution, { status, pageBytes: 1_000_000 }), root);
    for (const part of [
      '4,100 of 10.0 k',
      '1 being checked, 2 refused, 1 too late',
      '3 of 7',
      '13.2 %',
      '5.00 %',
      '114 MB',
    ])
      expect(text()).toContain(part);
    expect(text()).toContain(HOSTILE);
    expect(root.querySelector('img')).toBeNull();
    expect(root.querySelector('[role=progressbar]')?.getAttribute('aria-valuenow')).toBe('41');
  });

  it('draws the newest second at the right edge, and keeps a minute and a half', () => {
    expect(linePath([5])).toBe('');
    const path = linePath([0, 10]);
    expect(path).toMatch(/^M178\.0 38\.0L180\.0 2\.0$/);
    let speeds: readonly number[] = [];
    for (let k = 0; k < 200; k++) speeds = withSecond(speeds, k);
    expect([speeds.length, speeds[0], speeds.at(-1)]).toEqual([90, 110, 199]);
  });

  it('thanks with the totals at each end, and not before', () => {
    render(h(Thanks, { status: workerStatus, about: null }), root);
    expect(text()).toBe('');
    render(h(Thanks, { status: { ...workerStatus, state: 'done' }, about: null }), root);
    for (const part of ['250 k words', '12 pieces', '5.00 % of this run', 'you can close this tab'])
      expect(text()).toContain(part);
    render(h(Thanks, { status: { ...workerStatus, state: 'left', accepted: 0 }, about: null }), root);
    expect(text()).toContain('Nothing was counted');
  });
});

describe('nickname', () => {
  it('is told at once and kept only where the volunteer says so', async () => {
    sessionStorage.clear();
    const told: string[] = [];
    render(
      h(Nickname, { name: 'Ada', storage: () => sessionStorage, onName: (name: string) => void told.push(name) }),
      root,
    );
    const field = root.querySelector<HTMLInputElement>('#nickname')!;
    expect(field.maxLength).toBe(40);
    field.value = ' Ada L ';
    field.dispatchEvent(new Event('input', { bubbles: true }));
    expect(told).toEqual(['Ada L']);
    expect(sessionStorage.length).toBe(0);
    const box = root.querySelector<HTMLInputElement>('[type=checkbox]')!;
    box.click();
    expect(keptNickname(() => sessionStorage)).toBe('Ada');
    await expect.poll(() => box.checked).toBe(true);
    box.click();
    expect(sessionStorage.length).toBe(0);
  });

  it('bears a browser that keeps nothing', () => {
    const refuse = (): Storage => {
      throw new Error('storage is off');
    };
    expect([keptNickname(refuse), keepNickname(refuse, 'x')]).toEqual(['', false]);
  });
});
