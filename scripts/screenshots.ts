// Takes the pictures of docs/images from the real pages at work: `tsx scripts/screenshots.ts [URL]`. Without the
// address of a running coordinator it starts one on the sample corpus, and ends it afterwards.
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdir, mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { Browser, Page } from 'playwright-core';
import { findChromium, launchChromium } from '../coordinator/browser/chromium.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const IMAGES = join(ROOT, 'docs', 'images');
const WIDTHS = [1280, 390] as const;
const SCHEMES = ['light', 'dark'] as const;
/** Bytes: pictures stay small enough for a repository. */
const LARGEST_IMAGE = 300_000;
/** Milliseconds. */
const PATIENCE = 180_000;

interface Coordinator {
  readonly url: string;
  end(): Promise<void>;
}

async function startCoordinator(): Promise<Coordinator> {
  const folder = await mkdtemp(join(tmpdir(), 'tributary-screenshots-'));
  // Epochs to spare: the run must still be at work when the last picture is taken.
  const args = [
    'train',
    'sample:',
    '--local',
    '1',
    '--port',
    '0',
    '--json',
    '--epochs',
    '12',
    '--title',
    'A million words of American English',
    '--operator',
    'The word lab',
    '--purpose',
    'We learn from the Brown corpus, printed in 1961, which words were used alike.',
    '--out',
    join(folder, 'run'),
  ];
  const child = spawn(process.execPath, [join(ROOT, 'scripts', 'tributary.mjs'), ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const end = async (): Promise<void> => {
    await ended(child);
    await rm(folder, { recursive: true, force: true });
  };
  try {
    return { url: await listeningUrl(child), end };
  } catch (error) {
    await end();
    throw error;
  }
}

async function listeningUrl(child: ChildProcess): Promise<string> {
  if (child.stdout === null) throw new Error('the coordinator has no stdout');
  const lines = createInterface({ input: child.stdout });
  for await (const line of lines) {
    const event: unknown = JSON.parse(line);
    if (typeof event !== 'object' || event === null || !('event' in event) || event.event !== 'listening') continue;
    if (!('url' in event) || typeof event.url !== 'string') throw new Error(`no url in ${line}`);
    // The pipe must keep flowing, or the coordinator would wait for us to read its progress.
    child.stdout.resume();
    return event.url;
  }
  throw new Error('the coordinator ended before it listened; its reason is above');
}

/** SIGTERM to the launcher, which passes it on; waits for both. */
function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
  return new Promise((done) => {
    child.once('exit', () => done());
    child.kill('SIGTERM');
  });
}

async function look(page: Page, word: string): Promise<void> {
  await page.fill('#neighbour-word', word);
  await page.press('#neighbour-word', 'Enter');
  await page.waitForSelector('.neighbours, .neighbour-box .failure', { timeout: PATIENCE });
  await page.evaluate(() => {
    if (document.activeElement instanceof HTMLElement) document.activeElement.blur();
    scrollTo(0, 0);
  });
}

async function picture(page: Page, name: string): Promise<void> {
  for (const width of WIDTHS) {
    for (const colorScheme of SCHEMES) {
      await page.setViewportSize({ width, height: width > 600 ? 900 : 844 });
      await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
      await page.waitForTimeout(500); // plots and grid follow the new width on their next frames
      const path = join(IMAGES, `${name}-${width}-${colorScheme}.png`);
      await page.screenshot({ path, fullPage: true });
      const { size } = await stat(path);
      if (size > LARGEST_IMAGE) throw new Error(`${path} has ${size} bytes, more than ${LARGEST_IMAGE}`);
      console.log(`${path}  ${Math.round(size / 1000)} kB`);
    }
  }
}

async function takeAll(browser: Browser, url: string): Promise<void> {
  const volunteer = await browser.newPage();
  await volunteer.goto(url);
  await volunteer.click('#start');
  await volunteer.waitForFunction(() => (window.tributary?.accepted ?? 0) >= 3, undefined, { timeout: PATIENCE });
  await look(volunteer, 'father');

  // A second visitor, who comes while the run is at work.
  const visitor = await browser.newPage();
  await visitor.goto(url);
  await visitor.waitForSelector('[aria-label="Progress of the run"]', { timeout: PATIENCE });
  await picture(visitor, 'volunteer-before');
  await visitor.close();

  const dashboard = await browser.newPage();
  await dashboard.goto(new URL('dashboard#overview', url).href);
  await dashboard.waitForSelector('.plot canvas', { timeout: PATIENCE });
  // Some points for the plots first.
  await dashboard.waitForTimeout(20_000);
  await picture(dashboard, 'dashboard');
  await dashboard.goto(new URL('dashboard#wall', url).href);
  await dashboard.waitForTimeout(1500);
  await picture(dashboard, 'wall');
  await dashboard.goto(new URL('status', url).href);
  await look(dashboard, 'father');
  await picture(dashboard, 'status');
  await volunteer.bringToFront();
  // Asked again: the neighbours of the first seconds say little.
  await look(volunteer, 'father');
  await volunteer.waitForFunction(() => window.tributary?.state === 'training', undefined, { timeout: PATIENCE });
  await picture(volunteer, 'volunteer');
}

await mkdir(IMAGES, { recursive: true });
const given = process.argv[2];
const coordinator = given === undefined ? await startCoordinator() : { url: given, end: () => Promise.resolve() };
try {
  const browser = await launchChromium({ executable: await findChromium(), gpu: false });
  try {
    await takeAll(browser, coordinator.url);
  } finally {
    await browser.close();
  }
} finally {
  await coordinator.end();
}
