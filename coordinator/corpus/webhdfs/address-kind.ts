// Which addresses nobody outside a machine means: a redirect that leads to one is an attempt at this machine's own
// services or at a cloud's metadata, unless the name node itself lives there.
import { BlockList, isIP } from 'node:net';

export type AddressKind = 'ordinary' | 'loopback' | 'link-local' | 'unspecified' | 'multicast';

const RANGES: readonly (readonly [AddressKind, string, number, 'ipv4' | 'ipv6'])[] = [
  ['loopback', '127.0.0.0', 8, 'ipv4'],
  ['loopback', '::1', 128, 'ipv6'],
  ['link-local', '169.254.0.0', 16, 'ipv4'],
  ['link-local', 'fe80::', 10, 'ipv6'],
  // The metadata service of a cloud by IPv6.
  ['link-local', 'fd00:ec2::254', 128, 'ipv6'],
  ['unspecified', '0.0.0.0', 8, 'ipv4'],
  ['unspecified', '::', 128, 'ipv6'],
  ['multicast', '224.0.0.0', 4, 'ipv4'],
  ['multicast', 'ff00::', 8, 'ipv6'],
];

const LISTS = RANGES.map(([kind, start, bits, family]) => {
  const list = new BlockList();
  list.addSubnet(start, bits, family);
  return { kind, list };
});

/** Of an IP address; IPv4 within IPv6 counts as IPv4. A text that is no address is `ordinary`. */
export function addressKind(address: string): AddressKind {
  const bare = address.replace(/^\[|\]$/g, '').replace(/%.*$/, '');
  const version = isIP(bare);
  if (version === 0) return 'ordinary';
  const family = version === 4 ? 'ipv4' : 'ipv6';
  return LISTS.find(({ list }) => list.check(bare, family))?.kind ?? 'ordinary';
}
