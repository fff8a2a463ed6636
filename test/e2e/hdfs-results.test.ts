// tributary train --out webhdfs://…: results in a real HDFS, claimed before training, and written again after a failure.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hdfsClient, parseHdfsSpec } from '../../coordinator/corpus/hdfs.ts';
import { parseHostMap } from '../../coordinator/corpus/host-map.ts';
import { openCorpus } from '../../coordinator/corpus/open.ts';
import { sharedHdfs } from '../hdfs/shared.ts';
import { CoordinatorProcess } from './coordinator-process.ts';
import { eventsOf, makeFolder, tributary, writeCorpus } from './train-setup.ts';

const hdfs = sharedHdfs();
const HOME = '/hdfs-results-test';
const folder = makeFolder();
const access = (user: string): string[] => ['--hdfs-user', user, '--hdfs-host-map', hdfs.hostMap];
const settings = ['--dim', '8', '--min-count', '1', '--epochs', '1', '--local', '1', '--exit'];

beforeAll(async () => {
  writeCorpus(folder.at('corpus.txt'), 300);
  await hdfs.put(`${HOME}/full/already.txt`, Buffer.from('here\n'));
  await hdfs.change(`${HOME}/bare`, 'MKDIRS');
  // Made and left to a user who is not above permissions.
  await hdfs.change(`${HOME}/ann`, 'MKDIRS');
  await hdfs.change(`${HOME}/ann`, 'SETOWNER', { owner: 'ann' });
});

afterAll(() => folder.remove());

async function read(address: string): Promise<Buffer> {
  const source = await openCorpus([address], {
    hdfsUser: hdfs.superuser,
    hdfsHostMap: parseHostMap(hdfs.hostMap),
  });
  try {
    const [file] = await source.list();
    const chunks: Uint8Array[] = [];
    for await (const chunk of source.read(file!, 0, file!.length)) chunks.push(chunk);
    return Buffer.concat(chunks);
  } finally {
    await source.close();
  }
}

/** Every file of a `done` event is in HDFS as it is on this machine. */
async function expectWritten(done: Readonly<Record<string, unknown>>, target: string, cwd: string): Promise<void> {
  const local = done['local'] as Readonly<Record<string, string>>;
  expect(Object.keys(local)).toEqual(['vectors', 'vectorsText', 'vocabulary', 'run']);
  for (const [name, path] of Object.entries(local)) {
    const address = String(done[name]);
    expect(address).toBe(`${target}/${basename(path)}`);
    expect((await read(address)).equals(readFileSync(`${cwd}/${path}`)), address).toBe(true);
  }
}

describe('a run that writes into HDFS', () => {
  it('leaves its results there, with its working folder here', async () => {
    const target = `${hdfs.url}${HOME}/new/vectors of a run`;
    const { exit, stdout, stderr } = await tributary(
      ['train', 'corpus.txt', '--out', target, ...settings, ...access(hdfs.superuser), '--json', '--port', '0'],
      folder.path,
    );
    expect(exit, stderr).toBe(0);
    const events = eventsOf(stdout);
    const done = events.find(({ event }) => event === 'done')!;
    await expectWritten(done, target, folder.path);
    const listening = events.find(({ event }) => event === 'listening')!;
    expect(listening['target']).toBe(target);
    expect(String(listening['out'])).toMatch(/^runs\/\d{4}-/);
    expect(existsSync(folder.at(String(listening['out']), 'checkpoint', 'latest'))).toBe(true);
    expect(readFileSync(folder.at(String(listening['out']), 'run.json'), 'utf8')).toContain('vectors of a run');
  });

  it('is refused before anything is counted where something stands, or may not be written', async () => {
    const runs = readdirSync(folder.at('runs'));
    for (const [path, user, code] of [
      ['/full', hdfs.superuser, 'OUT_EXISTS'],
      ['/full/already.txt', hdfs.superuser, 'OUT_EXISTS'],
      ['/bare', 'stranger', 'HDFS_DENIED'],
      ['/bare/deeper', 'stranger', 'HDFS_DENIED'],
    ] as const) {
      const args = [
        'corpus.txt',
        '--out',
        hdfs.url + HOME + path,
        ...settings,
        ...access(user),
        '--json',
        '--port',
        '0',
      ];
      const { exit, stdout } = await tributary(['train', ...args], folder.path);
      expect(exit, path).toBe(1);
      expect(eventsOf(stdout)).toEqual([expect.objectContaining({ event: 'error', code })]);
    }
    expect(readdirSync(folder.at('runs'))).toEqual(runs);
  });

  it('that comes to nothing leaves no directory behind that it made, and keeps one that was there', async () => {
    await hdfs.change(`${HOME}/waiting/kept`, 'MKDIRS');
    for (const path of ['/waiting/made', '/waiting/kept']) {
      const args = ['no such file', '--out', hdfs.url + HOME + path, ...settings, ...access(hdfs.superuser)];
      const { exit, stdout, stderr } = await tributary(['train', ...args, '--json', '--port', '0'], folder.path);
      expect(exit, stderr).not.toBe(0);
      expect(stdout).toContain('CORPUS_NOT_FOUND');
      expect(stderr).not.toContain('could not be removed');
    }
    const client = hdfsClient(parseHdfsSpec(hdfs.url)!, {
      hdfsUser: hdfs.superuser,
      hdfsHostMap: parseHostMap(hdfs.hostMap),
    });
    expect((await client.list(`${HOME}/waiting`)).map(({ name }) => name)).toEqual(['kept']);
    client.close();
  });

  it('that cannot write in the end says where the files are, and writes them when resumed', async () => {
    const target = `${hdfs.url}${HOME}/ann/vectors`;
    const run = new CoordinatorProcess(
      [folder.at('corpus.txt'), '--out', target, ...settings, ...access('ann')],
      folder.path,
    );
    const { out } = await run.event('listening');
    await hdfs.change(`${HOME}/ann/vectors`, 'SETPERMISSION', { permission: '500' });
    expect(await run.exit()).toBe(1);
    expect(run.stderr).toMatch(
      /UPLOAD_FAILED: the results are not all in webhdfs:\S+: HDFS does not let user "ann" write/,
    );
    expect(run.stderr).toContain(`${String(out)}/vectors.bin`);
    expect(run.stderr).toContain(`--resume ${String(out)}`);
    expect(run.stderr).not.toContain('may be left over');
    await hdfs.change(`${HOME}/ann/vectors`, 'SETPERMISSION', { permission: '700' });
    const again = await tributary(
      ['train', '--resume', String(out), '--exit', ...access('ann'), '--json', '--port', '0'],
      folder.path,
    );
    expect(again.exit, again.stderr).toBe(0);
    const done = eventsOf(again.stdout).find(({ event }) => event === 'done')!;
    await expectWritten(done, target, folder.path);
  });
});
