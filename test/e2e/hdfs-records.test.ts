// Our records against those of Hadoop's own LineRecordReader: line by line, offset by offset, split by split, on the real cluster.
import { gzipSync } from 'node:zlib';
import { beforeAll, describe, expect, it } from 'vitest';
import { parseHostMap } from '../../coordinator/corpus/host-map.ts';
import { readLineBlocks, readLines } from '../../coordinator/corpus/lines.ts';
import { openCorpus } from '../../coordinator/corpus/open.ts';
import type { CorpusFile, CorpusSource } from '../../coordinator/corpus/source.ts';
import { snap } from '../../coordinator/corpus/splits.ts';
import { sharedHdfs } from '../hdfs/shared.ts';

const hdfs = sharedHdfs();
const HOME = '/hdfs-records-test';
const PACKAGE = 'org.apache.hadoop.mapreduce.lib';

/** Bytes of Hadoop's splits; the last of a file has up to a tenth more. One job for each. */
const SPLIT_BYTES = [23, 61];

const EDGES = 'one\ntwo words here\n\n\nfünf 漢字 😀\n\ttab\tand  blanks \nsix';
const crlf = (text: string): string => text.replaceAll('\n', '\r\n');

const TEXTS: Readonly<Record<string, Buffer>> = {
  'lf.txt': Buffer.from(`${EDGES}\n`),
  'open.txt': Buffer.from(EDGES),
  'crlf.txt': Buffer.from(crlf(`${EDGES}\n`)),
  'crlf-open.txt': Buffer.from(crlf(EDGES)),
  'mixed.txt': Buffer.from(`${crlf(EDGES)}\n${EDGES}`),
  'mark.txt': Buffer.from(`\ufeff${EDGES}\n`),
  'mark-alone.txt': Buffer.from('\ufeff'),
  'feeds.txt': Buffer.from('\n'.repeat(50)),
  'crlfs.txt': Buffer.from('\r\n'.repeat(25)),
  // Boundaries on a line feed, before it and after it; a line longer than several splits; a split within a character.
  'boundary-on.txt': Buffer.from(`${'a'.repeat(SPLIT_BYTES[0]!)}\n`.repeat(2)),
  'boundary-before.txt': Buffer.from(`${'b'.repeat(SPLIT_BYTES[0]! - 1)}\n`.repeat(3)),
  'boundary-after.txt': Buffer.from(`${'c'.repeat(SPLIT_BYTES[0]! - 2)}\n`.repeat(3)),
  'boundary-crlf.txt': Buffer.from(`${'d'.repeat(SPLIT_BYTES[0]! - 1)}\r\n`.repeat(3)),
  'long.txt': Buffer.from(`short\n${'漢'.repeat(40)}\nshort\n`),
  'wide.txt': Buffer.from('😀'.repeat(15)),
  'nul.txt': Buffer.from('a\0b\n\0\n'),
  'latin1.txt': Buffer.from('caf\xe9\n\xff\xfe\nend\n', 'latin1'),
  'packed.txt.gz': gzipSync(crlf(`\ufeff${EDGES}\n`)),
  'members.txt.gz': Buffer.concat([gzipSync('one\ntw'), gzipSync('o\nthree')]),
  // printf 'one\ntwo\r\n\né漢😀\nlast' | bzip2 -9
  'packed.txt.bz2': Buffer.from(
    'QlpoOTFBWSZTWZc5uaQAAAVB/YASIgWMgEAAAECQIAAECAABAEAAIAAih6ho9TQPUKZMTIMjJGgazAE4NRl13yZL4u5IpwoSEuc3NIA=',
    'base64',
  ),
};
/** The one difference: Hadoop ends lines at a carriage return without a line feed as well. */
const LONE_RETURN = Buffer.from('a\rb\nc\r\r\nd');

interface TextRecord {
  /** Bytes before the line, of the unpacked text. */
  readonly offset: number;
  readonly line: string;
}

interface HadoopSplit {
  /** Which of SPLIT_BYTES. */
  readonly splitBytes: number;
  readonly start: number;
  readonly end: number;
  readonly records: readonly TextRecord[];
}

const options = { hdfsUser: hdfs.superuser, hdfsHostMap: parseHostMap(hdfs.hostMap) };
/** By file name: the splits that Hadoop made of it, of either size. */
const hadoop = new Map<string, HadoopSplit[]>();
let source: CorpusSource;
const files = new Map<string, CorpusFile>();

const nameOf = (path: string): string => path.slice(path.lastIndexOf('/') + 1);

async function read(corpus: CorpusSource, file: CorpusFile): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of corpus.read(file, 0, file.length)) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** Text lines of `offset TAB line`. */
function parseRecords(output: Buffer): TextRecord[] {
  const lines = output.toString().split('\n');
  if (lines.pop() !== '') throw new Error('a map wrote half a line');
  return lines.map((text) => {
    const tab = text.indexOf('\t');
    return { offset: Number(text.slice(0, tab)), line: text.slice(tab + 1) };
  });
}

