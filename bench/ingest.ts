// Reading a corpus from HDFS, counting and encoding it, beside curl and wc on the same bytes, and the memory it takes.
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { openCorpus } from '../coordinator/corpus/open.ts';
import { parseHostMap } from '../coordinator/corpus/host-map.ts';
import { planSplits } from '../coordinator/corpus/splits.ts';
import { UserName } from '../coordinator/corpus/webhdfs/authentication.ts';
import { WebHdfsClient } from '../coordinator/corpus/webhdfs/client.ts';
import { SCHEDULE } from '../coordinator/run/config.ts';
import { type HdfsCluster, startHdfs } from '../test/hdfs/cluster.ts';
import { buildProgram, runCurl, runTask, runWc, runWhole } from './ingest-tasks.ts';
import { type Circumstances, circumstances, record } from './record.ts';
import { sampleText } from './sample-text.ts';

/** Blocks of real clusters are 128 MiB; half of it gives three data nodes something to do at once. */
const BLOCK_BYTES = 64 << 20;
const CORPUS_BYTES = 384 << 20;
/** The whole ingest, counting and pairs, is run on a small corpus and on the whole: memory must not grow with it. */
const SMALL_BYTES = 96 << 20;
const ROUNDS = 5;
/** Processes that read, as a run counts in one thread for each of two cores, */
const READERS = 2;
/** and ranges at a time, for all of them and for curl. */
const STREAMS = 4;

interface Round {
  readonly readMBps: number;
  /** Of all cores, while reading. */
  readonly readCpuSeconds: number;
  readonly curlMBps: number;
  /** Per second of processor time: a core's. */
  readonly encodeWordsPerSecond: number;
  readonly countWordsPerSecond: number;
  readonly wcWordsPerSecond: number;
}

