// Fail-over on a real cluster of two name nodes: reads and a whole run go on at the byte where they were.
import { createHash } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { parseHostMap } from '../../coordinator/corpus/host-map.ts';
import { hdfsClient, parseHdfsSpec } from '../../coordinator/corpus/hdfs.ts';
import { openCorpus } from '../../coordinator/corpus/open.ts';
import type { CorpusFile, CorpusOptions, CorpusSource } from '../../coordinator/corpus/source.ts';
import { SYSTEM, WebHdfsClient } from '../../coordinator/corpus/webhdfs/client.ts';
import type { Environment } from '../../coordinator/corpus/webhdfs/patience.ts';
import { writeFile } from '../../coordinator/corpus/webhdfs/writing.ts';
import { type HaCluster, startHaCluster } from '../hdfs/ha-cluster.ts';
import { CoordinatorProcess } from './coordinator-process.ts';
import { problems } from './doctor-problems.ts';
import { makeFolder } from './train-setup.ts';

const MIB = 1 << 20; // a block
const big = Buffer.from(
  Array.from({ length: 200_000 }, (_, k) => `line ${k} of ${'text '.repeat(k % 17)}\n`).join(''),
).subarray(0, 10 * MIB);
const folder = makeFolder();
let cluster: HaCluster;

beforeAll(async () => {
  cluster = await startHaCluster();
  const client = hdfsClient(parseHdfsSpec(`${cluster.url}/`)!, options());
  await writeFile(client, '/big.txt', () => [big]);
  for (let k = 0; k < 4; k += 1) {
    const words = Array.from({ length: 2_000 }, (_, n) => `w${(n * n + k) % 89} w${(n * 7 + k) % 311} w${n % 53}`);
    await writeFile(client, `/corpus/part-${k}`, () => [Buffer.from(`${words.join('\n')}\n`)]);
  }
  client.close();
});

afterAll(async () => {
  await cluster?.stop();
  folder.remove();
});

function options(): CorpusOptions {
  return { hdfsUser: cluster.superuser, hdfsHostMap: parseHostMap(cluster.hostMap), hdfsHeadersMs: 3_000 };
}

/** Waits are real but short, and counted. */
function counting(): Environment & { waits: number } {
  const environment = {
    ...SYSTEM,
    waits: 0,
    sleep: async (ms: number, signal?: AbortSignal) => {
      environment.waits += 1;
      await SYSTEM.sleep(Math.min(ms, 300), signal);
    },
  };
  return environment;
}

function md5(chunks: Iterable<Uint8Array>): string {
  const hash = createHash('md5');
  for (const chunk of chunks) hash.update(chunk);
  return hash.digest('hex');
}

async function open(
  url = cluster.url,
): Promise<{ source: CorpusSource; file: CorpusFile; environment: ReturnType<typeof counting> }> {
  const environment = counting();
  const source = await openCorpus([`${url}/big.txt`], options(), environment);
  const [file] = await source.list();
  environment.waits = 0;
  return { source, file: file!, environment };
}

/** Reads block by block, each a request of its own, until `done` says so at the end of the file: every file's digest. */
async function readBlocks(source: CorpusSource, file: CorpusFile, done: () => boolean): Promise<ReadonlySet<string>> {
  const digests = new Set<string>();
  do {
    const chunks: Uint8Array[] = [];
    for (let at = 0; at < file.length; at += MIB)
      for await (const chunk of source.read(file, at, Math.min(MIB, file.length - at))) chunks.push(chunk);
    digests.add(md5(chunks));
  } while (!done());
  return digests;
}

/** Reads all of it in one request, and does something once the first bytes are there. */
async function readWhole(source: CorpusSource, file: CorpusFile, meanwhile: () => Promise<void>): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of source.read(file, 0, file.length)) {
    if (chunks.length === 0) await meanwhile();
    chunks.push(chunk);
  }
  return md5(chunks);
}

/** What both ways of reading answer when nothing is lost. */
function whole(): readonly [ReadonlySet<string>, string] {
  const digest = md5([big]);
  return [new Set([digest]), digest];
}

async function waited(environment: { readonly waits: number }): Promise<void> {
  await expect.poll(() => environment.waits, { timeout: 60_000 }).toBeGreaterThan(1);
}

