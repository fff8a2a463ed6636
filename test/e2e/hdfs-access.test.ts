// Access to HDFS as operators have it, on the real thing: a cluster secured by Kerberos, TLS and client certificates,
// whose tokens live for seconds; HttpFS; and a gateway like Knox before the suite's ordinary cluster.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseHostMap } from '../../coordinator/corpus/host-map.ts';
import { hdfsClient, parseHdfsSpec } from '../../coordinator/corpus/hdfs.ts';
import { openCorpus } from '../../coordinator/corpus/open.ts';
import type { CorpusOptions } from '../../coordinator/corpus/source.ts';
import { Authority } from '../hdfs/certificates.ts';
import { type Gateway, startGateway } from '../hdfs/gateway.ts';
import { type HttpFs, startHttpFs } from '../hdfs/httpfs.ts';
import { kerberosPackage } from '../hdfs/kerberos-package.ts';
import { type SecuredCluster, startSecuredCluster } from '../hdfs/secured-cluster.ts';
import { sharedHdfs } from '../hdfs/shared.ts';
import { CoordinatorProcess, until } from './coordinator-process.ts';
import { problems } from './doctor-problems.ts';
import { grammar } from './grammar.ts';
import { leftBy, Secrets, shownBy } from './secrets.ts';
import { expiry, type Keeper, keepToken } from './token-keeper.ts';

const hdfs = sharedHdfs();
const folder = mkdtempSync(join(tmpdir(), 'tributary-access-'));
const at = (name: string): string => join(folder, name);
const secrets = new Secrets(folder);
const text = Buffer.from(grammar({ pairs: 12, sentences: 3_000, padding: 40, seed: 5 }).text);
const SETTINGS = ['--dim', '24', '--min-count', '1', '--local', '1', '--exit'];
const TOKEN_MS = 6_000;
const LARGE = 24 << 20;

let secured: SecuredCluster;
let httpfs: HttpFs;
let authority: Authority;

const keeper = (name: string): Promise<Keeper> => keepToken(secured, secrets, name);

function securedAccess(token: string, changes: CorpusOptions = {}): CorpusOptions {
  return {
    hdfsTokenFile: at(token),
    hdfsCa: secured.authority.cert,
    hdfsCert: secured.client.cert,
    hdfsKey: secured.client.key,
    hdfsHostMap: parseHostMap(secured.hostMap),
    hdfsRedirectHosts: secured.dataNode,
    ...changes,
  };
}

/** The same on a command line, but for who asks. */
function securedArguments(...who: readonly string[]): string[] {
  const { cert, key } = secured.client;
  const tls = ['--hdfs-ca', secured.authority.cert, '--hdfs-cert', cert, '--hdfs-key', key];
  return [...who, ...tls, '--hdfs-host-map', secured.hostMap, '--hdfs-redirect-hosts', secured.dataNode];
}

async function content(spec: string, options: CorpusOptions): Promise<Buffer> {
  const source = await openCorpus([spec], options);
  try {
    const chunks: Uint8Array[] = [];
    for (const file of await source.list())
      for await (const chunk of source.read(file, 0, file.length)) chunks.push(chunk);
    return Buffer.concat(chunks);
  } finally {
    await source.close();
  }
}

async function failure(spec: string, options: CorpusOptions): Promise<unknown> {
  return content(spec, { hdfsAttempts: 3, ...options }).then(
    () => 'it was read',
    (error: unknown) => error,
  );
}

async function act(run: CoordinatorProcess, action: string): Promise<void> {
  const token = /operator token: (\S+)/.exec(run.stderr)?.[1] ?? '';
  const url = new URL(`/api/run/${action}`, await run.url());
  const answer = await fetch(url, { method: 'POST', headers: { authorization: `Bearer ${token}` } });
  expect(answer.status).toBe(200);
}

/** Starts a run on the secured cluster, and goes on with it once it has trained a little and its token expired. */
async function runWithExpiredToken(name: string, ...more: readonly string[]): Promise<CoordinatorProcess> {
  const token = await keeper(name);
  const settings = [...SETTINGS, '--epochs', '30', '--out', at(`run-${name}`), ...more];
  const run = new CoordinatorProcess([
    `${secured.url}/corpus`,
    ...securedArguments('--hdfs-token-file', at(name)),
    ...settings,
  ]);
  await run.event('vocabulary');
  await until('some training', 60_000, async () => ((await run.status()).progress.done > 0 ? true : undefined));
  await act(run, 'pause');
  await token.stop();
  await expiry(secured, token.last);
  await act(run, 'resume');
  return run;
}