interface Entry extends Circumstances {
  /** Name of the file that is repeated. */
  readonly text: string;
  readonly bytes: number;
  readonly streams: number;
  /** Medians of the rounds; `readShare` is that of their quotients. */
  readonly readMBps: number;
  readonly curlMBps: number;
  readonly readShare: number;
  readonly readCpuSecondsPerGB: number;
  readonly encodeWordsPerSecond: number;
  readonly countWordsPerSecond: number;
  readonly wcWordsPerSecond: number;
  /** Of a process that ingests the whole corpus, and of one that ingests a quarter of it. */
  readonly peakRssMiB: number;
  readonly peakRssMiBOfQuarter: number;
  readonly ingestWordsPerSecond: number;
  readonly rounds: readonly Round[];
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** Writes `text` again and again into a local file until it has `bytes`; ends with a line. */
function writeRepeated(path: string, text: Buffer, bytes: number): void {
  const file = openSync(path, 'w');
  for (let at = 0; at + text.length <= bytes || at === 0; at += text.length) writeSync(file, text);
  closeSync(file);
}

async function put(hdfs: HdfsCluster, path: string, bytes: Buffer): Promise<void> {
  const client = new WebHdfsClient({
    nameNodes: [hdfs.url.replace('webhdfs:', 'http:')],
    authentication: new UserName(hdfs.superuser),
    redirects: { hostMap: parseHostMap(hdfs.hostMap), hosts: undefined },
  });
  await client.create(path, bytes, { overwrite: true, blocksize: BLOCK_BYTES, replication: 1 });
  client.close();
}

/** The ranges that a run reads, as URLs for curl. */
async function urlsOf(hdfs: HdfsCluster, corpus: string): Promise<string[]> {
  const source = await openCorpus([corpus], { hdfsUser: hdfs.superuser, hdfsHostMap: parseHostMap(hdfs.hostMap) });
  const files = await source.list();
  const splits = await planSplits(source, files, SCHEDULE.splitBytes);
  await source.close();
  const base = `${hdfs.url.replace('webhdfs:', 'http:')}/webhdfs/v1`;
  return splits.map(({ file, start, end }) => {
    const path = files[file]!.path.slice(hdfs.url.length);
    return `${base}${path}?op=OPEN&user.name=${hdfs.superuser}&offset=${start}&length=${end - start}`;
  });
}

async function measure(hdfs: HdfsCluster, corpus: string, local: string, bytes: number): Promise<readonly Round[]> {
  const urls = await urlsOf(hdfs, corpus);
  const mapped = Object.keys(parseHostMap(hdfs.hostMap));
  const remote = { corpus, user: hdfs.superuser, hostMap: hdfs.hostMap };
  const rounds: Round[] = [];
  // The first is not kept: pages are read in, and the data nodes' code is compiled.
  for (let k = 0; k <= ROUNDS; k++) {
    const readers = Array.from({ length: READERS }, (_, part) =>
      runTask({ kind: 'read', streams: STREAMS / READERS, part, parts: READERS, ...remote }),
    );
    const read = await Promise.all(readers);
    const curlSeconds = await runCurl(urls, mapped, STREAMS);
    if (k === 0) continue;
    const encoded = await runTask({ kind: 'encode', file: local });
    const counted = await runTask({ kind: 'count', file: local });
    const wc = await runWc(local);
    rounds.push({
      readMBps: bytes / 1e6 / Math.max(...read.map((one) => one.seconds)),
      readCpuSeconds: read.reduce((sum, one) => sum + one.cpuSeconds, 0),
      curlMBps: bytes / 1e6 / curlSeconds,
      encodeWordsPerSecond: encoded.done / encoded.cpuSeconds,
      countWordsPerSecond: counted.done / counted.cpuSeconds,
      wcWordsPerSecond: wc.words / wc.seconds,
    });
  }
  return rounds;
}

function print(entry: Entry): void {
  const rows: readonly (readonly [string, string])[] = [
    [
      'reading',
      `${entry.readMBps.toFixed(0)} MB/s in ${entry.streams} streams, ${entry.readCpuSecondsPerGB.toFixed(1)} s of processor a GB`,
    ],
    ['curl', `${entry.curlMBps.toFixed(0)} MB/s; reading has ${(100 * entry.readShare).toFixed(0)} % of it`],
    ['encoding', `${(entry.encodeWordsPerSecond / 1e6).toFixed(1)} M words/s a core`],
    ['counting', `${(entry.countWordsPerSecond / 1e6).toFixed(1)} M words/s a core`],
    ['wc -w', `${(entry.wcWordsPerSecond / 1e6).toFixed(1)} M words/s`],
    ['counting, then pairs', `${(entry.ingestWordsPerSecond / 1e6).toFixed(2)} M words/s, all of a run but training`],
    [
      'memory',
      `${entry.peakRssMiB.toFixed(0)} MiB at most; ${entry.peakRssMiBOfQuarter.toFixed(0)} MiB with a quarter of the text`,
    ],
  ];
  for (const [name, figure] of rows) process.stdout.write(`${name.padEnd(22)}${figure}\n`);
}

export async function benchIngest({
  json,
  corpus,
}: {
  readonly json: boolean;
  readonly corpus: string | undefined;
}): Promise<void> {
  const about = circumstances();
  // npm changes to the project's folder; the path is meant from where the command was given.
  const path = corpus === undefined ? undefined : resolve(process.env['INIT_CWD'] ?? '.', corpus);
  const given = path === undefined ? Buffer.from(await sampleText()) : readFileSync(path);
  const text = given.at(-1) === 0x0a ? given : Buffer.concat([given, Buffer.of(0x0a)]);
  await buildProgram();
  const folder = mkdtempSync(join(tmpdir(), 'tributary-bench-'));
  let hdfs: HdfsCluster | undefined;
  try {
    const local = join(folder, 'whole.txt');
    writeRepeated(local, text, CORPUS_BYTES);
    const whole = readFileSync(local);
    hdfs = await startHdfs({ dataNodes: 3 });
    await put(hdfs, '/whole/text.txt', whole);
    await put(hdfs, '/quarter/text.txt', whole.subarray(0, whole.lastIndexOf(0x0a, SMALL_BYTES) + 1));
    const rounds = await measure(hdfs, `${hdfs.url}/whole`, local, whole.length);
    const remote = { user: hdfs.superuser, hostMap: hdfs.hostMap };
    const small = await runWhole({ ...remote, corpus: `${hdfs.url}/quarter` });
    const large = await runWhole({ ...remote, corpus: `${hdfs.url}/whole` });
    const of = (figure: (round: Round) => number): number => median(rounds.map(figure));
    const entry: Entry = {
      ...about,
      text: path === undefined ? 'the sample corpus' : (path.split('/').at(-1) as string),
      bytes: whole.length,
      streams: STREAMS,
      readMBps: of((round) => round.readMBps),
      curlMBps: of((round) => round.curlMBps),
      readShare: of((round) => round.readMBps / round.curlMBps),
      readCpuSecondsPerGB: of((round) => round.readCpuSeconds) / (whole.length / 1e9),
      encodeWordsPerSecond: of((round) => round.encodeWordsPerSecond),
      countWordsPerSecond: of((round) => round.countWordsPerSecond),
      wcWordsPerSecond: of((round) => round.wcWordsPerSecond),
      peakRssMiB: large.peakRssMiB,
      peakRssMiBOfQuarter: small.peakRssMiB,
      ingestWordsPerSecond: large.done / large.seconds,
      rounds,
    };
    record('ingest', entry);
    if (json) process.stdout.write(`${JSON.stringify(entry)}\n`);
    else print(entry);
  } finally {
    await hdfs?.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}
