// Signing in: who gets to see which credentials, and who never does; secrets that are renewed.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import { createServer as createTlsServer, type ServerOptions } from 'node:https';
import type { TLSSocket } from 'node:tls';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { openCorpus } from '../../../coordinator/corpus/open.ts';
import type { CorpusOptions } from '../../../coordinator/corpus/source.ts';
import { SYSTEM } from '../../../coordinator/corpus/webhdfs/client.ts';
import { DEFAULT_TIMEOUTS, Exchanger } from '../../../coordinator/corpus/webhdfs/exchange.ts';
import { HdfsError } from '../../../coordinator/corpus/webhdfs/failure.ts';
import { Authority } from '../../hdfs/certificates.ts';

const TEXT = Buffer.from('some text\n');
const STATUS = JSON.stringify({
  FileStatus: { pathSuffix: '', type: 'FILE', length: TEXT.length, modificationTime: 5, fileId: 7 },
});

let folder = '';
let authority: Authority;
const servers: Server[] = [];
/** Requests as they came, to whichever server. */
const asked: { readonly server: string; readonly url: URL; readonly request: IncomingMessage; certificate: string }[] =
  [];

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'tributary-access-'));
  authority = new Authority(folder, 'authority');
});
afterAll(() => rmSync(folder, { recursive: true }));
afterEach(async () => {
  asked.length = 0;
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
});

/** Starts a server on loopback, with TLS where it is told how; answers its port. */
async function serve(name: string, answer: RequestListener, tls?: ServerOptions): Promise<number> {
  const listener: RequestListener = (request, response) => {
    const peer = tls === undefined ? undefined : (request.socket as TLSSocket).getPeerCertificate();
    const certificate = peer?.subject === undefined ? '' : String(peer.subject.CN);
    asked.push({ server: name, url: new URL(request.url ?? '/', 'http://x'), request, certificate });
    answer(request, response);
  };
  const server = tls === undefined ? createServer(listener) : createTlsServer(tls, listener);
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as { readonly port: number }).port;
}

/** A name node that sends every OPEN to `location`, and a data node. */
function nameNode(location: (port: number) => string, port: () => number): RequestListener {
  return (request, response) => {
    if (!request.url?.includes('op=OPEN')) response.end(STATUS);
    else response.writeHead(307, { location: location(port()), 'set-cookie': 'hadoop.auth=secret' }).end();
  };
}

function secret(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text, { mode: 0o600 });
  return path;
}

async function read(spec: string, options: CorpusOptions): Promise<string> {
  const environment = { ...SYSTEM, sleep: async () => {} };
  const source = await openCorpus([spec], { hdfsAttempts: 3, ...options }, environment);
  try {
    const [file] = await source.list();
    const chunks: Uint8Array[] = [];
    for await (const chunk of source.read(file!, 0, file!.length)) chunks.push(chunk);
    return Buffer.concat(chunks).toString();
  } finally {
    await source.close();
  }
}