beforeAll(async () => {
  authority = new Authority(folder, 'gateway-authority');
  kerberosPackage();
  [secured, httpfs] = await Promise.all([
    startSecuredCluster(TOKEN_MS),
    startHttpFs(hdfs),
    hdfs.put('/access/corpus/a.txt', text),
  ]);
  await secured.put('/corpus/a.txt', text);
  await secured.put('/large.txt', Buffer.alloc(LARGE, 'a line of text\n'));
}, 240_000);

afterAll(async () => {
  await httpfs?.stop();
  await secured?.stop();
  await hdfs.remove('/access');
  rmSync(folder, { recursive: true, force: true });
});

// Most of the time they wait, for tokens to expire: they do so together.
describe.concurrent('access to HDFS', () => {
  it('by a token that expires under a run: it goes on when there is a fresh one, however late', async () => {
    const run = await runWithExpiredToken('renewed');
    try {
      await sleep(1_500); // refused a few times meanwhile
      const token = await keeper('renewed');
      expect(secrets.foundIn(await shownBy(run))).toEqual([]);
      expect(await run.exit(), run.stderr).toBe(0);
      await token.stop();
      expect(secrets.foundIn(leftBy(run, at('run-renewed')))).toEqual([]);
    } finally {
      await run.kill();
    }
  }, 150_000);

  it('by a token that nobody renews: the run ends, says so, and keeps its work', async () => {
    const run = await runWithExpiredToken('forgotten', '--hdfs-attempts', '5');
    try {
      expect(await run.exit()).toBe(1);
      expect(run.events.at(-1)).toMatchObject({ event: 'error', code: 'HDFS_TOKEN' });
      expect(run.stderr).toContain('Write a fresh token to the file of --hdfs-token-file');
      expect(secrets.foundIn(leftBy(run, at('run-forgotten')))).toEqual([]);
    } finally {
      await run.kill();
    }
    const token = await keeper('forgotten');
    const access = securedArguments('--hdfs-token-file', at('forgotten'));
    const resumed = new CoordinatorProcess(['--resume', at('run-forgotten'), ...access, '--local', '1', '--exit']);
    expect(await resumed.exit(), resumed.stderr).toBe(0);
    expect(resumed.stderr).toContain('resumed from checkpoint');
    await token.stop();
  }, 150_000);

  it('by a token reads and writes, and goes on with a read that is open when it expires', async () => {
    const token = await keeper('open');
    expect((await content(`${secured.url}/corpus`, securedAccess('open'))).equals(text)).toBe(true);
    const client = hdfsClient(parseHdfsSpec(secured.url)!, securedAccess('open'));
    await client.create('/by-token/written.txt', Buffer.from('written\n'));
    client.close();
    expect((await content(`${secured.url}/by-token`, securedAccess('open'))).toString()).toBe('written\n');
    const source = await openCorpus([`${secured.url}/large.txt`], securedAccess('open'));
    const [file] = await source.list();
    let fresh: typeof token | undefined;
    let bytes = 0;
    for await (const chunk of source.read(file!, 0, file!.length)) {
      if (bytes === 0) {
        await token.stop();
        await expiry(secured, token.last);
        fresh = await keeper('open');
      }
      bytes += chunk.length;
    }
    expect(bytes).toBe(LARGE);
    await source.close();
    await fresh?.stop();
  }, 100_000);

  it('refuses what a stranger sends, and says which option helps', async () => {
    secrets.file('foreign', 'HgAFYWxpY2UFYWxpY2UAigGiCeAXr4oBogngPr8CAhRiH92FJwoknEsZyQ');
    expect(await failure(`${secured.url}/corpus`, securedAccess('foreign'))).toMatchObject({
      code: expect.stringMatching(/^HDFS_(TOKEN|AUTHENTICATION|DENIED)$/),
      hint: expect.stringContaining('--hdfs-token-file'),
    });
    expect(await failure(`${secured.url}/corpus`, securedAccess('', { hdfsTokenFile: undefined }))).toMatchObject({
      code: 'HDFS_AUTHENTICATION',
      hint: expect.stringMatching(/--hdfs-token-file.*--hdfs-kerberos/),
    });
  });

  it('over TLS that fails tells why, and which option mends it', async () => {
    const token = await keeper('tls');
    const spec = `${secured.url}/corpus`;
    const tls = (changes: CorpusOptions): Promise<unknown> => failure(spec, securedAccess('tls', changes));
    expect(await tls({ hdfsCa: undefined })).toMatchObject({
      code: 'HDFS_TLS_UNTRUSTED',
      hint: expect.stringContaining('--hdfs-ca FILE'),
    });
    expect(await tls({ hdfsCa: authority.cert })).toMatchObject({
      code: 'HDFS_TLS_UNTRUSTED',
      hint: expect.stringContaining('--hdfs-ca did not sign it'),
    });
    expect(await failure(spec.replace('localhost', '127.0.0.1'), securedAccess('tls'))).toMatchObject({
      code: 'HDFS_TLS_NAME',
      message: expect.stringContaining('DNS:localhost'),
    });
    expect(await tls({ hdfsCert: undefined, hdfsKey: undefined })).toMatchObject({
      code: 'HDFS_TLS_CLIENT',
      hint: expect.stringContaining('--hdfs-cert FILE --hdfs-key FILE'),
    });
    const foreign = authority.issue('foreign', ['foreign']);
    expect(await tls({ hdfsCert: foreign.cert, hdfsKey: foreign.key })).toMatchObject({
      code: 'HDFS_TLS_CLIENT',
      hint: expect.stringContaining('trust store'),
    });
    expect(await tls({ hdfsRedirectHosts: 'elsewhere' })).toMatchObject({
      code: 'HDFS_REDIRECT',
      hint: expect.stringContaining(secured.dataNode),
    });
    // Data nodes of this release want no client certificate, and are shown none.
    expect(await tls({ hdfsRedirectHosts: undefined })).toBe('it was read');
    await token.stop();
  });

  it('by a Kerberos ticket, where the optional package is', async () => {
    const kerberos = (name: string, env: Readonly<Record<string, string>>): CoordinatorProcess => {
      const settings = [...SETTINGS, '--epochs', '1', '--out', at(name)];
      const access = securedArguments('--hdfs-kerberos');
      return new CoordinatorProcess([`${secured.url}/corpus`, ...access, ...settings], folder, {
        ...secured.env,
        ...env,
      });
    };
    const run = kerberos('run-kerberos', { NODE_PATH: kerberosPackage() });
    expect(await run.exit(), run.stderr).toBe(0);
    expect(secrets.foundIn(leftBy(run, at('run-kerberos')))).toEqual([]);

    const without = kerberos('run-without', {});
    expect(await without.exit()).toBe(2);
    expect(without.stderr).toMatch(/HDFS_KERBEROS_PACKAGE[^]*npm install --no-save kerberos/);

    const none = { KRB5_CLIENT_KTNAME: 'FILE:/nonexistent', KRB5CCNAME: `FILE:${at('none')}` };
    const ticketless = kerberos('run-ticketless', { NODE_PATH: kerberosPackage(), ...none });
    expect(await ticketless.exit()).toBe(1);
    expect(ticketless.stderr).toMatch(/HDFS_KERBEROS: [^\n]*HTTP@localhost[^]*kinit/);
  }, 100_000);

  it('through HttpFS lists, reads exact ranges and writes', async () => {
    const options: CorpusOptions = { hdfsUser: hdfs.superuser, hdfsAttempts: 3 };
    const source = await openCorpus([`${httpfs.url}/access/corpus`], options);
    const [file] = await source.list();
    expect(file).toMatchObject({ path: `${httpfs.url}/access/corpus/a.txt`, length: text.length });
    const ranges = [
      [0, text.length],
      [1_000, 70_001],
      [text.length - 1, 1],
    ] as const;
    for (const [offset, length] of ranges) {
      const chunks: Uint8Array[] = [];
      for await (const chunk of source.read(file!, offset, length)) chunks.push(chunk);
      expect(Buffer.concat(chunks).equals(text.subarray(offset, offset + length))).toBe(true);
    }
    await source.close();
    const client = hdfsClient(parseHdfsSpec(httpfs.url)!, options);
    await client.create('/access/by httpfs é.txt', Buffer.from('written\n'));
    expect(await client.stat('/access/by httpfs é.txt')).toMatchObject({ type: 'FILE', length: 8 });
    client.close();
    expect((await content(`${httpfs.url}/access/by httpfs é.txt`, options)).toString()).toBe('written\n');
  });

  it('is examined by doctor: each way in, and what is wrong with it', async () => {
    const token = await keeper('doctor');
    const gateway = await gatewayFor('Bearer first.first.first');
    const hdfsBearerFile = secrets.file('doctor-jwt', 'first.first.first');
    const behind = { hdfsBearerFile, hdfsCa: authority.cert, hdfsBasePath: gateway.basePath };
    const spec = `${secured.url}/corpus`;
    expect(await problems(spec, securedAccess('doctor'))).toEqual([]);
    for (const [changes, found] of [
      [{ hdfsTokenFile: undefined }, /^access: HDFS_AUTHENTICATION.*--hdfs-token-file.*--hdfs-kerberos/],
      [{ hdfsCa: undefined }, /^TLS trust: HDFS_TLS_UNTRUSTED.*--hdfs-ca FILE/],
      [{ hdfsCert: undefined, hdfsKey: undefined }, /HDFS_TLS_CLIENT.*--hdfs-cert FILE/],
      [{ hdfsRedirectHosts: 'elsewhere' }, /^redirect: HDFS_REDIRECT.*--hdfs-redirect-hosts/],
    ] as const) {
      expect(await problems(spec, securedAccess('doctor', changes))).toEqual([expect.stringMatching(found)]);
    }
    const misnamed = await problems(spec.replace('localhost', '127.0.0.1'), securedAccess('doctor'));
    expect(misnamed.at(-1)).toMatch(/^TLS trust: HDFS_TLS_NAME.*DNS:localhost/);
    const unmapped = await problems(spec, securedAccess('doctor', { hdfsHostMap: {} }));
    expect(unmapped.at(-1)).toContain(`| Add --hdfs-host-map ${secured.hostMap}`);
    expect(await problems(`${httpfs.url}/access/corpus`, { hdfsUser: hdfs.superuser })).toEqual([]);
    const wrong = secrets.file('doctor-wrong', 'wrong.wrong.wrong');
    for (const [changes, found] of [
      [{}, []],
      [{ hdfsBasePath: undefined }, [expect.stringMatching(/^access: HDFS_PROTOCOL.*--hdfs-base-path/)]],
      [{ hdfsBearerFile: wrong }, [expect.stringMatching(/^access: HDFS_AUTHENTICATION.*--hdfs-bearer-file/)]],
    ] as const) {
      expect(await problems(`${gateway.url}/access/corpus`, { ...behind, ...changes })).toEqual(found);
    }
    await token.stop();
    await gateway.close();
  }, 100_000);

  it('through HttpFS is refused in terms of its own, which are understood', async () => {
    await hdfs.put('/access/private/a.txt', Buffer.from('secret\n'));
    await hdfs.change('/access/private', 'SETPERMISSION', { permission: '700' });
    const options: CorpusOptions = { hdfsUser: 'stranger' };
    expect(await failure(`${httpfs.url}/access/private`, options)).toMatchObject({ code: 'HDFS_DENIED' });
    expect(await failure(`${httpfs.url}/access/nothing`, options)).toMatchObject({ code: 'CORPUS_NOT_FOUND' });
  });

  const gatewayFor = (authorization: string): Promise<Gateway> =>
    startGateway({
      nameNode: hdfs.url.replace('webhdfs', 'http'),
      hostMap: parseHostMap(hdfs.hostMap),
      user: hdfs.superuser,
      authorization,
      tls: authority.issue(`gateway${authorization.length}`, ['localhost']),
    });

  it('through a gateway like Knox, with a password, which no run leaves anywhere', async () => {
    const password = 'k4tze:auf dem Dach';
    const basic = Buffer.from(`ann:${password}`).toString('base64');
    secrets.plant(basic);
    const gateway = await gatewayFor(`Basic ${basic}`);
    const spec = `${gateway.url}/access/corpus`;
    const access = { hdfsUser: 'ann', hdfsCa: authority.cert, hdfsBasePath: gateway.basePath };
    const file = secrets.file('password', password);
    expect((await content(spec, { ...access, hdfsPasswordFile: file })).equals(text)).toBe(true);
    const wrong = secrets.file('wrong', 'not this one');
    expect(await failure(spec, { ...access, hdfsPasswordFile: wrong })).toMatchObject({
      code: 'HDFS_AUTHENTICATION',
      message: expect.not.stringContaining('not this one'),
      hint: expect.stringContaining('--hdfs-password-file'),
    });
    const given = ['--hdfs-user', 'ann', '--hdfs-password-file', file, '--hdfs-ca', authority.cert];
    const settings = [...SETTINGS, '--epochs', '2', '--out', at('run-gateway')];
    const run = new CoordinatorProcess([spec, ...given, '--hdfs-base-path', gateway.basePath, ...settings]);
    await run.event('vocabulary');
    expect(secrets.foundIn(await shownBy(run))).toEqual([]);
    expect(await run.exit(), run.stderr).toBe(0);
    expect(secrets.foundIn(leftBy(run, at('run-gateway')))).toEqual([]);
    await gateway.close();
  }, 100_000);

  it('through a gateway with a bearer token, read again when it is refused', async () => {
    const jwt = 'eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhbm4ifQ.c2ln-1';
    const gateway = await gatewayFor(`Bearer ${jwt}`);
    const hdfsBearerFile = secrets.file('jwt', jwt);
    const access = { hdfsBearerFile, hdfsCa: authority.cert, hdfsBasePath: gateway.basePath };
    const source = await openCorpus([`${gateway.url}/access/corpus`], access);
    expect(await source.list()).toHaveLength(1);
    gateway.authorization = 'Bearer second.second.second';
    const late = sleep(300).then(() => secrets.file('jwt', 'second.second.second'));
    expect(await source.list()).toHaveLength(1);
    await late;
    await source.close();
    await gateway.close();
  });
});
