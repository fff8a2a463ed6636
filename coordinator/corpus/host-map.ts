// The host map: which address to use for a name that only the cluster can resolve.
import { EXIT, TributaryError } from '../errors.ts';

export type HostMap = Readonly<Record<string, string>>;

export interface Address {
  readonly host: string;
  readonly port: number;
}

const NAME = /^(?:[A-Za-z0-9_.-]+|\[[0-9A-Fa-f:.]+\])(?::(\d{1,5}))?$/;

function bad(text: string, why: string): TributaryError {
  return new TributaryError('HOST_MAP_BAD', `--hdfs-host-map: ${why} in ${JSON.stringify(text)}`, {
    hint: 'Write FROM=TO pairs with commas between them; each side is a host or host:port, as in dn1.internal=10.0.0.5,dn2.internal:9864=localhost:19864.',
    exit: EXIT.usage,
  });
}

function checkedName(name: string, text: string): string {
  const found = NAME.exec(name);
  if (found === null) throw bad(text, `${JSON.stringify(name)} is neither a host nor host:port`);
  if (found[1] !== undefined && (Number(found[1]) < 1 || Number(found[1]) > 65_535)) {
    throw bad(text, `${found[1]} is no port (1 to 65535)`);
  }
  return name.toLowerCase();
}

/** Reads `a=b,c:9864=d:1234`; an empty text is an empty map. Throws HOST_MAP_BAD. */
export function parseHostMap(text: string): HostMap {
  const map: Record<string, string> = {};
  if (text.trim() === '') return map;
  for (const pair of text.split(',')) {
    const sides = pair.trim().split('=');
    const [from, to] = sides;
    if (sides.length !== 2 || from === undefined || to === undefined)
      throw bad(text, `${JSON.stringify(pair)} is not FROM=TO`);
    const key = checkedName(from.trim(), text);
    if (Object.hasOwn(map, key)) throw bad(text, `${key} is mapped twice`);
    map[key] = checkedName(to.trim(), text);
  }
  return map;
}

function lookUp(map: HostMap, key: string): string | undefined {
  return Object.hasOwn(map, key) ? map[key] : undefined;
}

/** Where to connect for `address`: an entry for host:port wins over one for the host; no entry leaves it. */
export function mapAddress(map: HostMap, address: Address): Address {
  const host = address.host.toLowerCase();
  const to = lookUp(map, `${host}:${address.port}`) ?? lookUp(map, host);
  if (to === undefined) return address;
  const port = NAME.exec(to)?.[1];
  return port === undefined
    ? { host: to, port: address.port }
    : { host: to.slice(0, -port.length - 1), port: Number(port) };
}