describe('credentials', () => {
  const signIn: readonly (readonly [string, () => CorpusOptions, string])[] = [
    [
      'a password',
      () => ({ hdfsUser: 'ann', hdfsPasswordFile: secret('password', 'pa:ss wörd\n') }),
      `Basic ${Buffer.from('ann:pa:ss wörd').toString('base64')}`,
    ],
    ['a bearer token', () => ({ hdfsBearerFile: secret('jwt', 'aa.bb.cc\n') }), 'Bearer aa.bb.cc'],
  ];
  for (const [what, options, header] of signIn) {
    it(`of the kind ${what} go to the gateway, and to no one it redirects to`, async () => {
      const dataNode = await serve('data node', (_, response) => response.end(TEXT));
      const port = await serve(
        'gateway',
        nameNode(
          (to) => `http://127.0.0.1:${to}/webhdfs/v1/f?op=OPEN`,
          () => dataNode,
        ),
      );
      expect(await read(`webhdfs://127.0.0.1:${port}/f`, options())).toBe(TEXT.toString());
      const gateway = asked.filter(({ server }) => server === 'gateway');
      expect(gateway.length).toBeGreaterThan(1);
      for (const { request, url } of gateway) {
        expect(request.headers.authorization).toBe(header);
        expect([...url.searchParams.keys()].filter((name) => /user|delegation|doas/.test(name))).toEqual([]);
      }
      const elsewhere = asked.filter(({ server }) => server === 'data node');
      expect(elsewhere).toHaveLength(1);
      expect(elsewhere[0]?.request.headers).not.toHaveProperty('authorization');
      expect(elsewhere[0]?.request.headers).not.toHaveProperty('cookie');
    });
  }

  it('go along where a gateway redirects to itself, whose address is used word for word', async () => {
    let own = 0;
    const redirect = nameNode(
      (to) => `http://127.0.0.1:${to}/gateway/x/webhdfs/data/v1/webhdfs/v1/f?_=AbC%2B-_`,
      () => own,
    );
    own = await serve('gateway', (request, response) => {
      if (request.url?.startsWith('/gateway/x/webhdfs/data') === true) response.end(TEXT);
      else redirect(request, response);
    });
    const options = { hdfsBearerFile: secret('jwt', 'aa.bb.cc'), hdfsBasePath: '/gateway/x/webhdfs/v1' };
    expect(await read(`webhdfs://127.0.0.1:${own}/f`, options)).toBe(TEXT.toString());
    const data = asked.filter(({ url }) => url.pathname.includes('/data/'));
    expect(data.map(({ request }) => request.url)).toEqual(['/gateway/x/webhdfs/data/v1/webhdfs/v1/f?_=AbC%2B-_']);
    expect(data[0]?.request.headers.authorization).toBe('Bearer aa.bb.cc');
    expect(asked[0]?.url.pathname).toBe('/gateway/x/webhdfs/v1/f');
  });

  it('do not travel in the clear, but on loopback', async () => {
    for (const options of [
      { hdfsUser: 'ann', hdfsPasswordFile: secret('password', 'x') },
      { hdfsBearerFile: secret('jwt', 'aa.bb.cc') },
    ]) {
      await expect(openCorpus(['webhdfs://knox.cluster:8443/f'], options)).rejects.toMatchObject({
        code: 'HDFS_CLEAR_TEXT',
        exit: 2,
      });
      await (await openCorpus(['swebhdfs://knox.cluster:8443/f', 'webhdfs://localhost:1/f'], options)).close();
    }
  });

  it('that are renewed late are waited for, within the budget, when they were good before', async () => {
    const file = secret('token', 'FIRST');
    let good = 'FIRST';
    let refusals = 0;
    const port = await serve('name node', (request, response) => {
      if (new URL(request.url ?? '/', 'http://x').searchParams.get('delegation') === good) {
        response.end(STATUS);
        return;
      }
      refusals += 1;
      if (refusals === 3) secret('token', 'SECOND');
      const RemoteException = { exception: 'InvalidToken', message: 'token is expired' };
      response.writeHead(403).end(JSON.stringify({ RemoteException }));
    });
    const environment = { ...SYSTEM, sleep: async () => {} };
    const spec = `webhdfs://127.0.0.1:${port}/f`;
    const source = await openCorpus([spec], { hdfsTokenFile: file, hdfsAttempts: 5 }, environment);
    expect(await source.list()).toHaveLength(1);
    good = 'SECOND';
    expect(await source.list()).toHaveLength(1);
    expect(refusals).toBe(3);
    good = 'NEVER';
    await expect(source.list()).rejects.toMatchObject({
      code: 'HDFS_TOKEN',
      message: expect.stringContaining('5 attempts'),
    });
    await source.close();
  });

  it('that a server refuses with a page of its own are told with its title', async () => {
    const page = '<html><head><title>Error 403 GSSException: no valid credentials</title></head><body>x</body></html>';
    const port = await serve('name node', (_, response) => response.writeHead(403).end(page));
    await expect(read(`webhdfs://127.0.0.1:${port}/f`, { hdfsUser: 'ann' })).rejects.toMatchObject({
      code: 'HDFS_DENIED',
      message: expect.stringContaining('GSSException: no valid credentials'),
    });
  });

  it('that two reads lose at once are both renewed', async () => {
    const file = secret('token', 'FIRST');
    let good = 'FIRST';
    let refusals = 0;
    const port = await serve('name node', (request, response) => {
      const given = new URL(request.url ?? '/', 'http://x').searchParams.get('delegation');
      if (given === good) response.end(STATUS);
      else {
        refusals += 1;
        const RemoteException = { exception: 'InvalidToken', message: 'token is expired' };
        // Both are under way when the first refusal comes.
        setTimeout(() => response.writeHead(403).end(JSON.stringify({ RemoteException })), 20);
      }
    });
    const source = await openCorpus([`webhdfs://127.0.0.1:${port}/f`], { hdfsTokenFile: file });
    expect(await source.list()).toHaveLength(1);
    good = 'SECOND';
    const both = Promise.all([source.list(), source.list(), source.list()]);
    await new Promise((resolve) => setTimeout(resolve, 10));
    secret('token', 'SECOND');
    expect((await both).map((files) => files.length)).toEqual([1, 1, 1]);
    expect(refusals).toBeGreaterThan(1);
    await source.close();
  });
});