/** Runs the identity over all files, split by split, and keeps what each map was given. */
async function runHadoop(splitBytes: number): Promise<void> {
  const out = `${HOME}/out-${splitBytes}`;
  const given = ['-inFormat', `${PACKAGE}.input.TextInputFormat`, '-outFormat', `${PACKAGE}.output.TextOutputFormat`];
  const types = ['-outKey', 'org.apache.hadoop.io.LongWritable', '-outValue', 'org.apache.hadoop.io.Text'];
  const log = await hdfs.runJob({
    // Without reduces nothing is sorted: each map writes what it was given, offset and line.
    mainClass: 'org.apache.hadoop.examples.Sort',
    args: ['-r', '0', ...given, ...types, `${HOME}/in`, out],
    properties: { 'mapreduce.input.fileinputformat.split.maxsize': splitBytes },
  });
  const splits = [...log.matchAll(/Processing split: \S+\/(\S+):(\d+)\+(\d+)/g)];
  const output = await openCorpus([`${hdfs.url}${out}`], options);
  const parts = new Map((await output.list()).map((file) => [nameOf(file.path), file]));
  for (const [k, [, name = '', start, length]] of splits.entries()) {
    // A part that holds nothing is not listed.
    const part = parts.get(`part-m-${String(k).padStart(5, '0')}`);
    const records = part === undefined ? [] : parseRecords(await read(output, part));
    const split = { splitBytes, start: Number(start), end: Number(start) + Number(length), records };
    hadoop.set(name, [...(hadoop.get(name) ?? []), split]);
  }
  await output.close();
}

beforeAll(async () => {
  const all = { ...TEXTS, 'returns.txt': LONE_RETURN };
  for (const [name, bytes] of Object.entries(all)) await hdfs.put(`${HOME}/in/${name}`, bytes);
  for (const splitBytes of SPLIT_BYTES) await runHadoop(splitBytes);
  source = await openCorpus([`${hdfs.url}${HOME}/in`], options);
  for (const file of await source.list()) files.set(nameOf(file.path), file);
}, 120_000);

/** Our records of a byte range that snap made. */
async function ours(name: string, start: number, end: number): Promise<TextRecord[]> {
  const file = files.get(name)!;
  const records: TextRecord[] = [];
  const split = { file: 0, start, end };
  const lines: string[] = [];
  for await (const batch of readLines(source, file, split)) lines.push(...batch);
  // Offsets by the lengths of the blocks' lines: the mark that was dropped comes before the first.
  let offset = start;
  let k = 0;
  for await (const { bytes } of readLineBlocks(source, file, split)) {
    for (let from = 0; from < bytes.length; k += 1) {
      const to = bytes.indexOf(0x0a, from) + 1;
      records.push({ offset, line: lines[k] as string });
      offset += to - from + (k === 0 && start === 0 && /^mark|packed.*gz/.test(name) ? 3 : 0);
      from = to;
    }
  }
  return records;
}

/** Hadoop's records of a whole file. */
function wholeOf(name: string, splitBytes: number): TextRecord[] {
  const splits = hadoop.get(name)!.filter((split) => split.splitBytes === splitBytes);
  return splits.toSorted((a, b) => a.start - b.start).flatMap(({ records }) => records);
}

describe("Hadoop's LineRecordReader", () => {
  it('was given the splits that these tests need', () => {
    expect([...hadoop.keys()].toSorted()).toEqual([...files.keys()].toSorted());
    for (const [name, splits] of hadoop) {
      const covered = splits.reduce((sum, { start, end }) => sum + end - start, 0);
      expect(covered).toBe(SPLIT_BYTES.length * files.get(name)!.length);
    }
    // Boundaries within lines, on line feeds and beside them.
    const plain = Object.keys(TEXTS).filter((name) => files.get(name)!.codec === 'plain');
    const inner = plain.flatMap((name) =>
      hadoop
        .get(name)!
        .slice(1)
        .map((split) => [name, split.start] as const),
    );
    expect(inner.length).toBeGreaterThan(50);
    const around = inner.map(([name, at]) => TEXTS[name]!.toString('latin1').slice(at - 1, at + 1));
    for (const kind of [/^\n/, /\n$/, /^\r\n$/, /^[a-z]{2}$/, /^[\x80-\xff][\x80-\xbf]$/])
      expect(around.filter((two) => kind.test(two)).length).toBeGreaterThan(0);
  });

  it.each(Object.keys(TEXTS).filter((name) => name.endsWith('txt')))('gives the records of ours: %s', async (name) => {
    const file = files.get(name)!;
    for (const { start, end, records } of hadoop.get(name)!) {
      // A line that begins just at a boundary is read by the split before it there, and by the one after it here.
      const from = start === 0 ? 0 : await snap(source, file, start + 1);
      const to = end === file.length ? end : await snap(source, file, end + 1);
      const mine = await ours(name, from, to);
      if (name === 'latin1.txt') expect(mine.map(({ line }) => line)).toEqual(records.map(({ line }) => line));
      else expect(mine).toEqual(records);
    }
  });

  it.each(Object.keys(TEXTS).filter((name) => !name.endsWith('txt')))('gives the records of ours: %s', async (name) => {
    const mine = await ours(name, 0, files.get(name)!.length);
    for (const splitBytes of SPLIT_BYTES) expect(mine).toEqual(wholeOf(name, splitBytes));
  });

  it('ends a line at a carriage return alone, as ours does not', async () => {
    const records = wholeOf('returns.txt', SPLIT_BYTES[0]!);
    expect(records.map(({ line }) => line)).toEqual(['a', 'b', 'c', '', 'd']);
    const mine = await ours('returns.txt', 0, LONE_RETURN.length);
    expect(mine.map(({ line }) => line)).toEqual(['a\rb', 'c\r', 'd']);
  });
});
