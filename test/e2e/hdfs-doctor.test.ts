// tributary doctor against a real HDFS: each problem that a cluster can have is named, with the setting that solves it.
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { examineCorpus } from '../../coordinator/corpus/doctor.ts';
import type { Finding } from '../../coordinator/corpus/doctor/finding.ts';
import { parseHostMap } from '../../coordinator/corpus/host-map.ts';
import type { CorpusOptions } from '../../coordinator/corpus/source.ts';
import { UserName } from '../../coordinator/corpus/webhdfs/authentication.ts';
import { WebHdfsClient } from '../../coordinator/corpus/webhdfs/client.ts';
import { sharedHdfs } from '../hdfs/shared.ts';
import { runVerb } from './verb-process.ts';

const hdfs = sharedHdfs();
const HOME = '/hdfs-doctor-test';
const WEB = hdfs.url.replace('webhdfs:', 'http:');
const options: CorpusOptions = { hdfsUser: hdfs.superuser, hdfsHostMap: parseHostMap(hdfs.hostMap) };

async function examine(path: string, changes: CorpusOptions = {}): Promise<Finding[]> {
  const all: Finding[] = [];
  const spec = path.startsWith('/') ? hdfs.url + path : path;
  for await (const finding of examineCorpus([spec], { ...options, ...changes })) all.push(finding);
  return all;
}

function failures(findings: readonly Finding[]): Finding[] {
  return findings.filter(({ ok }) => !ok);
}

/** `ip:port` of the data transfer of each data node that holds the file. */
async function holders(path: string): Promise<readonly string[]> {
  const client = new WebHdfsClient({ nameNodes: [WEB], authentication: new UserName(hdfs.superuser) });
  try {
    return (await client.blockLocations(path, 0, 1))[0]?.names ?? [];
  } finally {
    client.close();
  }
}

beforeAll(async () => {
  // More blocks than data nodes, so that each holds some.
  await hdfs.put(`${HOME}/many/part-00000`, Buffer.from('some words in a line\n'.repeat(300_000)));
  await hdfs.put(`${HOME}/many/part-00001`, Buffer.from('other words\n'));
  await hdfs.put(`${HOME}/mixed/open.txt`, Buffer.from('open\n'));
  await hdfs.put(`${HOME}/mixed/secret.txt`, Buffer.from('secret\n'));
  await hdfs.change(`${HOME}/mixed/secret.txt`, 'SETPERMISSION', { permission: '600' });
  await hdfs.put(`${HOME}/private/secret.txt`, Buffer.from('secret\n'));
  await hdfs.change(`${HOME}/private`, 'SETPERMISSION', { permission: '700' });
});

describe('a cluster that is well', () => {
  it('is walked hop by hop, down to bytes of every data node', async () => {
    const all = await examine(`${HOME}/many`);
    expect(failures(all)).toEqual([]);
    const nameNode = `name node ${hdfs.url.slice('webhdfs://'.length)}`;
    const path = `path ${HOME}/many`;
    expect(all.slice(0, 9).map(({ group, step }) => [group, step])).toEqual([
      [hdfs.url, 'address'],
      [nameNode, 'name'],
      [nameNode, 'port'],
      [nameNode, 'WebHDFS'],
      [nameNode, 'state'],
      [nameNode, 'clock'],
      [hdfs.url, 'access'],
      [path, 'list'],
      [path, 'permission'],
    ]);
    const said = (group: string, step: string): Finding | undefined =>
      all.find((finding) => finding.group === group && finding.step === step);
    expect(said(nameNode, 'state')?.detail).toBe('active, 3 live data nodes');
    expect(said(path, 'list')?.detail).toBe('2 files, 6.3 MB: 2 plain; read in 2 splits');
    expect(said(path, 'blocks')?.detail).toMatch(
      /^8 blocks on 3 data nodes, (each with at least 2 replicas|\d with a single replica)$/,
    );
    for (const k of [1, 2, 3]) {
      const group = all.find((finding) => finding.group.startsWith(`data node dn${k}.hdfs.invalid:`))!.group;
      expect(all.filter((finding) => finding.group === group).map(({ step }) => step)).toEqual([
        'name',
        'port',
        'read',
      ]);
      expect(said(group, 'read')).toMatchObject({
        detail: expect.stringMatching(/^1\.0 MB of .*part-00000, \d[\d.]* MB\/s, first byte after \d+ ms$/),
        ms: expect.any(Number),
      });
    }
    expect(all.at(-1)).toMatchObject({ step: 'text', detail: '"some words in a line"' });
  });

  it('takes globs', async () => {
    const all = await examine(`${HOME}/many/part-*1`);
    expect(failures(all)).toEqual([]);
    expect(all.find(({ step }) => step === 'list')?.detail).toMatch(/^1 file, 12 bytes/);
  });
});

