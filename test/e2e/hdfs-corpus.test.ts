// The corpus reader against a real HDFS: listing, splits, dying and hanging data nodes, and what goes wrong for people.
import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { parseHostMap } from '../../coordinator/corpus/host-map.ts';
import { readLines } from '../../coordinator/corpus/lines.ts';
import { openCorpus } from '../../coordinator/corpus/open.ts';
import type { CorpusFile, CorpusOptions, CorpusSource } from '../../coordinator/corpus/source.ts';
import { planSplits } from '../../coordinator/corpus/splits.ts';
import { UserName } from '../../coordinator/corpus/webhdfs/authentication.ts';
import { WebHdfsClient } from '../../coordinator/corpus/webhdfs/client.ts';
import { sharedHdfs } from '../hdfs/shared.ts';

const hdfs = sharedHdfs();
const HOME = '/hdfs-corpus-test';
function superuserClient(): WebHdfsClient {
  return new WebHdfsClient({
    nameNodes: [hdfs.url.replace('webhdfs:', 'http:')],
    authentication: new UserName(hdfs.superuser),
  });
}

const options: CorpusOptions = {
  hdfsUser: hdfs.superuser,
  hdfsHostMap: parseHostMap(hdfs.hostMap),
  hdfsHeadersMs: 10_000,
  hdfsIdleMs: 4_000,
};

/** Text of about `bytes` bytes whose every line is different. */
function text(bytes: number): Buffer {
  const lines: string[] = [];
  for (let length = 0, k = 0; length < bytes; k += 1) {
    const line = `line ${k} of añ undisturbed text ${'x'.repeat(k % 61)}`;
    lines.push(line);
    length += line.length + 2;
  }
  return Buffer.from(`${lines.join('\n')}\n`);
}

// More than socket buffers hold.
const big = text(24 << 20);
const small = Buffer.from('\ufefffirst\r\nsecond\n\nlast without end');

function md5(bytes: Uint8Array): string {
  return createHash('md5').update(bytes).digest('hex');
}

async function open(
  path: string,
  changes: CorpusOptions = {},
): Promise<{ source: CorpusSource; files: readonly CorpusFile[] }> {
  const source = await openCorpus([hdfs.url + path], { ...options, ...changes });
  return { source, files: await source.list() };
}

async function readAll(
  source: CorpusSource,
  file: CorpusFile,
  onChunk?: (bytes: number) => Promise<void>,
): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of source.read(file, 0, file.length)) {
    chunks.push(chunk);
    bytes += chunk.length;
    await onChunk?.(bytes);
  }
  return Buffer.concat(chunks);
}

function first(files: readonly CorpusFile[]): CorpusFile {
  const [file] = files;
  if (file === undefined) throw new Error('no file');
  return file;
}

beforeAll(async () => {
  await hdfs.put(`${HOME}/big.txt`, big);
  await hdfs.put(`${HOME}/some/small.txt`, small);
  await hdfs.put(`${HOME}/some/packed.txt.gz`, Buffer.concat([gzipSync('one\ntwo\nth'), gzipSync('ree\n')]));
  await hdfs.put(`${HOME}/some/_SUCCESS`, Buffer.from('no data'));
  await hdfs.put(`${HOME}/some/deeper/part-00000`, Buffer.from('deep\n'));
  await hdfs.put(`${HOME}/odd/a b+c&d=e%20?#é漢.txt`, Buffer.from('odd name\n'));
  await hdfs.put(`${HOME}/empty/nothing.txt`, new Uint8Array(0));
  await hdfs.put(`${HOME}/private/secret.txt`, Buffer.from('secret\n'));
  await hdfs.change(`${HOME}/private`, 'SETPERMISSION', { permission: '700' });
});

describe('listing', () => {
  it('walks directories, leaving out what is hidden', async () => {
    const { source, files } = await open(`${HOME}/some`);
    expect(files.map((file) => [file.path.slice(hdfs.url.length + HOME.length), file.length, file.codec])).toEqual([
      ['/some/deeper/part-00000', 5, 'plain'],
      ['/some/packed.txt.gz', expect.any(Number), 'gzip'],
      ['/some/small.txt', small.length, 'plain'],
    ]);
    await source.close();
  });

  it('takes globs, and names with every odd character', async () => {
    const globbed = await open(`${HOME}/s*/*.txt`);
    expect(globbed.files.map((file) => file.path)).toEqual([`${hdfs.url}${HOME}/some/small.txt`]);
    await globbed.source.close();
    const odd = await open(`${HOME}/odd`);
    expect((await readAll(odd.source, first(odd.files))).toString()).toBe('odd name\n');
    await odd.source.close();
  });

  it('pages through a directory of more entries than one answer holds', async () => {
    // The cluster's dfs.ls.limit is 20. Directories are made, as files cost a data node each.
    const client = superuserClient();
    const names = Array.from({ length: 63 }, (_, k) => `d${String(k).padStart(2, '0')}`);
    await Promise.all(names.map((name) => hdfs.change(`${HOME}/many/${name}`, 'MKDIRS')));
    expect((await client.list(`${HOME}/many`)).map((entry) => entry.name)).toEqual(names);
    client.close();
  });
});

