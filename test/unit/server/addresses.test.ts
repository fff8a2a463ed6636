// The URLs that a coordinator gives to volunteers.
import type { NetworkInterfaceInfo } from 'node:os';
import { networkInterfaces } from 'node:os';
import { describe, expect, it } from 'vitest';
import { serverUrls } from '../../../coordinator/server/addresses.ts';

function network(address: string, internal = false): NetworkInterfaceInfo {
  const rest = { address, internal, netmask: '', mac: '', cidr: null };
  return address.includes(':') ? { ...rest, family: 'IPv6', scopeid: 0 } : { ...rest, family: 'IPv4' };
}

const interfaces = {
  lo: [network('127.0.0.1', true), network('::1', true)],
  eth0: [network('2001:db8::7'), network('fe80::1'), network('192.0.2.7')],
  eth1: [network('198.51.100.4'), network('192.0.2.7')],
};

describe('a coordinator', () => {
  it('on one address is found there', () => {
    expect(serverUrls('http', '127.0.0.1', 8080, interfaces)).toEqual(['http://127.0.0.1:8080/']);
    expect(serverUrls('https', 'lab.example.org', 443, interfaces)).toEqual(['https://lab.example.org:443/']);
    expect(serverUrls('http', '::1', 80, interfaces)).toEqual(['http://[::1]:80/']);
  });

  it('on all IPv4 addresses is found at each that others can reach', () => {
    expect(serverUrls('https', '0.0.0.0', 8080, interfaces)).toEqual([
      'https://localhost:8080/',
      'https://192.0.2.7:8080/',
      'https://198.51.100.4:8080/',
    ]);
  });

  it('on all addresses is found over IPv6 as well, but not at a link-local address', () => {
    const urls = serverUrls('http', '::', 8080, interfaces);
    expect(urls).toHaveLength(4);
    expect(urls.at(-1)).toBe('http://[2001:db8::7]:8080/');
  });

  it('takes the addresses of this machine unless told', () => {
    const own = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
    const outside = new Set(own.filter((one) => !one.internal && one.family === 'IPv4').map((one) => one.address));
    expect(serverUrls('http', '0.0.0.0', 1)).toHaveLength(1 + outside.size);
  });
});