it('waits while both name nodes stand by, and reads when one is promoted', async () => {
  const { source, file, environment } = await open();
  await cluster.standBy(1);
  const reading = readBlocks(source, file, () => true);
  await waited(environment);
  await cluster.activate(2);
  expect(await reading).toEqual(new Set([md5([big])]));
  await source.close();
});

it('does not blame a data node that hangs because no name node is active', async () => {
  const { source, file, environment } = await open();
  const { locate, blockLocations } = WebHdfsClient.prototype;
  let redirects = 0;
  let blamed = 0;
  WebHdfsClient.prototype.locate = async function (...args) {
    const place = await locate.apply(this, args);
    redirects += 1;
    // The active one steps back with the redirect already given.
    if (redirects === 1) await cluster.standBy(2);
    return place;
  };
  WebHdfsClient.prototype.blockLocations = async function (...args) {
    blamed += 1;
    return blockLocations.apply(this, args);
  };
  try {
    const reading = readWhole(source, file, async () => undefined);
    await waited(environment);
    await cluster.activate(1);
    expect(await reading).toBe(md5([big]));
    expect([redirects > 1, blamed]).toEqual([true, 0]);
  } finally {
    Object.assign(WebHdfsClient.prototype, { locate, blockLocations });
    await source.close();
  }
});

it('survives a graceful fail-over in mid-read', async () => {
  const { source, file } = await open();
  let moved = false;
  const move = async (): Promise<void> => {
    await cluster.failOver(1, 2);
    moved = true;
  };
  expect(await Promise.all([readBlocks(source, file, () => moved), readWhole(source, file, move)])).toEqual(whole());
  await source.close();
});

it('is as it should be for doctor with a standby beside the active one, and not with the standby alone', async () => {
  expect(await problems(`${cluster.url}/corpus`, options())).toEqual([]);
  expect(await problems(`${cluster.urlOf(1)}/corpus`, options())).toEqual([
    expect.stringMatching(/^active: the only one named is a standby \| Name both, with a comma/),
    expect.stringMatching(/^access: HDFS_STANDBY/),
  ]);
});

it('survives SIGKILL of the active name node in mid-read, once the other is promoted', async () => {
  const { source, file, environment } = await open();
  let promoted = false;
  const lose = async (): Promise<void> => {
    await cluster.killNameNode(2);
    await waited(environment);
    await cluster.activate(1);
    promoted = true;
  };
  expect(await Promise.all([readBlocks(source, file, () => promoted), readWhole(source, file, lose)])).toEqual(whole());
  expect(environment.waits).toBeGreaterThan(1);
  cluster.startNameNode(2);
  await source.close();
});

it('trains a whole run, and writes its vectors, with the active name node killed in the middle', async () => {
  await cluster.ready(2);
  const target = `${cluster.url}/vectors`;
  const access = ['--hdfs-user', cluster.superuser, '--hdfs-host-map', cluster.hostMap];
  const settings = ['--dim', '16', '--min-count', '1', '--epochs', '6', '--local', '1', '--exit'];
  const run = new CoordinatorProcess([`${cluster.url}/corpus`, '--out', target, ...access, ...settings], folder.path);
  // Every epoch is read anew, so most of the reading is still to come.
  await run.event('vocabulary');
  await cluster.killNameNode(1);
  await cluster.activate(2);
  expect(await run.exit(), run.stderr).toBe(0);
  const done = await run.event('done');
  expect(done).toMatchObject({ outcome: 'trained', tokens: 6 * 4 * 2_000 * 3 });
  const client = hdfsClient(parseHdfsSpec(`${cluster.url}/`)!, options());
  expect((await client.list('/vectors')).map(({ name }) => name)).toEqual([
    'run.json',
    'vectors.bin',
    'vectors.txt',
    'vocab.txt',
  ]);
  client.close();
});

it('waits for its only name node, killed and started again, through start-up and standby', async () => {
  const { source, file, environment } = await open(cluster.urlOf(2));
  let back = false;
  const restart = async (): Promise<void> => {
    await cluster.killNameNode(2);
    await waited(environment);
    cluster.startNameNode(2);
    await cluster.ready(2);
    await cluster.activate(2);
    back = true;
  };
  expect(await Promise.all([readBlocks(source, file, () => back), readWhole(source, file, restart)])).toEqual(whole());
  await source.close();
});
