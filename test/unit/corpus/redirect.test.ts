// Redirects as untrusted input: what is followed, where to, and what is refused.
import { describe, expect, it } from 'vitest';
import { parseHostMap } from '../../../coordinator/corpus/host-map.ts';
import { addressKind } from '../../../coordinator/corpus/webhdfs/address-kind.ts';
import { nameNodePeer } from '../../../coordinator/corpus/webhdfs/address.ts';
import { readRedirect, RedirectHosts, type Redirect } from '../../../coordinator/corpus/webhdfs/redirect.ts';

const NAME_NODE = nameNodePeer('http://nn:9870');

function follow(
  location: string,
  how: { readonly from?: string; readonly at?: string; readonly map?: string; readonly hosts?: string } = {},
): Redirect {
  return readRedirect(location, nameNodePeer(how.from ?? 'http://nn:9870'), how.at ?? '10.0.0.1', '/f', {
    hostMap: parseHostMap(how.map ?? ''),
    hosts: how.hosts === undefined ? undefined : new RedirectHosts(how.hosts),
  });
}

const refused = expect.objectContaining({ code: 'HDFS_REDIRECT' });

describe('a redirect', () => {
  it('goes through the host map, with our own path and its own query', () => {
    const location = 'http://dn1:9864/webhdfs/v1/caf%C3%A9?op=OPEN&offset=3';
    const rules = { hostMap: parseHostMap('dn1=localhost:7'), hosts: undefined };
    expect(readRedirect(location, NAME_NODE, '10.0.0.1', '/cafe\u0301', rules)).toEqual({
      peer: { role: 'data node', host: 'localhost', port: 7, secure: false, toldAs: 'dn1:9864' },
      path: '/webhdfs/v1/cafe%CC%81?op=OPEN&offset=3',
      home: false,
    });
  });

  it('of a gateway is used word for word, and takes credentials along only to where it came from', () => {
    const location = 'https://knox:8443/gateway/x/webhdfs/data/v1/webhdfs/v1/f?_=AAAB';
    expect(follow(location, { from: 'https://knox:8443' })).toMatchObject({
      path: '/gateway/x/webhdfs/data/v1/webhdfs/v1/f?_=AAAB',
      home: true,
    });
    expect(follow(location, { from: 'https://KNOX:8443' }).home).toBe(true);
    for (const from of ['https://knox:8444', 'https://knox2:8443', 'http://knox:8443'])
      expect(follow(location, { from }).home, from).toBe(false);
  });

  it('leaves neither HTTP nor TLS', () => {
    expect(() => follow('http://dn:1/webhdfs/v1/f', { from: 'https://nn:9871' })).toThrowError(refused);
    for (const location of ['file:///etc/passwd', 'ftp://dn/f', 'gopher://dn/', 'javascript:1', '', '/webhdfs/v1/f'])
      expect(() => follow(location), location).toThrowError(refused);
  });

  it('never shows its query in an error', () => {
    for (const location of [
      'http://[bad/?delegation=SECRET1',
      'ftp://dn/?delegation=SECRET1',
      'http://127.0.0.1/?delegation=SECRET1',
    ]) {
      let thrown: unknown;
      try {
        follow(location);
      } catch (error) {
        thrown = error;
      }
      expect(thrown, location).toEqual(refused);
      expect(JSON.stringify(thrown, Object.getOwnPropertyNames(thrown))).not.toContain('SECRET1');
    }
  });
});

// As addresses are written by those who want to get past a check: URL makes all of them plain.
const INSIDE = [
  'http://127.0.0.1:22/',
  'http://127.1:22/',
  'http://2130706433/',
  'http://0x7f.1/',
  'http://[::1]/',
  'http://[::ffff:127.0.0.1]/',
  'http://169.254.169.254/latest/meta-data/',
  'http://0xa9fea9fe/',
  'http://[::ffff:a9fe:a9fe]/',
  'http://[fe80::1]/',
  'http://[fd00:ec2::254]/',
  'http://0.0.0.0/',
  'http://[::]/',
  'http://0/',
  'http://224.0.0.1/',
  'http://[ff02::1]/',
];

describe('without a list of hosts', () => {
  it('addresses of this machine and of its link are refused', () => {
    for (const location of INSIDE) expect(() => follow(location), location).toThrowError(refused);
    for (const location of [
      'http://10.1.2.3:9864/',
      'http://192.168.0.2:9864/',
      'http://[2001:db8::5]:9864/',
      'http://dn1:9864/',
    ])
      expect(follow(location).home).toBe(false);
  });

  it('they are followed when the name node itself is reached there, or the host map names them', () => {
    expect(follow('http://127.0.0.2:9864/', { at: '127.0.0.1' }).peer.host).toBe('127.0.0.2');
    expect(() => follow('http://169.254.169.254/', { at: '127.0.0.1' })).toThrowError(refused);
    expect(follow('http://127.0.0.1:9864/', { map: '127.0.0.1=10.0.0.5' }).peer.host).toBe('10.0.0.5');
    expect(follow('http://dn1:9864/', { map: 'dn1=127.0.0.1' }).peer.guard).toBeUndefined();
  });

  it('a name is judged again by what it resolves to', () => {
    const { guard } = follow('http://dn1:9864/').peer;
    expect(guard?.('169.254.169.254')).toEqual(refused);
    expect(guard?.('127.0.0.1')).toEqual(refused);
    expect(guard?.('10.0.0.9')).toBeUndefined();
  });
});

describe('a list of hosts', () => {
  it('lets those pass that it names, by name, domain or address, and no other', () => {
    const hosts = 'DN1, *.rack.cluster,10.0.0.7, [::1]';
    for (const host of ['dn1', 'a.rack.cluster', 'a.b.rack.cluster', '10.0.0.7', '[::1]'])
      expect(follow(`http://${host}:9864/`, { hosts }).peer.listed, host).toBe(true);
    for (const host of ['dn10', 'rack.cluster', 'xrack.cluster', '10.0.0.70', '127.0.0.1', 'dn1.evil'])
      expect(() => follow(`http://${host}:9864/`, { hosts }), host).toThrowError(refused);
    // The host map does not widen the list, and the name node itself needs no entry.
    expect(() => follow('http://dn2:9864/', { hosts, map: 'dn2=10.0.0.7' })).toThrowError(refused);
    expect(follow('http://nn:9870/x', { hosts }).home).toBe(true);
  });

  it('is refused when it is none', () => {
    for (const text of ['', 'a,,b', 'dn1:9864', '*', 'http://dn1', '*.*'])
      expect(() => new RedirectHosts(text), text).toThrowError(
        expect.objectContaining({ code: 'HDFS_REDIRECT_HOSTS', exit: 2 }),
      );
  });
});

it('tells kinds of addresses apart', () => {
  expect(addressKind('::ffff:169.254.1.1')).toBe('link-local');
  expect(addressKind('fe80::1%eth0')).toBe('link-local');
  expect(addressKind('8.8.8.8')).toBe('ordinary');
  expect(addressKind('localhost')).toBe('ordinary');
});
