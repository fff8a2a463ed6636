// What can go wrong between us and HDFS, and which of it is worth another try.
import { type ErrorDetails, TributaryError } from '../../errors.ts';
import type { Refusal } from './authentication.ts';
import { redact, scrub } from './redaction.ts';

/**
 * What may help: `none`, the same request `again`, the `next` name node, a `token` read afresh, or any
 * replica once no data node is excluded any more.
 */
export type Remedy = 'none' | 'again' | 'next' | 'token' | 'any-replica';

export interface FailureDetails extends ErrorDetails {
  readonly remedy?: Remedy;
  /** More likely a wrong setting than a passing trouble: give up after a few attempts. */
  readonly settled?: boolean;
  /** Passes when the cluster has come back: worth asking for long. */
  readonly awaited?: boolean;
}

export class HdfsError extends TributaryError {
  readonly remedy: Remedy;
  readonly settled: boolean;
  readonly awaited: boolean;

  constructor(code: string, message: string, details: FailureDetails = {}) {
    super(code, redact(message), {
      ...details,
      ...(details.hint === undefined ? {} : { hint: redact(details.hint) }),
      cause: scrub(details.cause),
    });
    this.name = 'HdfsError';
    this.remedy = details.remedy ?? 'none';
    this.settled = details.settled ?? false;
    this.awaited = details.awaited ?? false;
  }
}

/** The machine at the other end, for messages and for the choice of code. */
export interface Peer {
  readonly role: 'name node' | 'data node';
  /** Where we connect: after the host map. */
  readonly host: string;
  readonly port: number;
  readonly secure: boolean;
  /** host:port as the redirect said it; the same as we use unless mapped. */
  readonly toldAs: string;
  /** The operator named it in --hdfs-redirect-hosts: it may see the client certificate. */
  readonly listed?: boolean;
  /** Refuses addresses to which the name resolves but must not lead; undefined lets them pass. */
  readonly guard?: (address: string) => HdfsError | undefined;
}

/** What was asked for, for messages. */
export interface Subject {
  /** The file or directory, with its scheme, as shown to people. */
  readonly path: string;
  /** Who asks, such as `user "ann"` or `the token's owner`. */
  readonly who: string;
  /** What helps when they are asked who they are; for answers of 401. */
  readonly refusal: Refusal;
  readonly deed: 'read' | 'write';
}

export function nameOf(peer: Peer): string {
  const here = `${peer.host}:${peer.port}`;
  return `${peer.role} ${here}${peer.toldAs === here ? '' : ` (called ${peer.toldAs} by the name node)`}`;
}

/** The `--hdfs-host-map` to add for a data node, with the part to fill in in capitals. */
export function hostMapHint(peer: Peer): string {
  const [host] = peer.toldAs.split(/:(?=\d+$)/);
  return `Add --hdfs-host-map ${host}=ADDRESS, where ADDRESS is a host, or host:port, at which this machine reaches that data node.`;
}

const UNRESOLVED = new Set(['ENOTFOUND', 'EAI_AGAIN', 'EAI_FAIL', 'EAI_NODATA', 'EAI_NONAME']);
const CLOSED = new Set([
  'ECONNREFUSED',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ETIMEDOUT',
  'EADDRNOTAVAIL',
  'EACCES',
  'EPERM',
]);

function codeOf(error: unknown): string {
  return typeof error === 'object' && error !== null && 'code' in error && typeof error.code === 'string'
    ? error.code
    : '';
}

/** A failure below HTTP and TLS: name look-up, connection, a connection cut off. */
export function transportFailure(error: unknown, peer: Peer): HdfsError {
  if (error instanceof HdfsError) return error;
  const code = codeOf(error);
  const isName = peer.role === 'name node';
  const kind = isName ? 'HDFS_NAME_NODE' : 'HDFS_DATA_NODE';
  if (UNRESOLVED.has(code)) {
    return new HdfsError(`${kind}_UNRESOLVED`, `the name of ${nameOf(peer)} cannot be resolved (${code})`, {
      hint: isName
        ? 'Check the host in the webhdfs:// address, and that this machine is in the right network.'
        : hostMapHint(peer),
      remedy: 'next',
      settled: true,
      cause: error,
    });
  }
  if (CLOSED.has(code)) {
    return new HdfsError(`${kind}_UNREACHABLE`, `cannot connect to ${nameOf(peer)} (${code})`, {
      hint: isName
        ? "Check host and port: WebHDFS answers on the name node's web address, port 9870 by default (9871 with TLS), not on the port of hdfs:// addresses."
        : `Check that the data node runs and that this machine may reach the port. If it is reached elsewhere: ${hostMapHint(peer)}`,
      remedy: 'next',
      cause: error,
    });
  }
  const said = error instanceof Error ? error.message : String(error);
  return new HdfsError(
    'HDFS_INTERRUPTED',
    `the connection with ${nameOf(peer)} broke off (${code === '' ? said : code})`,
    {
      hint: 'See the log of that node; the read goes on elsewhere as long as another replica lives.',
      remedy: 'next',
      cause: error,
    },
  );
}

export function timeoutFailure(peer: Peer, phase: 'connect' | 'headers' | 'idle', ms: number): HdfsError {
  if (phase === 'connect') return transportFailure({ code: 'ETIMEDOUT' }, peer);
  const what = phase === 'headers' ? 'did not answer' : 'sent nothing more';
  return new HdfsError('HDFS_TIMEOUT', `${nameOf(peer)} ${what} within ${ms} ms`, {
    hint: 'The node may be overloaded or hung; see its log.',
    remedy: 'next',
  });
}
