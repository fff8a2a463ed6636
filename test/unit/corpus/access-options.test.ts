// The options of access: files of secrets and certificates, what excludes what, and Kerberos by a package that may be missing.
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os, { tmpdir } from 'node:os';
import { syncBuiltinESMExports } from 'node:module';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { readAccess } from '../../../coordinator/settings/hdfs-options.ts';
import { authenticationOf } from '../../../coordinator/corpus/webhdfs/access.ts';
import { Kerberos, loadKerberos } from '../../../coordinator/corpus/webhdfs/kerberos.ts';
import { Authority } from '../../hdfs/certificates.ts';

let folder = '';
let authority: Authority;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'tributary-access-'));
  authority = new Authority(folder, 'authority');
});
afterAll(() => rmSync(folder, { recursive: true }));

function secret(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text, { mode: 0o600 });
  return path;
}

describe('a user without a name, as containers have them', () => {
  afterEach(() => {
    vi.restoreAllMocks();
    vi.unstubAllEnvs();
    syncBuiltinESMExports();
  });

  it('is asked for one, unless it is given', () => {
    vi.stubEnv('HADOOP_USER_NAME', undefined);
    vi.spyOn(os, 'userInfo').mockImplementation(() => {
      throw new Error('A system error occurred: uv_os_get_passwd returned ENOENT');
    });
    syncBuiltinESMExports();
    expect(() => authenticationOf({})).toThrowError(
      expect.objectContaining({ code: 'HDFS_USER_BAD', hint: expect.stringContaining('--hdfs-user NAME'), exit: 2 }),
    );
    expect(authenticationOf({ hdfsUser: 'ann' }).who).toBe('user "ann"');
    vi.stubEnv('HADOOP_USER_NAME', 'bob');
    expect(authenticationOf({}).who).toBe('user "bob"');
  });
});

describe('the options', () => {
  it('that exclude each other are bad usage', async () => {
    const files = {
      hdfsTokenFile: secret('token', 'TOKEN'),
      hdfsPasswordFile: secret('password', 'x'),
      hdfsBearerFile: secret('jwt', 'aa.bb.cc'),
      hdfsKerberos: true,
    };
    const names = Object.keys(files) as (keyof typeof files)[];
    for (const one of names)
      for (const other of names)
        if (one !== other)
          await expect(
            readAccess({ [one]: files[one], [other]: files[other] }),
            `${one} ${other}`,
          ).rejects.toMatchObject({ code: 'OPTIONS_CONFLICT', exit: 2 });
    await expect(readAccess({ hdfsPasswordFile: files.hdfsPasswordFile })).rejects.toMatchObject({
      code: 'OPTIONS_CONFLICT',
    });
    for (const name of ['hdfsTokenFile', 'hdfsBearerFile', 'hdfsKerberos'] as const)
      await expect(readAccess({ [name]: files[name], hdfsUser: 'ann' })).rejects.toMatchObject({
        code: 'OPTIONS_CONFLICT',
      });
    await expect(readAccess({ hdfsCert: authority.cert })).rejects.toMatchObject({ code: 'HDFS_TLS_FILES', exit: 2 });
    await expect(readAccess({ hdfsRedirectHosts: 'a:1' })).rejects.toMatchObject({
      code: 'HDFS_REDIRECT_HOSTS',
      exit: 2,
    });
  });

  it('take files that hold a secret and nothing else, and warn when others may read them', async () => {
    for (const [text, why] of [
      ['', 'empty'],
      [' \n', 'empty'],
      ['two words', 'no delegation token'],
      ['{"Token":{"urlString":"x"}}', 'no delegation token'],
      ['a\nb', 'no delegation token'],
    ] as const)
      await expect(readAccess({ hdfsTokenFile: secret('bad', text) }), text).rejects.toMatchObject({
        code: 'HDFS_TOKEN_FILE',
        exit: 2,
        message: expect.stringContaining(why),
      });
    await expect(readAccess({ hdfsTokenFile: join(folder, 'nowhere') })).rejects.toMatchObject({
      message: expect.stringContaining('ENOENT'),
    });
    // Somebody gave the token instead of its file.
    const typed = 'HgAFYWxpY2UFYWxpY2UAigGiCeAXr4oBogngPr8CAhRiH92FJwoknEsZyQ';
    await expect(readAccess({ hdfsTokenFile: typed })).rejects.toMatchObject({
      message: expect.not.stringContaining(typed),
    });

    const file = secret('token', 'TOKEN\n');
    expect((await readAccess({ hdfsTokenFile: file })).warnings).toEqual([]);
    chmodSync(file, 0o640);
    expect((await readAccess({ hdfsTokenFile: file })).warnings).toEqual([
      expect.stringMatching(/open to its group: chmod 600/),
    ]);
    chmodSync(file, 0o644);
    expect((await readAccess({ hdfsTokenFile: file })).warnings).toEqual([expect.stringMatching(/open to every user/)]);
  });

  it('name TLS files that belong together, before anything is asked', async () => {
    const [one, other] = [authority.issue('one', ['one']), authority.issue('other', ['other'])];
    expect((await readAccess({ hdfsCa: authority.cert, hdfsCert: one.cert, hdfsKey: one.key })).warnings).toEqual([]);
    for (const wrong of [
      { hdfsCert: one.cert, hdfsKey: other.key },
      { hdfsCa: join(folder, 'nowhere') },
      { hdfsCa: secret('der', 'not PEM') },
      { hdfsCa: one.key },
    ])
      await expect(readAccess(wrong), JSON.stringify(wrong)).rejects.toMatchObject({ code: 'HDFS_TLS_FILES', exit: 2 });
  });
});