describe('reading', () => {
  it('gives the bytes that were written, and any range of them', async () => {
    const { source, files } = await open(`${HOME}/big.txt`);
    const file = first(files);
    expect(md5(await readAll(source, file))).toBe(md5(big));
    const from = (1 << 20) - 7;
    const range: Uint8Array[] = [];
    for await (const chunk of source.read(file, from, 20)) range.push(chunk);
    expect(Buffer.concat(range)).toEqual(big.subarray(from, from + 20));
    await source.close();
  });

  it('gives every line once over splits, and decodes gzip', async () => {
    const { source, files } = await open(`${HOME}/big.txt`);
    const splits = await planSplits(source, files, 700_001);
    expect(splits.length).toBeGreaterThan(10);
    const lines: string[] = [];
    for (const split of splits) for await (const batch of readLines(source, first(files), split)) lines.push(...batch);
    expect(lines.join('\n')).toBe(big.toString().trimEnd());
    await source.close();

    const some = await open(`${HOME}/some/*.*`);
    const read: string[] = [];
    for (const file of some.files)
      for await (const batch of readLines(some.source, file, { file: 0, start: 0, end: file.length }))
        read.push(...batch);
    expect(read).toEqual(['one', 'two', 'three', 'first', 'second', '', 'last without end']);
    await some.source.close();
  });

  it('says so when a file is replaced after it was listed', async () => {
    await hdfs.put(`${HOME}/changing.txt`, Buffer.from('before\n'));
    const { source, files } = await open(`${HOME}/changing.txt`);
    await hdfs.put(`${HOME}/changing.txt`, Buffer.from('after!\n'));
    await expect(readAll(source, first(files))).rejects.toMatchObject({
      code: 'SOURCE_CHANGED',
      message: expect.stringContaining('changing.txt'),
    });
    await hdfs.remove(`${HOME}/changing.txt`);
    await expect(readAll(source, first(files))).rejects.toMatchObject({ code: 'SOURCE_CHANGED' });
    await source.close();
  });
});

describe('data nodes that fail in mid-read', () => {
  let harmed: number | undefined;
  afterEach(async () => {
    if (harmed !== undefined) await hdfs.restartDataNode(harmed);
    harmed = undefined;
  });

  /** Reads everything and harms the data node that is sending after the first bytes. */
  async function readWhileHarming(harm: (k: number) => Promise<void>): Promise<Buffer> {
    const { source, files } = await open(`${HOME}/big.txt`);
    // Which node serves is the name node's choice, and only redirects tell: they are seen on the way.
    let serving = 0;
    let attempts = 0;
    const locate = WebHdfsClient.prototype.locate;
    WebHdfsClient.prototype.locate = async function (...args) {
      const place = await locate.apply(this, args);
      attempts += 1;
      serving = Number(/dn(\d)/.exec(place.peer.toldAs)?.[1]);
      return place;
    };
    try {
      const bytes = await readAll(source, first(files), async (received) => {
        if (harmed === undefined && received > 100_000) {
          harmed = serving;
          await harm(serving);
        }
      });
      expect(harmed).toBeGreaterThan(0);
      // Otherwise everything was in socket buffers already and nothing was tried.
      expect(attempts).toBeGreaterThan(1);
      return bytes;
    } finally {
      WebHdfsClient.prototype.locate = locate;
      await source.close();
    }
  }

  it('survives SIGKILL: the read completes with identical bytes', async () => {
    expect(md5(await readWhileHarming((k) => hdfs.killDataNode(k)))).toBe(md5(big));
  });

  it('survives SIGSTOP: a silent data node is left after the idle timeout', async () => {
    expect(md5(await readWhileHarming((k) => hdfs.freezeDataNode(k)))).toBe(md5(big));
  });
});

