// Under which addresses people reach a coordinator that listens on `host`.
import type { NetworkInterfaceInfo } from 'node:os';
import { networkInterfaces } from 'node:os';

type Interfaces = Readonly<Record<string, readonly NetworkInterfaceInfo[] | undefined>>;

/**
 * URLs, the one for this machine first. A host that stands for all addresses gives also each address that others can
 * reach, IPv4 first; link-local IPv6 is left out, since browsers take no zone.
 */
export function serverUrls(
  scheme: 'http' | 'https',
  host: string,
  port: number,
  interfaces: Interfaces = networkInterfaces(),
): readonly [string, ...string[]] {
  const url = (name: string): string => `${scheme}://${name.includes(':') ? `[${name}]` : name}:${port}/`;
  if (host !== '0.0.0.0' && host !== '::') return [url(host)];
  const outside = Object.values(interfaces)
    .flatMap((list) => list ?? [])
    .filter(({ internal }) => !internal);
  const v4 = outside.filter(({ family }) => family === 'IPv4');
  const v6 = outside.filter(({ family, address }) => family === 'IPv6' && !/^fe[89ab]/i.test(address));
  const reachable = host === '::' ? [...v4, ...v6] : v4;
  return [url('localhost'), ...new Set(reachable.map(({ address }) => url(address)))];
}