describe('Kerberos', () => {
  const nameNodePeer = {
    role: 'name node',
    host: '10.0.0.1',
    port: 9870,
    secure: false,
    toldAs: 'nn.cluster:9870',
  } as const;
  const library = (step: () => Promise<string>) => {
    const services: string[] = [];
    return {
      services,
      GSS_MECH_OID_SPNEGO: 6,
      initializeClient: async (service: string) => (services.push(service), { step }),
    };
  };

  it('sends a fresh ticket for the name node as it is called', async () => {
    let count = 0;
    const fake = library(async () => `ticket${(count += 1)}==`);
    const kerberos = new Kerberos(fake);
    expect(await kerberos.sign(nameNodePeer)).toEqual({ query: {}, headers: { authorization: 'Negotiate ticket1==' } });
    expect(await kerberos.sign(nameNodePeer)).toEqual({ query: {}, headers: { authorization: 'Negotiate ticket2==' } });
    expect(fake.services).toEqual(['HTTP@nn.cluster', 'HTTP@nn.cluster']);
  });

  it('says what helps, by what the library says', async () => {
    for (const [said, hint] of [
      ['No credentials cache found (filename: /tmp/krb5cc_0)', /kinit/],
      ['Ticket expired', /kinit again/],
      ['Clock skew too great', /clock/],
      ['Server not found in Kerberos database', /HTTP principal/],
      ['something else', /krb5\.conf/],
    ] as const) {
      const kerberos = new Kerberos(library(() => Promise.reject(new Error(said))));
      await expect(kerberos.sign(nameNodePeer)).rejects.toMatchObject({
        code: 'HDFS_KERBEROS',
        hint: expect.stringMatching(hint),
      });
    }
  });

  it('needs a package that says how to get it', () => {
    const missing = (): never => {
      throw new Error("Cannot find module 'kerberos'");
    };
    expect(() => loadKerberos(missing)).toThrowError(
      expect.objectContaining({
        code: 'HDFS_KERBEROS_PACKAGE',
        exit: 2,
        hint: expect.stringContaining('npm install --no-save kerberos'),
      }),
    );
  });
});
