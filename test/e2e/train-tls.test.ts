// Volunteers on other machines: https by the coordinator itself, and behind a real reverse proxy.
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { request } from 'node:https';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { findChromium, launchChromium } from '../../coordinator/browser/chromium.ts';
import { openVolunteers } from '../../coordinator/browser/volunteers.ts';
import { CoordinatorProcess, until } from './coordinator-process.ts';
import { startProxy } from './reverse-proxy.ts';
import { makeCertificate, makeFolder, writeCorpus } from './train-setup.ts';

const folder = makeFolder();
let browser: Browser;
const running: CoordinatorProcess[] = [];

beforeAll(async () => {
  writeCorpus(folder.at('corpus.txt'), 20_000);
  makeCertificate(folder.at('key.pem'), folder.at('cert.pem'));
  browser = await launchChromium({ executable: await findChromium(), gpu: false });
});

afterAll(async () => {
  await browser.close();
  for (const coordinator of running) await coordinator.kill();
  folder.remove();
});

function start(name: string, args: readonly string[]): CoordinatorProcess {
  const settings = ['--out', folder.at(name), '--dim', '16', '--epochs', '1000', '--exit'];
  const coordinator = new CoordinatorProcess([folder.at('corpus.txt'), ...settings, ...args]);
  running.push(coordinator);
  return coordinator;
}

/** Opens a tab there and waits until the coordinator has applied work of a browser. */
async function expectTraining(
  url: string,
  status: () => Promise<{ volunteers: { local: boolean; accepted: number }[] }>,
): Promise<void> {
  const [tab] = await openVolunteers(browser, { url: new URL(url), tabs: 1, engine: 'cpu' });
  await until('accepted work', 30_000, async () => {
    const said = await tab!.status();
    if (said.error !== '') throw new Error(said.error);
    return (await status()).volunteers.some((one) => !one.local && one.accepted > 0) ? true : undefined;
  });
}

/** A GET that trusts any certificate. */
function get(url: string): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    const asked = request(url, { rejectUnauthorized: false }, (answer) => {
      let body = '';
      answer.setEncoding('utf8').on('data', (text: string) => (body += text));
      answer.on('end', () => resolve({ status: answer.statusCode!, body }));
    });
    asked.on('error', reject).end();
  });
}

const statusAt = async (url: string): Promise<{ volunteers: { local: boolean; accepted: number }[] }> =>
  JSON.parse((await get(new URL('/api/run', url).href)).body) as { volunteers: { local: boolean; accepted: number }[] };

it.each([
  ['a certificate made at the start', ['--tls', 'self-signed', '--host', '0.0.0.0']],
  ['given certificate files', ['--tls-cert', folder.at('cert.pem'), '--tls-key', folder.at('key.pem')]],
])('a tab trains over https with %s', async (_how, args) => {
  const coordinator = start(args[1]!.replaceAll('/', '-'), args);
  const url = await coordinator.url();
  expect(url).toMatch(/^https:/);
  expect((await get(new URL('/dashboard', url).href)).status).toBe(200);
  await coordinator.event('vocabulary');
  await expectTraining(url, () => statusAt(url));
  expect(coordinator.stderr).not.toContain('WebGPU only on https');
});

it('a tab trains through nginx, configured as the guide says', async () => {
  const coordinator = start('proxied', []);
  const port = await freePort();
  const proxy = await startProxy(
    folder.path,
    port,
    new URL(await coordinator.url()).host,
    folder.at('cert.pem'),
    folder.at('key.pem'),
  );
  try {
    const url = `https://localhost:${port}/`;
    await coordinator.event('vocabulary');
    await expectTraining(url, () => statusAt(url));
    expect((await get(new URL('/api/similar?positive=w1', url).href)).status).toBe(200);
  } finally {
    await proxy.stop();
  }
});

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
