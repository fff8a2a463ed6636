// A Firefox tab in a real run: joins with the CPU engine, trains, pauses, goes on, leaves; both pages without complaint.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import type { Browser } from 'puppeteer-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { VolunteerList } from '../../protocol/operator.ts';
import type { VolunteerRow } from '../../protocol/status.ts';
import { CoordinatorProcess, until } from './coordinator-process.ts';
import { launchFirefox, watchedPage, type WatchedPage } from './firefox.ts';

const PATIENCE_MS = 60_000;
/** Bytes, gzip: the page with all its scripts and styles, the compute worker's included. */
const MOST_WEIGHT = 150_000;
const PAGES = fileURLToPath(new URL('../../dist/client', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'tributary-firefox-'));

let coordinator: CoordinatorProcess;
let firefox: Browser;
let volunteer: WatchedPage;
let url: string;

interface Mirror {
  readonly state: string;
  readonly engine: string | null;
  readonly device: string;
  readonly accepted: number;
}

function mirror(): Promise<Mirror> {
  return volunteer.page.evaluate(() => ({ ...window.tributary }) as unknown as Mirror);
}

function reached(what: string, holds: (now: Mirror) => boolean): Promise<Mirror> {
  return until(what, PATIENCE_MS, async () => {
    const now = await mirror();
    return holds(now) ? now : undefined;
  });
}

async function rows(): Promise<readonly VolunteerRow[]> {
  return (await coordinator.status()).volunteers;
}

beforeAll(async () => {
  // More epochs than the test lasts: it ends the run itself.
  const settings = ['--dim', '32', '--epochs', '200', '--title', 'Firefox helps', '--operator', 'The testers'];
  coordinator = new CoordinatorProcess(['sample:', ...settings, '--out', join(folder, 'run')]);
  url = await coordinator.url();
  firefox = await launchFirefox();
  volunteer = await watchedPage(firefox);
  await volunteer.page.goto(url);
  await volunteer.page.waitForSelector('#start:not([hidden])', { timeout: PATIENCE_MS });
}, 180_000);

afterAll(async () => {
  const pid = firefox?.process()?.pid;
  await firefox?.close();
  await coordinator?.kill();
  rmSync(folder, { recursive: true, force: true });
  if (pid === undefined) return;
  const left = execFileSync('ps', ['-eo', 'ppid=,pid=,comm='], { encoding: 'utf8' })
    .split('\n')
    .filter((line) => line.trim().startsWith(`${pid} `));
  if (left.length > 0) throw new Error(`Firefox left processes behind: ${left.join('; ')}`);
}, 120_000);

describe('a Firefox tab', () => {
  it('tells for whom and what before anything runs', async () => {
    const text = await volunteer.page.evaluate(() => document.body.textContent);
    for (const part of ['Firefox helps', 'The testers', 'Nothing runs until you press Start'])
      expect(text).toContain(part);
    expect(await mirror()).toMatchObject({ state: 'idle', accepted: 0 });
    expect(await rows()).toEqual([]);
  });

  it('joins by the keyboard, trains on the CPU, and is known by its name', async () => {
    await volunteer.page.focus('#start');
    await volunteer.page.keyboard.press('Enter');
    const now = await reached('two pieces accepted', ({ accepted }) => accepted >= 2);
    expect(now).toMatchObject({ engine: 'cpu', device: 'CPU, WebAssembly SIMD' });
    const [row] = await rows();
    expect(row).toMatchObject({ engine: 'cpu', device: 'CPU, WebAssembly SIMD' });
    expect(row!.accepted).toBeGreaterThanOrEqual(2);
    const token = /operator token: (\S+)/.exec(coordinator.stderr)![1]!;
    const answer = await fetch(new URL('api/volunteers', url), { headers: { authorization: `Bearer ${token}` } });
    const { volunteers } = (await answer.json()) as VolunteerList;
    expect(volunteers.map(({ browser }) => browser)).toEqual([expect.stringMatching(/^Firefox \d+/)]);
  });

  it('pauses and goes on', async () => {
    await volunteer.page.click('#pause');
    await reached('the pause', ({ state }) => state === 'paused');
    const row = await until('the coordinator to know', PATIENCE_MS, async () =>
      (await rows()).find(({ state }) => state === 'paused'),
    );
    expect(row.reason).toMatch(/paused/i);
    const { accepted } = await mirror();
    await volunteer.page.click('#pause');
    await reached('more pieces', (now) => now.accepted > accepted + 1);
  });

  it('leaves at once, and is gone from the coordinator', async () => {
    await volunteer.page.click('#leave');
    await reached('the end', ({ state }) => state === 'left');
    await until('the coordinator to know', PATIENCE_MS, async () => ((await rows()).length === 0 ? true : undefined));
    const text = await volunteer.page.evaluate(() => document.querySelector('.thanks')?.textContent ?? '');
    expect(text).toContain('Thank you');
  });

  it('asked nobody but the coordinator and complained of nothing', () => {
    const strangers = volunteer.requests.filter(
      // Firefox draws the triangle of <details> with a font of its own that it carries in a data: address.
      (one) => new URL(one).host !== new URL(url).host && !one.startsWith('data:font/'),
    );
    expect(strangers).toEqual([]);
    expect(volunteer.requests.length).toBeGreaterThan(3);
    expect(volunteer.complaints).toEqual([]);
  });

  it('weighed less than 150 kB in all', () => {
    const paths = [...new Set(volunteer.requests.map((one) => new URL(one).pathname))];
    const files = paths.filter((path) => path === '/' || /\.(js|css|svg|wasm)$/.test(path));
    expect(files).toEqual(
      expect.arrayContaining([expect.stringMatching(/worker.*\.js$/), expect.stringMatching(/css$/)]),
    );
    const weight = files
      .map((path) => gzipSync(readFileSync(join(PAGES, path === '/' ? 'index.html' : path))).length)
      .reduce((sum, bytes) => sum + bytes, 0);
    expect(weight).toBeLessThan(MOST_WEIGHT);
  });

  it('runs no script and no style that is not a file of the coordinator', async () => {
    const policy = (await fetch(url)).headers.get('content-security-policy') ?? '';
    expect(policy).toMatch(/script-src 'self' 'wasm-unsafe-eval';/);
    expect(policy).not.toMatch(/unsafe-inline|'unsafe-eval'|\*/);
    const stranger = await watchedPage(firefox);
    await stranger.page.goto(url);
    const ran = await stranger.page.evaluate(() => {
      const script = document.createElement('script');
      script.textContent = 'document.title = "ran"';
      document.head.append(script);
      return document.title === 'ran';
    });
    expect(ran).toBe(false);
    await until('the complaint', PATIENCE_MS, async () =>
      stranger.complaints.some((one) => one.startsWith('error: policy: script-src')) ? true : undefined,
    );
  });

  it('shows the dashboard without complaint', async () => {
    const dashboard = await watchedPage(firefox);
    await dashboard.page.goto(new URL('dashboard', url).href);
    await dashboard.page.waitForSelector('h1, h2', { timeout: PATIENCE_MS });
    await until('the feed', PATIENCE_MS, async () =>
      (await dashboard.page.evaluate(() => document.body.textContent)).includes('words') ? true : undefined,
    );
    expect(dashboard.complaints).toEqual([]);
  });
});
