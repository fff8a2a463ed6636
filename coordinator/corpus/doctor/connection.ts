// The way to one machine: its name, its port, and for TLS its certificate.
import { lookup } from 'node:dns/promises';
import { connect, isIP } from 'node:net';
import { connect as connectTls, type PeerCertificate } from 'node:tls';
import { type Peer, timeoutFailure, transportFailure } from '../webhdfs/failure.ts';
import { mayShowCertificate, tlsFailure, type TlsOptions } from '../webhdfs/tls.ts';
import { failed, type Finding, passed, refused, since, warned } from './finding.ts';

/** Patience with one connection, ms. */
export const PROBE_MS = 5_000;
const DAY_MS = 86_400_000;
/** A certificate that ends sooner is worth a warning, days. */
const EXPIRY_DAYS = 14;

export interface Reached {
  readonly findings: readonly Finding[];
  /** Why not, in a word; undefined when the machine can be talked to. */
  readonly failure?: 'name' | 'redirect' | 'port' | 'certificate';
}

/** The host as the resolver wants it: IPv6 literals without their brackets. */
export function bareHost(peer: Pick<Peer, 'host'>): string {
  return peer.host.replace(/^\[|\]$/g, '');
}

/** Opens a connection and closes it again. Throws HDFS_NAME_NODE_UNREACHABLE and the like. */
export async function reach(peer: Peer): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const socket = connect({ host: bareHost(peer), port: peer.port, timeout: PROBE_MS });
    socket.once('connect', () => {
      socket.destroy();
      resolve();
    });
    socket.once('timeout', () => {
      socket.destroy();
      reject(timeoutFailure(peer, 'connect', PROBE_MS));
    });
    socket.once('error', (error) => reject(transportFailure(error, peer)));
  });
}

/** Name, port and certificate of one machine, up to the first that fails. */
export async function examineConnection(group: string, peer: Peer, tls: TlsOptions): Promise<Reached> {
  const findings: Finding[] = [];
  const mapped = peer.toldAs === `${peer.host}:${peer.port}` ? '' : `mapped to ${peer.host}:${peer.port}`;
  let began = performance.now();
  try {
    const addresses = (await lookup(bareHost(peer), { all: true })).map(({ address }) => address);
    const resolved = isIP(bareHost(peer)) === 0 ? `${peer.host} is ${addresses.join(' and ')}` : '';
    const detail = [mapped, resolved].filter((text) => text !== '').join(', ');
    findings.push(passed(group, 'name', detail === '' ? 'an address, no name' : detail, since(began)));
    const refusal = addresses.map((address) => peer.guard?.(address)).find((each) => each !== undefined);
    if (refusal !== undefined) {
      findings.push(failed(group, 'redirect', refusal));
      return { findings, failure: 'redirect' };
    }
  } catch (error) {
    findings.push(failed(group, 'name', transportFailure(error, peer), since(began)));
    return { findings, failure: 'name' };
  }
  began = performance.now();
  try {
    await reach(peer);
    findings.push(passed(group, 'port', `${peer.port} is open`, since(began)));
  } catch (error) {
    findings.push(failed(group, 'port', error, since(began)));
    return { findings, failure: 'port' };
  }
  if (!peer.secure) return { findings };
  const finding = await examineCertificate(group, peer, tls);
  findings.push(finding);
  return finding.ok ? { findings } : { findings, failure: 'certificate' };
}

/** Shows the certificate, whoever signed it; whether we trust it shows in the first request. */
async function examineCertificate(group: string, peer: Peer, tls: TlsOptions): Promise<Finding> {
  const began = performance.now();
  let certificate: PeerCertificate;
  let protocol: string | null;
  try {
    ({ certificate, protocol } = await certificateOf(peer, tls));
  } catch (error) {
    const failure = tlsFailure(error, peer, tls) ?? transportFailure(error, peer);
    // Whatever speaks another protocol ends the handshake like this.
    const hint =
      failure.code === 'HDFS_TLS' || failure.code === 'HDFS_INTERRUPTED'
        ? `Does ${peer.port} speak TLS at all? webhdfs:// would ask it without. Name nodes have TLS on 9871, if dfs.http.policy allows it.`
        : failure.hint;
    return refused(group, 'TLS', `${failure.code}: ${failure.message}`, hint, since(began));
  }
  const ms = since(began);
  const from = Date.parse(certificate.valid_from);
  const until = Date.parse(certificate.valid_to);
  const now = Date.now();
  const detail = `${protocol ?? 'TLS'}, certificate of ${nameIn(certificate.subject)} by ${nameIn(certificate.issuer)}, valid until ${day(until)}`;
  if (now > until) {
    return refused(group, 'TLS', `${detail}: it has expired`, 'Renew the certificate of that node.', ms);
  }
  if (now < from) {
    const hint = 'Is the clock of this machine right? Otherwise wait, or have it issued anew.';
    return refused(group, 'TLS', `${detail}: it is not valid before ${new Date(from).toISOString()}`, hint, ms);
  }
  if (until - now < EXPIRY_DAYS * DAY_MS) {
    return warned(group, 'TLS', `${detail}: soon`, 'Renew the certificate of that node before.', ms);
  }
  return passed(group, 'TLS', detail, ms);
}

/** The certificate that a machine shows, unchecked: nothing is sent over this connection. */
export async function certificateOf(
  peer: Peer,
  { cert, key }: TlsOptions,
): Promise<{ readonly certificate: PeerCertificate; readonly protocol: string | null }> {
  const host = bareHost(peer);
  const told = peer.toldAs.replace(/:\d+$/, '').replace(/^\[|\]$/g, '');
  return new Promise((resolve, reject) => {
    const socket = connectTls({
      host,
      port: peer.port,
      timeout: PROBE_MS,
      rejectUnauthorized: false,
      ...(cert === undefined || key === undefined || !mayShowCertificate(peer) ? {} : { cert, key }),
      ...(isIP(told) === 0 ? { servername: told } : {}),
    });
    socket.once('secureConnect', () => {
      resolve({ certificate: socket.getPeerCertificate(), protocol: socket.getProtocol() });
      socket.destroy();
    });
    socket.once('timeout', () => {
      socket.destroy();
      reject(timeoutFailure(peer, 'headers', PROBE_MS));
    });
    socket.once('error', reject);
  });
}

function nameIn(subject: PeerCertificate['subject'] | undefined): string {
  const { CN, O } = (subject ?? {}) as { CN?: string | string[]; O?: string | string[] };
  const name = CN ?? O ?? 'no one';
  return Array.isArray(name) ? name.join(', ') : name;
}

function day(time: number): string {
  return Number.isNaN(time) ? 'no date' : new Date(time).toISOString().slice(0, 10);
}

/** Whether only machines nearby can reach that IP address: private, shared, link-local or loopback. */
export function isPrivateAddress(ip: string): boolean {
  return (
    /^(10\.|127\.|169\.254\.|192\.168\.|172\.(1[6-9]|2\d|3[01])\.|100\.(6[4-9]|[7-9]\d|1[01]\d|12[0-7])\.)/.test(ip) ||
    /^(::1$|f[cd]|fe[89ab])/i.test(ip)
  );
}
