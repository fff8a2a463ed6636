// Recognises what answers at a port: WebHDFS and in which state, or which other service, and what to name instead.
import type { IncomingHttpHeaders } from 'node:http';
import { parseRemoteException } from '../webhdfs/remote-exception.ts';

/** An answer to `GET /webhdfs/v1/?op=GETFILESTATUS` that was sent without saying who asks. */
export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export type Verdict =
  | {
      readonly kind: 'webhdfs';
      readonly state: 'active' | 'standby' | 'starting';
      /** What it wants to know before it serves: nothing, or the first word of WWW-Authenticate. */
      readonly wants: string | null;
      readonly detail: string;
    }
  | { readonly kind: 'other'; readonly detail: string; readonly hint: string };

const WEB_PORT = "Name the name node's web port: 9870, with TLS 9871 (dfs.namenode.http-address, https-address).";

function other(detail: string, hint: string): Verdict {
  return { kind: 'other', detail, hint };
}

function webHdfs(state: 'active' | 'standby' | 'starting', wants: string | null, detail: string): Verdict {
  return { kind: 'webhdfs', state, wants, detail };
}

export function recognise({ status, headers, body }: Answer): Verdict {
  const remote = parseRemoteException(body);
  if (remote !== undefined) return remoteVerdict(remote.exception, remote.message);
  if (status === 401) {
    const wants = /^\w+/.exec(headers['www-authenticate'] ?? '')?.[0] ?? 'authentication';
    // Hadoop's word for a user.name that is believed.
    if (wants === 'PseudoAuth') return webHdfs('active', null, "wants a user's name");
    return webHdfs('active', wants, `wants ${wants === 'Negotiate' ? 'Kerberos (Negotiate)' : wants}`);
  }
  if (status === 200 && isFileStatus(body)) return webHdfs('active', null, 'answers as WebHDFS');
  // Hadoop's own words, to whoever speaks HTTP there.
  if (/HTTP request to a Hadoop IPC port/i.test(body))
    return other("the RPC port, that of hdfs:// addresses: not the name node's web port", WEB_PORT);
  if (status >= 300 && status < 400) return redirected(status, headers['location'] ?? '');
  const title = /<title>\s*([^<]{1,80}?)\s*<\/title>/i.exec(body)?.[1];
  const told = `${status}${title === undefined ? '' : `, "${title}"`}${headers['server'] === undefined ? '' : `, ${headers['server']}`}`;
  if (/HBase|regionserver/i.test(body)) return other(`HBase answers here (${told})`, WEB_PORT);
  if (status === 404)
    return other(
      `a web server without WebHDFS (${told})`,
      `${WEB_PORT} Behind Knox the path is longer: --hdfs-base-path /gateway/TOPOLOGY/webhdfs/v1.`,
    );
  if (status >= 500) return other(`a server that fails (${told})`, "See that server's log.");
  return other(`no WebHDFS (${told})`, WEB_PORT);
}

function remoteVerdict(exception: string, message: string): Verdict {
  switch (exception) {
    case 'StandbyException':
      return webHdfs('standby', null, 'standby');
    case 'RetriableException':
    case 'SafeModeException':
      return webHdfs('starting', null, `starting: ${message}`);
    case 'IllegalArgumentException':
      // A data node knows no GETFILESTATUS.
      if (/Invalid operation|GETFILESTATUS/.test(message))
        return other(`a data node answers here, not a name node: ${message}`, WEB_PORT);
      break;
    default:
  }
  return webHdfs('active', null, `answers as WebHDFS: ${exception}`);
}

function redirected(status: number, location: string): Verdict {
  if (/\/cluster\b|\/jobhistory\b/.test(location))
    return other(`a page of YARN (${status} to ${location})`, `YARN's port is not HDFS's. ${WEB_PORT}`);
  if (/login|sso|saml|oauth|auth/i.test(location))
    return other(
      `a login page (${status} to ${location})`,
      'The gateway wants people to log in: ask for an address for programs, with Basic or a token, and name it with --hdfs-base-path.',
    );
  return other(`a redirect (${status} to ${location === '' ? 'nowhere' : location})`, WEB_PORT);
}

function isFileStatus(body: string): boolean {
  try {
    const parsed: unknown = JSON.parse(body);
    return typeof parsed === 'object' && parsed !== null && 'FileStatus' in parsed;
  } catch {
    // No JSON, so no WebHDFS: that is the answer.
    return false;
  }
}