describe('addresses', () => {
  it('of data nodes that do not resolve are filled in, in one line that then works', async () => {
    const bad = failures(await examine(`${HOME}/many`, { hdfsHostMap: {} }));
    expect(bad.map(({ group }) => group.replace(/:\d+$/, ''))).toEqual([
      'data node dn1.hdfs.invalid',
      'data node dn2.hdfs.invalid',
      'data node dn3.hdfs.invalid',
      'host map',
    ]);
    const line = /^Add --hdfs-host-map (\S+)$/.exec(bad.at(-1)!.hint!)![1]!;
    expect(parseHostMap(line)).toEqual(parseHostMap(hdfs.hostMap));
    expect(failures(await examine(`${HOME}/many`, { hdfsHostMap: parseHostMap(line) }))).toEqual([]);
  });

  it('that lead to a closed port are told from those that are closed themselves', async () => {
    const wrong = { ...parseHostMap(hdfs.hostMap), 'dn2.hdfs.invalid': '127.0.0.1:1' };
    const bad = failures(await examine(`${HOME}/many`, { hdfsHostMap: wrong }));
    expect(bad).toMatchObject(
      [
        { group: expect.stringMatching(/^data node dn2/), step: 'port', detail: /^HDFS_DATA_NODE_UNREACHABLE/ },
        { group: 'host map', hint: 'Add --hdfs-host-map dn2.hdfs.invalid=127.0.0.1' },
      ].map((each) => ('detail' in each ? { ...each, detail: expect.stringMatching(each.detail!) } : each)),
    );
  });

  it('of the name node: no such name, a closed port', async () => {
    expect(failures(await examine('webhdfs://nn.hdfs.invalid:9870/x'))).toMatchObject([
      { step: 'name', detail: expect.stringMatching(/^HDFS_NAME_NODE_UNRESOLVED/) },
    ]);
    expect(failures(await examine('webhdfs://127.0.0.1:1/x'))).toMatchObject([
      { step: 'port', detail: expect.stringMatching(/^HDFS_NAME_NODE_UNREACHABLE/) },
    ]);
    // One of two is enough to go on, but it is a failure all the same.
    const both = await examine(`webhdfs://127.0.0.1:1,${hdfs.url.slice('webhdfs://'.length)}${HOME}/many`);
    expect(failures(both).map(({ group }) => group)).toEqual(['name node 127.0.0.1:1']);
    expect(both.at(-1)?.step).toBe('text');
  });

  it("at other ports of the cluster's own: RPC, a data node's web port, data transfer", async () => {
    const jmx = await fetch(`${WEB}/jmx?qry=Hadoop:service=NameNode,name=NameNodeStatus`);
    const { beans } = (await jmx.json()) as { beans: readonly { HostAndPort: string }[] };
    const rpc = beans[0]!.HostAndPort.replace('localhost', '127.0.0.1');
    const web = (await examine(`${HOME}/many`)).find(({ group }) => group.startsWith('data node'))!.group;
    const [transfer] = await holders(`${HOME}/many/part-00000`);
    for (const [port, detail, hint] of [
      [rpc, /^the RPC port/, /9870/],
      [`127.0.0.1:${/\d+$/.exec(web)![0]}`, /^a data node answers here/, /9870/],
      [transfer!, /speaks no HTTP$/, /9870/],
    ] as const) {
      expect(failures(await examine(`webhdfs://${port}/x`)), port).toMatchObject([
        { step: 'WebHDFS', detail: expect.stringMatching(detail), hint: expect.stringMatching(hint) },
      ]);
    }
    expect(failures(await examine(`s${hdfs.url}/x`))).toMatchObject([
      { step: 'TLS', hint: expect.stringContaining('webhdfs://') },
    ]);
  });
});

describe('paths', () => {
  it('that are not there, with what is there instead', async () => {
    expect(failures(await examine(`${HOME}/many/nothing/at-all.txt`))).toMatchObject([
      {
        detail: expect.stringMatching(/^CORPUS_NOT_FOUND/),
        hint: `${HOME}/many is there; it holds part-00000, part-00001.`,
      },
    ]);
  });

  it('that this user may not read: a directory, and one file of several', async () => {
    const stranger = { hdfsUser: 'stranger' };
    expect(failures(await examine(`${HOME}/private/secret.txt`, stranger))).toMatchObject([
      { step: 'list', detail: expect.stringMatching(/HDFS_DENIED: .*user "stranger"/) },
    ]);
    expect(failures(await examine(`${HOME}/mixed`, stranger))).toMatchObject([
      {
        step: 'permission',
        detail: expect.stringMatching(/^1 of 2 files asked cannot be read; the first: HDFS_DENIED: .*secret\.txt/),
        hint: expect.stringContaining('--hdfs-user'),
      },
    ]);
    expect(failures(await examine(`${HOME}/mixed/open.txt`, stranger))).toEqual([]);
  });
});

describe('a data node that is down', () => {
  let killed = 0;
  afterEach(async () => {
    if (killed > 0) await hdfs.restartDataNode(killed);
  });

  it('is named, by the command with exit code 1 in table and JSON', async () => {
    killed = 3;
    await hdfs.killDataNode(killed);
    const args = ['doctor', `${hdfs.url}${HOME}/many`, '--port', '0'];
    const access = ['--hdfs-user', hdfs.superuser, '--hdfs-host-map', hdfs.hostMap];
    const [table, json] = await Promise.all([runVerb([...args, ...access]), runVerb([...args, ...access, '--json'])]);
    expect(table.exit).toBe(1);
    expect(table.stdout).toMatch(
      /\ndata node dn3\.hdfs\.invalid:\d+\n {2}✓ .*\n {2}✗ +\d+ ms {2}port .*HDFS_DATA_NODE_UNREACHABLE/,
    );
    expect(table.stdout).toMatch(
      /\nWhat to change\n {2}data node dn3\.hdfs\.invalid:\d+, port: Check that the data node runs/,
    );
    expect(json.exit).toBe(1);
    const { ok, steps } = JSON.parse(json.stdout) as { ok: boolean; steps: Finding[] };
    expect(ok).toBe(false);
    expect(failures(steps).map(({ step }) => step)).toEqual(['port']);
  });
});
