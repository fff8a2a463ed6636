// The operator's token and the certificates.
import { X509Certificate } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { OperatorToken, randomToken, readToken } from '../../../coordinator/server/operator-token.ts';
import { isSecureWithoutTls } from '../../../coordinator/server/server.ts';
import { selfSigned } from '../../../coordinator/server/tls.ts';

let folder: string;
beforeAll(() => (folder = mkdtempSync(join(tmpdir(), 'tributary-server-'))));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('the operator token', () => {
  it('is accepted as Bearer, and nothing else is', () => {
    const token = new OperatorToken('a-long-enough-token');
    expect(token.accepts('Bearer a-long-enough-token')).toBe(true);
    for (const header of [
      undefined,
      '',
      'Bearer ',
      'bearer a-long-enough-token',
      'a-long-enough-token',
      'Bearer a-long-enough-toke',
    ]) {
      expect(token.accepts(header), header).toBe(false);
    }
  });

  it('is different at each start and hard to guess', () => {
    const tokens = new Set(Array.from({ length: 100 }, randomToken));
    expect(tokens.size).toBe(100);
    for (const token of tokens) expect(token).toMatch(/^[\w-]{32}$/);
  });

  it.each([
    ['too short', 'abc'],
    ['blanks within', 'one two three four five'],
    ['empty', ''],
  ])('is refused from a file that is %s', async (_what, text) => {
    const path = join(folder, 'token');
    writeFileSync(path, text);
    await expect(readToken(path)).rejects.toMatchObject({ code: 'TOKEN_FILE', exit: 2 });
  });

  it('is read without the line feed at its end', async () => {
    writeFileSync(join(folder, 'token'), 'a-long-enough-token\n');
    expect(await readToken(join(folder, 'token'))).toBe('a-long-enough-token');
  });
});

describe('a certificate made at the start', () => {
  it.each(['0.0.0.0', '192.0.2.7', 'lab.example.org'])('names this machine and %s', async (host) => {
    const { cert, key } = await selfSigned(host);
    const certificate = new X509Certificate(cert);
    expect(key).toContain('PRIVATE KEY');
    expect(certificate.checkHost('localhost')).toBe('localhost');
    expect(certificate.checkIP('127.0.0.1')).toBe('127.0.0.1');
    if (host.endsWith('org')) expect(certificate.checkHost(host)).toBe(host);
    const days = (Date.parse(certificate.validTo) - Date.now()) / 86_400_000;
    expect(days).toBeGreaterThan(29);
    expect(days).toBeLessThan(31);
  });
});

it.each([
  ['127.0.0.1', true],
  ['127.1.2.3', true],
  ['localhost', true],
  ['::1', true],
  ['0.0.0.0', false],
  ['192.0.2.1', false],
  ['127.example.org', false],
])('browsers offer WebGPU at http://%s: %s', (host, secure) => {
  expect(isSecureWithoutTls(host)).toBe(secure);
});
