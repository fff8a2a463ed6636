// What doctor says of servers that no test cluster can be: wrong clocks, certificates, other services on the port.
import { createServer, type RequestListener, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { createServer as createSocketServer, type AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { generate } from 'selfsigned';
import { examineCorpus } from '../../../coordinator/corpus/doctor.ts';
import { isPrivateAddress } from '../../../coordinator/corpus/doctor/connection.ts';
import type { Finding } from '../../../coordinator/corpus/doctor/finding.ts';
import { examineClock } from '../../../coordinator/corpus/doctor/name-nodes.ts';
import { recognise } from '../../../coordinator/corpus/doctor/web-service.ts';

const servers: Server[] = [];
afterAll(() => {
  for (const server of servers) server.close().closeAllConnections();
});

async function portOf(server: Server): Promise<number> {
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

const ROOT = JSON.stringify({
  FileStatus: { pathSuffix: '', type: 'DIRECTORY', length: 0, modificationTime: 1, fileId: 1 },
});

/** WebHDFS enough for `/`, with a clock `skew` seconds ahead, and maybe locked. */
function nameNode(skew = 0, authenticate?: string): RequestListener {
  return (request, response) => {
    const date = new Date(Date.now() + skew * 1000).toUTCString();
    // Twice, as Hadoop does.
    response.setHeader('date', [date, date]);
    if (request.url?.startsWith('/jmx') === true) response.writeHead(404).end();
    else if (authenticate !== undefined) {
      response.writeHead(401, { 'www-authenticate': authenticate, 'content-type': 'text/html' }).end('<h1>401</h1>');
    } else if (request.url?.startsWith('/webhdfs/v1/?') === true) response.end(ROOT);
    else response.writeHead(404).end('{"RemoteException":{"exception":"FileNotFoundException","message":"no such"}}');
  };
}

async function examine(spec: string): Promise<Finding[]> {
  const all: Finding[] = [];
  for await (const finding of examineCorpus([spec], { hdfsUser: 'ann' })) all.push(finding);
  return all;
}

const clockOf = (findings: readonly Finding[]): Finding | undefined => findings.find(({ step }) => step === 'clock');

describe('clocks', () => {
  it.each([
    [0, undefined, true, /^as ours$/],
    [-30, undefined, true, /^(29|30|31) s apart$/],
    [400, undefined, 'warning', /^ours is (399|400|401) s behind its clock$/],
    [-120, 'Negotiate', 'warning', /^ours is (119|120|121) s ahead of its clock$/],
    [-400, 'Negotiate', false, /^ours is (399|400|401) s ahead of its clock$/],
  ] as const)('%i s off, with %s', async (skew, authenticate, verdict, detail) => {
    const port = await portOf(createServer(nameNode(skew, authenticate)));
    const clock = clockOf(await examine(`webhdfs://127.0.0.1:${port}/x`));
    expect(clock?.detail).toMatch(detail);
    expect(clock?.warning === true ? 'warning' : clock?.ok).toBe(verdict);
    expect(clock?.hint?.includes('Kerberos') ?? false).toBe(verdict !== true);
  });

  it('are not judged by servers that do not tell the time', () => {
    expect(examineClock('g', undefined, 0, true)).toBeUndefined();
    expect(examineClock('g', 'yesterday', 0, true)).toBeUndefined();
  });
});

describe('access', () => {
  it('wants Kerberos: the token option is named', async () => {
    const port = await portOf(createServer(nameNode(0, 'Negotiate')));
    const findings = await examine(`webhdfs://127.0.0.1:${port}/x`);
    expect(findings.find(({ step }) => step === 'WebHDFS')?.detail).toBe('wants Kerberos (Negotiate)');
    expect(findings.at(-1)).toMatchObject({
      step: 'access',
      ok: false,
      detail: expect.stringMatching(/^HDFS_AUTHENTICATION/),
      hint: expect.stringContaining('--hdfs-token-file'),
    });
  });
});

describe('TLS', () => {
  const day = 86_400_000;
  let expired: { private: string; cert: string };
  let sound: { private: string; cert: string };
  beforeAll(async () => {
    const named = [{ name: 'commonName', value: 'nn1.example' }];
    const dates = (from: number, to: number): { notBeforeDate: Date; notAfterDate: Date } => ({
      notBeforeDate: new Date(Date.now() + from * day),
      notAfterDate: new Date(Date.now() + to * day),
    });
    expired = await generate(named, { keySize: 2048, ...dates(-30, -2) });
    sound = await generate(named, { keySize: 2048, ...dates(-1, 300) });
  });

  it('with a certificate that has expired: whose, and since when', async () => {
    const port = await portOf(createTlsServer({ key: expired.private, cert: expired.cert }, nameNode()));
    const findings = await examine(`swebhdfs://127.0.0.1:${port}/x`);
    const ended = new Date(Date.now() - 2 * day).toISOString().slice(0, 10);
    expect(findings.at(-1)).toMatchObject({
      step: 'TLS',
      ok: false,
      detail: expect.stringMatching(
        new RegExp(`certificate of nn1\\.example by nn1\\.example, valid until ${ended}: it has expired$`),
      ),
      hint: expect.stringContaining('Renew'),
    });
  });

  it('with an authority that nobody knows here: who it is, and the setting', async () => {
    const port = await portOf(createTlsServer({ key: sound.private, cert: sound.cert }, nameNode()));
    const findings = await examine(`swebhdfs://127.0.0.1:${port}/x`);
    expect(findings.find(({ step }) => step === 'TLS')).toMatchObject({ ok: true });
    expect(findings.at(-1)).toMatchObject({ step: 'TLS trust', ok: false, detail: expect.stringMatching(/^HDFS_TLS/) });
  });

  it('where webhdfs:// was written: the other scheme', async () => {
    const port = await portOf(createTlsServer({ key: sound.private, cert: sound.cert }, nameNode()));
    expect((await examine(`webhdfs://127.0.0.1:${port}/x`)).at(-1)).toMatchObject({
      step: 'WebHDFS',
      ok: false,
      hint: expect.stringContaining(`swebhdfs://127.0.0.1:${port}/`),
    });
  });
});

it('says of a single name node that starts that it starts, and nothing of a standby', async () => {
  const body = JSON.stringify({
    RemoteException: { exception: 'RetriableException', message: 'Namenode is in startup mode' },
  });
  const port = await portOf(createServer((_, response) => response.writeHead(403).end(body)));
  const findings = await examine(`webhdfs://127.0.0.1:${port}/x`);
  expect(findings.find(({ step }) => step === 'state')).toMatchObject({
    ok: false,
    detail: expect.stringMatching(/^starting/),
  });
  expect(JSON.stringify(findings)).not.toContain('standby');
});

describe('what else may listen there', () => {
  const page = (status: number, headers: Record<string, string>, body = ''): string => {
    const verdict = recognise({ status, headers, body });
    return verdict.kind === 'other' ? `${verdict.detail} | ${verdict.hint}` : `WebHDFS, ${verdict.state}`;
  };
  const remote = (exception: string, message = ''): string =>
    JSON.stringify({ RemoteException: { exception, message } });

  it('is told from WebHDFS', () => {
    expect(page(200, {}, ROOT)).toBe('WebHDFS, active');
    expect(page(403, {}, remote('StandbyException'))).toBe('WebHDFS, standby');
    expect(page(403, {}, remote('RetriableException', 'Namenode is in startup mode'))).toBe('WebHDFS, starting');
    expect(page(403, {}, remote('AccessControlException'))).toBe('WebHDFS, active');
    expect(page(302, { location: 'http://rm:8088/cluster' })).toMatch(/^a page of YARN .*9870/);
    expect(page(302, { location: 'https://knox/gateway/knoxsso/login' })).toMatch(/^a login page .*--hdfs-base-path/);
    expect(page(404, { server: 'nginx' }, '<title>404 Not Found</title>')).toMatch(
      /^a web server without WebHDFS \(404, "404 Not Found", nginx\).*--hdfs-base-path/,
    );
    expect(page(200, {}, '<html><title>RegionServer</title>HBase</html>')).toMatch(/^HBase/);
    expect(page(200, {}, '{"FileStatuses":[]}')).toMatch(/^no WebHDFS/);
    expect(page(502, {}, '')).toMatch(/^a server that fails/);
  });

  it('speaks no HTTP: said at once, and not waited for', async () => {
    const server = createSocketServer((socket) => {
      // Whoever asks goes at the first word.
      socket.on('error', () => undefined);
      socket.end('SSH-2.0-OpenSSH_9.2\r\n');
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    expect((await examine(`webhdfs://127.0.0.1:${port}/x`)).at(-1)).toMatchObject({
      step: 'WebHDFS',
      detail: expect.stringMatching(/speaks no HTTP$/),
    });
    server.close();
  });
});

it('knows addresses that only their own network reaches', () => {
  for (const ip of ['10.1.2.3', '127.0.0.1', '172.16.0.1', '172.31.9.9', '192.168.1.1', '100.64.0.1', 'fd00::1', '::1'])
    expect(isPrivateAddress(ip), ip).toBe(true);
  for (const ip of ['11.0.0.1', '172.32.0.1', '172.15.0.1', '100.128.0.1', '8.8.8.8', '2001:db8::1'])
    expect(isPrivateAddress(ip), ip).toBe(false);
});
