// Paths and addresses as WebHDFS wants them: our own encoding, name nodes, and redirects.
import { HdfsError, type Peer } from './failure.ts';
import { type HostMap, mapAddress } from '../host-map.ts';

export const BASE_PATH = '/webhdfs/v1';

/** Each segment percent-encoded; every name that HDFS allows comes back as it was. */
export function encodePath(path: string): string {
  return path.split('/').map(encodeURIComponent).join('/');
}

/** `http://host:port` or `https://host:port` as a peer. */
export function nameNodePeer(origin: string): Peer {
  const url = new URL(origin);
  const secure = url.protocol === 'https:';
  // A port that is the scheme's own is dropped by URL.
  const port = url.port === '' ? (secure ? 443 : 80) : Number(url.port);
  return { role: 'name node', host: url.hostname, port, secure, toldAs: `${url.hostname}:${port}` };
}

export interface Redirect {
  readonly peer: Peer;
  /** Encoded path and query to ask there. */
  readonly path: string;
}

/**
 * Where a name node's `Location` leads. The host goes through the map, and the path is replaced by our own,
 * because the name node's copy is Unicode-normalised and may name another file. The query stays: it carries
 * the block's offset and the token.
 */
export function readRedirect(location: string, from: Peer, path: string, map: HostMap): Redirect {
  let url: URL;
  try {
    url = new URL(location);
  } catch (cause) {
    throw new HdfsError('HDFS_REDIRECT', `${from.host}:${from.port} redirects to no address`, { cause });
  }
  const secure = url.protocol === 'https:';
  if (!secure && url.protocol !== 'http:') {
    throw new HdfsError('HDFS_REDIRECT', `${from.host}:${from.port} redirects to a ${url.protocol} address`);
  }
  if (from.secure && !secure) {
    throw new HdfsError('HDFS_REDIRECT', `${from.host}:${from.port} redirects from https to http, to ${url.host}`, {
      hint: 'Set dfs.http.policy=HTTPS_ONLY on the cluster, or read with webhdfs://.',
    });
  }
  const told = { host: url.hostname, port: url.port === '' ? (secure ? 443 : 80) : Number(url.port) };
  const mapped = mapAddress(map, told);
  const peer: Peer = { role: 'data node', ...mapped, secure, toldAs: `${told.host}:${told.port}` };
  // Knox encrypts path and query together as `_`: its Location is used word for word.
  const own = url.pathname.startsWith(`${BASE_PATH}/`) && !url.searchParams.has('_');
  return { peer, path: `${own ? BASE_PATH + encodePath(path) : url.pathname}${url.search}` };
}
