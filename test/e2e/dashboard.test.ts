// The operator's dashboard in a real Chromium on a real run: live figures in every section, and a volunteer put aside.
import { readFileSync } from 'node:fs';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { findChromium, launchChromium } from '../../coordinator/browser/chromium.ts';
import { type CoordinatorProcess, until } from './coordinator-process.ts';
import { makeFolder, startLongRun } from './train-setup.ts';

const folder = makeFolder();
let coordinator: CoordinatorProcess;
let url: string;
let token: string;
let browser: Browser;
let page: Page;
/** What the browser complained of: scripts, requests, the content security policy. */
const complaints: string[] = [];

beforeAll(async () => {
  ({ coordinator, url, token } = await startLongRun(folder, 5000));
  browser = await launchChromium({ executable: await findChromium(), gpu: false });
  page = await browser.newPage();
  page.setDefaultTimeout(60_000);
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('console', (message) => {
    if (message.type() === 'error') complaints.push(message.text());
  });
});

afterAll(async () => {
  await browser?.close();
  await coordinator?.kill();
  folder.remove();
});

const go = (section: string): Promise<unknown> => page.goto(new URL(`dashboard#${section}`, url).href);
const seen = (text: RegExp): Promise<void> => page.locator('main').getByText(text).first().waitFor();

interface Entry {
  readonly session?: number;
  readonly lease?: number;
  readonly kind: string;
  readonly reason?: string;
}

/** What the journal has of volunteer 1. */
function entriesOf(...kinds: string[]): Entry[] {
  const lines = readFileSync(folder.at('run', 'journal.jsonl'), 'utf8').split('\n');
  return lines
    .filter((line) => line.endsWith('}'))
    .map((line) => JSON.parse(line) as Entry)
    .filter(({ session, kind }) => session === 1 && kinds.includes(kind));
}

/** Leases that it was granted and that have not ended. */
function holds(): Set<number | undefined> {
  const open = new Set(entriesOf('granted').map(({ lease }) => lease));
  for (const { lease } of entriesOf('applied', 'returned', 'expired', 'rejected')) open.delete(lease);
  return open;
}

it('shows the run at work to whoever signs in, and puts a volunteer aside until it is released', async () => {
  await go('overview');
  await page.getByLabel('Operator token').fill(token);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByRole('button', { name: 'Pause…' }).waitFor();
  await page.locator('.plot canvas').first().waitFor();

  await go('grid');
  await page.getByRole('img', { name: /^Leases of the last \d/ }).waitFor();
  await seen(/oldest/);

  await go('model');
  await seen(/Never touched: [\d,]+ of [\d,]+ rows/);
  await page.getByRole('button', { name: 'Draw the map' }).click();
  await seen(/words by principal components/);

  await go('corpus');
  await seen(/corpus\.txt/);
  await go('service');
  await page.locator('main .panel').first().waitFor();
  await go('log');
  await seen(/volunteer 1 joined/);

  await go('volunteers');
  const row = page.locator('tr[data-id="1"]');
  await row.getByText('training', { exact: false }).first().waitFor();
  await row.getByRole('checkbox').check();
  await page.getByRole('button', { name: 'Quarantine…' }).click();
  await page.getByRole('button', { name: 'Quarantine volunteer 1' }).click();
  await row.getByText('quarantined', { exact: false }).first().waitFor();
  await until('its work to go back', 60_000, () => (holds().size === 0 ? true : undefined));
  const granted = entriesOf('granted').length;
  await row.getByRole('checkbox').check();
  await page.getByRole('button', { name: 'Release…' }).click();
  await page.getByRole('button', { name: 'Release volunteer 1' }).click();
  await until('new work for it', 60_000, () => (entriesOf('granted').length > granted ? true : undefined));
  const back = entriesOf('returned').map(({ reason }) => reason);
  expect(back.filter((reason) => reason !== 'quarantined: by the operator')).toEqual([]);
  await go('log');
  await seen(/quarantine volunteer 1/);
  await seen(/release volunteer 1/);
  await page.getByRole('link', { name: 'Volunteers' }).click();
  await page.getByRole('link', { name: 'Volunteer 1' }).click();
  await seen(/of \d+ × \d+/);
  await go('wall');
  await page.locator('.wall').waitFor();
  expect(complaints).toEqual([]);
}, 200_000);