describe('a client certificate', () => {
  it('is shown to name nodes, and to data nodes only where they are listed', async () => {
    const pem = (name: string): { cert: Buffer; key: Buffer } => {
      const { cert, key } = authority.issue(name, ['localhost', 'dn1.hdfs.invalid']);
      return { cert: readFileSync(cert), key: readFileSync(key) };
    };
    const ca = readFileSync(authority.cert);
    const asks = { ...pem('server'), ca, requestCert: true, rejectUnauthorized: false };
    const dataNode = await serve('data node', (_, response) => response.end(TEXT), asks);
    const strict = await serve('strict', (_, response) => response.end(TEXT), { ...asks, rejectUnauthorized: true });
    let target = dataNode;
    const redirect = nameNode(
      (to) => `https://dn1.hdfs.invalid:${to}/webhdfs/v1/f?op=OPEN`,
      () => target,
    );
    const port = await serve('name node', redirect, { ...asks, rejectUnauthorized: true });
    const client = authority.issue('client', ['client']);
    const options = {
      hdfsUser: 'ann',
      hdfsCa: authority.cert,
      hdfsCert: client.cert,
      hdfsKey: client.key,
      hdfsHostMap: { 'dn1.hdfs.invalid': '127.0.0.1' },
    };
    const listed = { ...options, hdfsRedirectHosts: '*.hdfs.invalid' };
    const spec = `swebhdfs://localhost:${port}/f`;
    expect(await read(spec, options)).toBe(TEXT.toString());
    expect(asked.map(({ server, certificate }) => [server, certificate])).toEqual([
      ['name node', 'client'],
      ['name node', 'client'],
      ['name node', 'client'],
      ['data node', ''],
      ['name node', 'client'],
    ]);
    asked.length = 0;
    expect(await read(spec, listed)).toBe(TEXT.toString());
    expect(asked.find(({ server }) => server === 'data node')?.certificate).toBe('client');
    target = strict;
    await expect(read(spec, options)).rejects.toMatchObject({
      code: 'HDFS_TLS_CLIENT',
      hint: expect.stringContaining('--hdfs-redirect-hosts dn1.hdfs.invalid'),
    });
    expect(await read(spec, listed)).toBe(TEXT.toString());
  });
});

it('a name in a redirect is judged by what it resolves to, before anything is sent there', async () => {
  const port = await serve('inside', (_, response) => response.end(TEXT));
  const exchanger = new Exchanger(DEFAULT_TIMEOUTS, {});
  const refusal = new HdfsError('HDFS_REDIRECT', 'not there');
  const looked: string[] = [];
  const guard = (address: string): HdfsError => {
    looked.push(address);
    return refusal;
  };
  const peer = { role: 'data node', host: 'localhost', port, secure: false, toldAs: `dn1:${port}`, guard } as const;
  await expect(exchanger.send({ method: 'GET', peer, path: '/' })).rejects.toBe(refusal);
  expect(looked[0]).toMatch(/^127\.0\.0\.1$|^::1$/);
  expect(asked).toEqual([]);
  exchanger.close();
});