describe('damaged replicas', () => {
  it('are read around while one is whole, and never pass for the end of the file', async () => {
    const client = superuserClient();
    for (const [marker, copies] of [
      ['ONEDAMAGED', 1],
      ['BOTHDAMAGED', 2],
    ] as const) {
      const content = Buffer.from(`${marker}\n${'a line of text\n'.repeat(20_000)}`);
      await hdfs.put(`${HOME}/${marker}.txt`, content);
      // The second copy may lag behind, and then the only one would be damaged.
      await expect
        .poll(async () => (await client.blockLocations(`${HOME}/${marker}.txt`, 0, 1))[0]?.names.length, {
          timeout: 20_000,
        })
        .toBe(2);
      await hdfs.damageReplicas(marker, copies);
      const { source, files } = await open(`${HOME}/${marker}.txt`, { hdfsAttempts: 5 });
      const reading = readAll(source, first(files));
      if (copies === 1) expect(md5(await reading)).toBe(md5(content));
      else
        await expect(reading).rejects.toMatchObject({
          message: expect.stringContaining(`${marker}.txt`),
          code: expect.stringMatching(/^HDFS_(SHORT_BODY|NO_REPLICA|REFUSED)$/),
        });
      await source.close();
    }
    client.close();
  });
});

describe('what people run into', () => {
  async function failure(path: string, changes: CorpusOptions = {}): Promise<unknown> {
    const source = await openCorpus([path.startsWith('/') ? hdfs.url + path : path], { ...options, ...changes });
    try {
      await readAll(source, first(await source.list()));
    } catch (error) {
      return error;
    } finally {
      await source.close();
    }
    return 'no error';
  }

  it('names a missing path', async () => {
    expect(await failure(`${HOME}/nowhere.txt`)).toMatchObject({
      code: 'CORPUS_NOT_FOUND',
      message: expect.stringContaining(`${HOME}/nowhere.txt`),
    });
    expect(await failure(`${HOME}/some/*.csv`)).toMatchObject({ code: 'CORPUS_NOT_FOUND' });
  });

  it('names an empty directory and an empty file', async () => {
    expect(await failure(`${HOME}/empty`)).toMatchObject({ code: 'CORPUS_EMPTY' });
    expect(await failure(`${HOME}/empty/nothing.txt`)).toMatchObject({ code: 'CORPUS_EMPTY' });
  });

  it('names the user who may not read, and the setting', async () => {
    expect(await failure(`${HOME}/private/secret.txt`, { hdfsUser: 'stranger' })).toMatchObject({
      code: 'HDFS_DENIED',
      message: expect.stringContaining('user "stranger"'),
      hint: expect.stringContaining('--hdfs-user'),
    });
  });

  it('names the data node that cannot be resolved, and the line to add', async () => {
    expect(await failure(`${HOME}/big.txt`, { hdfsHostMap: {} })).toMatchObject({
      code: 'HDFS_DATA_NODE_UNRESOLVED',
      message: expect.stringMatching(/dn\d\.hdfs\.invalid/),
      hint: expect.stringMatching(/--hdfs-host-map dn\d\.hdfs\.invalid=ADDRESS/),
    });
  });

  it('names a data node behind a closed port', async () => {
    const hdfsHostMap = Object.fromEntries([1, 2, 3].map((k) => [`dn${k}.hdfs.invalid`, '127.0.0.1:1']));
    expect(await failure(`${HOME}/big.txt`, { hdfsHostMap, hdfsAttempts: 4 })).toMatchObject({
      code: 'HDFS_DATA_NODE_UNREACHABLE',
      message: expect.stringContaining('127.0.0.1:1'),
    });
  });

  it('tells a name node whose name is wrong from one whose port is closed', async () => {
    expect(await failure('webhdfs://nn.hdfs.invalid:9870/x')).toMatchObject({
      code: 'HDFS_NAME_NODE_UNRESOLVED',
      message: expect.stringContaining('nn.hdfs.invalid'),
    });
    expect(await failure('webhdfs://127.0.0.1:1/x')).toMatchObject({
      code: 'HDFS_NAME_NODE_UNREACHABLE',
      hint: expect.stringContaining('9870'),
    });
  });

  it('goes on to the second name node when the first is closed', async () => {
    const source = await openCorpus(
      [`webhdfs://127.0.0.1:1,${hdfs.url.slice('webhdfs://'.length)}${HOME}/some/small.txt`],
      options,
    );
    expect(await readAll(source, first(await source.list()))).toEqual(small);
    await source.close();
  });
});
