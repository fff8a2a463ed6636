// Paths and addresses as WebHDFS wants them: our own encoding, and name nodes.
import type { Peer } from './failure.ts';

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
