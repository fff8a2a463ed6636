// What the operator sees of reading on a real HDFS: files and bytes, and a data node that is killed while it sends.
import { writeFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { findChromium, launchChromium } from '../../coordinator/browser/chromium.ts';
import type { CorpusReport } from '../../protocol/corpus.ts';
import type { OperatorStatus } from '../../protocol/operator.ts';
import { sharedHdfs } from '../hdfs/shared.ts';
import { Valve } from '../hdfs/valve.ts';
import { CoordinatorProcess, until } from './coordinator-process.ts';
import { makeFolder } from './train-setup.ts';

const hdfs = sharedHdfs();
const folder = makeFolder();
const HOME = '/hdfs-reading-test/corpus';
const WORDS = Array.from({ length: 200 }, (_, k) => `w${k}`);
const FILES = 4;

/** Few words that count among many that do not: more bytes than sockets hold, and little to train. */
function text(lines: number): Buffer {
  const filler = ` ${'x'.repeat(99)}`.repeat(10);
  const line = (k: number): string => [0, 1, 2, 3].map((n) => WORDS[(k * 7 + n * n) % WORDS.length]).join(' ') + filler;
  return Buffer.from(`${Array.from({ length: lines }, (_, k) => line(k)).join('\n')}\n`);
}
const part = text(2000);

let valve: Valve;
let run: CoordinatorProcess | undefined;
let harmed = 0;

beforeAll(async () => {
  writeFileSync(folder.at('words.txt'), WORDS.join('\n'));
  for (let k = 0; k < FILES; k++) await hdfs.put(`${HOME}/part-${k}`, part);
  valve = await Valve.before(hdfs.url);
});

afterAll(async () => {
  valve.release();
  await run?.kill();
  if (harmed > 0) await hdfs.restartDataNode(harmed);
  valve.close();
  folder.remove();
});

it('tells files, bytes and the node that failed: by HTTP, in the metrics and on the dashboard', async () => {
  const model = ['--dim', '8', '--min-count', '1', '--epochs', '1000', '--vocab', folder.at('words.txt')];
  const access = ['--hdfs-user', hdfs.superuser, '--hdfs-host-map', valve.hostMap];
  const shut = valve.shutAfter(Math.round(part.length * (FILES + 1.5)));
  run = new CoordinatorProcess([hdfs.url + HOME, ...model, ...access, '--local', '1', '--out', folder.at('run')]);
  harmed = await Promise.race([shut, run.exit().then(() => Promise.reject(new Error(run!.stderr)))]);
  const counted = (await run.event('vocabulary'))['tokens'];
  expect(counted).toBe(FILES * 2000 * 4);
  const url = await run.url();
  const token = /operator token: (\S+)/.exec(run.stderr)![1]!;
  const ask = async (path: string): Promise<Response> => {
    const answer = await fetch(new URL(path, url), { headers: { authorization: `Bearer ${token}` } });
    expect(answer.status).toBe(200);
    return answer;
  };
  const look = async (query = ''): Promise<CorpusReport> =>
    (await (await ask(`/api/corpus${query}`)).json()) as CorpusReport;

  // All files were counted; the valve is shut while the second is being read for training.
  const during = await until('a second file in reading', 60_000, async () => {
    const report = await look();
    return report.corpus.pass === 'training' && report.lines[1]?.state === 'reading' ? report : undefined;
  });
  expect(during.lines.map(({ state }) => state)).toEqual(['done', 'reading', 'waiting', 'waiting']);
  expect(during.lines.map(({ path, bytes }) => [path, bytes])).toEqual(
    [0, 1, 2, 3].map((k) => [`${hdfs.url}${HOME}/part-${k}`, part.length]),
  );
  expect(during.corpus.reading.map(({ path }) => path)).toEqual([`${hdfs.url}${HOME}/part-1`]);
  expect(during.corpus.nodes.every(({ failures }) => failures === 0)).toBe(true);

  await hdfs.killDataNode(harmed);
  valve.release({ dataNode: harmed, how: 'cut' });
  const after = await until('an attempt after a failed one', 60_000, async () => {
    const report = await look('?state=done&count=1');
    return report.corpus.nodes.some(({ failures, retries }) => failures > 0 && retries > 0) ? report : undefined;
  });
  const node = after.corpus.nodes[0]!;
  expect(node.node).toContain(`dn${harmed}.hdfs.invalid`);
  expect(node.role).toBe('data node');
  expect(node.codes.map(({ code }) => code)).toContain('HDFS_SHORT_BODY');
  expect(node.last).toContain(`dn${harmed}.hdfs.invalid`);
  expect(after.corpus.bytesRead).toBeGreaterThan(part.length * (FILES + 1));
  expect(after.lines.length).toBeLessThanOrEqual(1);
  const { corpus } = (await (await ask('/api/operator')).json()) as OperatorStatus;
  expect(corpus.nodes[0]?.node).toBe(node.node);

  const metrics = await (await ask('/metrics')).text();
  const labels = `role="data node",node="${node.node}"`;
  expect(metrics).toMatch(
    new RegExp(`^tributary_corpus_read_errors_total\\{${labels},code="HDFS_SHORT_BODY"\\} [1-9]`, 'm'),
  );
  expect(metrics).toMatch(new RegExp(`^tributary_corpus_read_retries_total\\{${labels}\\} [1-9]`, 'm'));
  expect(metrics).toMatch(
    /^tributary_corpus_read_bytes_total\{role="data node",node="dn\d\.hdfs\.invalid:\d+"\} \d{6,}/m,
  );

  for (const query of ['?from=-1', '?count=201', '?state=gone', `?find=${'x'.repeat(201)}`]) {
    const answer = await fetch(new URL(`/api/corpus${query}`, url), { headers: { authorization: `Bearer ${token}` } });
    expect([answer.status, await answer.text()]).toEqual([400, expect.stringContaining('BAD_QUERY')]);
  }
  expect((await fetch(new URL('/api/corpus', url))).status).toBe(401);

  const browser = await launchChromium({ executable: await findChromium(), gpu: false });
  try {
    const page = await browser.newPage();
    page.setDefaultTimeout(60_000);
    await page.goto(new URL('dashboard', url).href);
    await page.getByLabel('Operator token').fill(token);
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByRole('button', { name: 'Pause…' }).waitFor();
    await page.goto(new URL('dashboard#corpus', url).href);
    const nodes = page.getByRole('region', { name: 'Nodes' });
    await nodes.getByText(node.node, { exact: true }).waitFor();
    await nodes
      .getByText(/HDFS_SHORT_BODY/)
      .first()
      .waitFor();
    await page.getByText('1 to 4 of 4.').waitFor();
    await page.getByLabel('Find').fill('PART-3');
    await page.getByText('1 to 1 of 1.').waitFor();
  } finally {
    await browser.close();
  }
});
