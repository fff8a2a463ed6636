// Redirects: where a name node sends us, and whether we go there. What it says is untrusted input.
import { isIP } from 'node:net';
import { EXIT, TributaryError } from '../../errors.ts';
import { type HostMap, mapAddress } from '../host-map.ts';
import { BASE_PATH, encodePath } from './address.ts';
import { type AddressKind, addressKind } from './address-kind.ts';
import { HdfsError, type Peer } from './failure.ts';

export interface Redirect {
  readonly peer: Peer;
  /** Encoded path and query to ask there. */
  readonly path: string;
  /** It leads back to the server that gave it, as a gateway's do: credentials go along. */
  readonly home: boolean;
}

/** Hosts that redirects may lead to: names and addresses as the cluster says them, `*.domain` for all below it. */
export class RedirectHosts {
  readonly #exact = new Set<string>();
  readonly #domains: string[] = [];

  /** Reads `dn1.cluster,*.rack2.cluster,10.0.0.7`. Throws HDFS_REDIRECT_HOSTS. */
  constructor(text: string) {
    for (const entry of text.split(',').map((each) => each.trim().toLowerCase())) {
      if (!/^(\*\.)?[a-z0-9_][a-z0-9_.-]*$/.test(entry) && isIP(entry.replace(/^\[|\]$/g, '')) === 0) {
        throw new TributaryError('HDFS_REDIRECT_HOSTS', `--hdfs-redirect-hosts: ${JSON.stringify(entry)} is no host`, {
          hint: 'Write hosts with commas between them and no ports, *.domain for all hosts of a domain.',
          exit: EXIT.usage,
        });
      }
      if (entry.startsWith('*.')) this.#domains.push(entry.slice(1));
      else this.#exact.add(entry.replace(/^\[|\]$/g, ''));
    }
  }

  has(host: string): boolean {
    const name = host.toLowerCase().replace(/^\[|\]$/g, '');
    return this.#exact.has(name) || this.#domains.some((domain) => name.endsWith(domain));
  }
}

export interface RedirectRules {
  readonly hostMap: HostMap;
  /** Undefined: any host of an ordinary address. */
  readonly hosts: RedirectHosts | undefined;
}

function originOf(peer: Peer): string {
  return `${peer.secure ? 'https' : 'http'}://${peer.toldAs.toLowerCase()}`;
}

function parse(location: string, said: string): URL {
  // The error of `new URL` holds the whole address, and with it the token: it is not passed on.
  if (!URL.canParse(location)) throw new HdfsError('HDFS_REDIRECT', `${said} redirects to no address`);
  return new URL(location);
}

/** The refusal of a host whose address is of a kind that only this machine or its network link understands. */
function refusedAddress(said: string, told: string, kind: AddressKind): HdfsError {
  return new HdfsError('HDFS_REDIRECT', `${said} redirects to ${told}, a ${kind} address, which is not followed`, {
    hint: `If that is right, say so: --hdfs-redirect-hosts ${told.replace(/:\d+$/, '')}, or --hdfs-host-map ${told}=ADDRESS where this machine reaches it elsewhere.`,
  });
}

/**
 * Where a `Location` leads. The host goes through the map, and the path is replaced by our own, because the name
 * node's copy is Unicode-normalised and may name another file. The query stays: it carries the block's offset and
 * the token. Throws HDFS_REDIRECT for another scheme than http(s), a step down from https, and hosts outside the
 * rules: those that `hosts` lacks, and without such a list loopback, link-local and the like, unless the name node
 * itself is reached at such an address (`fromAddress`, an IP) or the host map names the host.
 */
export function readRedirect(
  location: string,
  from: Peer,
  fromAddress: string | undefined,
  path: string,
  rules: RedirectRules,
): Redirect {
  const said = `${from.host}:${from.port}`;
  const url = parse(location, said);
  const secure = url.protocol === 'https:';
  if (!secure && url.protocol !== 'http:') {
    throw new HdfsError('HDFS_REDIRECT', `${said} redirects to a ${url.protocol} address`);
  }
  if (from.secure && !secure) {
    throw new HdfsError('HDFS_REDIRECT', `${said} redirects from https to http, to ${url.host}`, {
      hint: 'Set dfs.http.policy=HTTPS_ONLY on the cluster, or read with webhdfs://.',
    });
  }
  const told = { host: url.hostname, port: url.port === '' ? (secure ? 443 : 80) : Number(url.port) };
  const toldAs = `${told.host}:${told.port}`;
  const mapped = mapAddress(rules.hostMap, told);
  const peer: Peer = { role: 'data node', ...mapped, secure, toldAs };
  // Knox encrypts path and query together as `_`: its Location is used word for word.
  const own = url.pathname.startsWith(`${BASE_PATH}/`) && !url.searchParams.has('_');
  const target = `${own ? BASE_PATH + encodePath(path) : url.pathname}${url.search}`;
  const home = originOf(peer) === originOf(from);
  if (home) return { peer: { ...from, role: 'data node', listed: true }, path: target, home };
  if (rules.hosts !== undefined) {
    if (rules.hosts.has(told.host)) return { peer: { ...peer, listed: true }, path: target, home };
    throw new HdfsError('HDFS_REDIRECT', `${said} redirects to ${toldAs}, which --hdfs-redirect-hosts does not name`, {
      hint: `Add ${told.host} to --hdfs-redirect-hosts if it is a data node of this cluster.`,
    });
  }
  // The operator named it: the map says where it is.
  if (mapped !== told) return { peer, path: target, home };
  const homeKind = addressKind(fromAddress ?? from.host);
  const guard = (address: string): HdfsError | undefined => {
    const kind = addressKind(address);
    return kind === 'ordinary' || kind === homeKind ? undefined : refusedAddress(said, toldAs, kind);
  };
  const refusal = guard(told.host);
  if (refusal !== undefined) throw refusal;
  return { peer: { ...peer, guard }, path: target, home };
}
