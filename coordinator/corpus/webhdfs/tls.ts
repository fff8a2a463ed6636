// TLS to clusters: a private authority and a client certificate from files, and what to say when it fails.
import { readFileSync } from 'node:fs';
import { checkServerIdentity, createSecureContext, type PeerCertificate } from 'node:tls';
import { EXIT, TributaryError } from '../../errors.ts';
import { HdfsError, nameOf, type Peer } from './failure.ts';
import { redact } from './redaction.ts';

/** PEM texts. */
export interface TlsOptions {
  /** Authorities to trust, instead of the system's. */
  readonly ca?: string;
  /** Client certificate, for servers that want one, and its key. */
  readonly cert?: string;
  readonly key?: string;
}

export interface TlsFiles {
  readonly hdfsCa?: string | undefined;
  readonly hdfsCert?: string | undefined;
  readonly hdfsKey?: string | undefined;
}

function unusable(message: string, hint: string): TributaryError {
  return new TributaryError('HDFS_TLS_FILES', redact(message), { hint, exit: EXIT.usage });
}

function readPem(path: string, option: string, what: RegExp): string {
  let text;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : String(error);
    throw unusable(`cannot read the file ${path} of ${option}: ${code}`, 'Check the path and its permissions.');
  }
  if (!what.test(text)) {
    throw unusable(
      `the file ${path} of ${option} is not PEM`,
      'PEM begins with -----BEGIN. From a Java key store: keytool -exportcert -rfc, or openssl pkcs12.',
    );
  }
  return text;
}

/** Throws HDFS_TLS_FILES. */
export function readTlsFiles({ hdfsCa, hdfsCert, hdfsKey }: TlsFiles): TlsOptions {
  if ((hdfsCert === undefined) !== (hdfsKey === undefined)) {
    throw unusable('--hdfs-cert and --hdfs-key belong together', 'Give both, or neither.');
  }
  const certificate = /-----BEGIN (TRUSTED |X509 )?CERTIFICATE-----/;
  const options: TlsOptions = {
    ...(hdfsCa === undefined ? {} : { ca: readPem(hdfsCa, '--hdfs-ca', certificate) }),
    ...(hdfsCert === undefined ? {} : { cert: readPem(hdfsCert, '--hdfs-cert', certificate) }),
    ...(hdfsKey === undefined ? {} : { key: readPem(hdfsKey, '--hdfs-key', /-----BEGIN [A-Z ]*PRIVATE KEY-----/) }),
  };
  try {
    createSecureContext(options);
  } catch (error) {
    const said = error instanceof Error ? error.message : String(error);
    throw unusable(
      `the files of --hdfs-ca, --hdfs-cert and --hdfs-key cannot be used: ${said}`,
      'The key must belong to the certificate and have no pass phrase; all are PEM.',
    );
  }
  return options;
}

/**
 * The check of a certificate's names: the name by which the cluster calls the server counts, not the address that
 * the host map gives; a certificate for that address, which the operator chose, will do as well.
 */
export function identityCheck(peer: Peer): (host: string, certificate: PeerCertificate) => Error | undefined {
  const bare = (host: string): string => host.replace(/^\[|\]$/g, '');
  const told = bare(peer.toldAs.replace(/:\d+$/, ''));
  return (_host, certificate) => {
    const refusal = checkServerIdentity(told, certificate);
    return refusal === undefined || checkServerIdentity(bare(peer.host), certificate) === undefined
      ? undefined
      : refusal;
  };
}

/** The client certificate is shown to name nodes, and to others only where the operator said so. */
export function mayShowCertificate(peer: Peer): boolean {
  return peer.role === 'name node' || peer.listed === true;
}

const TLS = /^(ERR_TLS|ERR_SSL|ERR_OSSL|CERT_|UNABLE_TO_|SELF_SIGNED|DEPTH_ZERO|HOSTNAME_MISMATCH|EPROTO)/;
const UNTRUSTED = /^(UNABLE_TO_|SELF_SIGNED|DEPTH_ZERO|CERT_UNTRUSTED|CERT_SIGNATURE_FAILURE|CERT_CHAIN_TOO_LONG)/;
// Alerts that servers send when they want a certificate and got none, or one of an authority they do not know.
const CLIENT =
  /CERTIFICATE_REQUIRED|BAD_CERTIFICATE|UNKNOWN_CA|CERTIFICATE_UNKNOWN|HANDSHAKE_FAILURE|alert number (40|42|46|48|116)/i;

/** The coded error for a TLS failure; undefined when it is none. `tls` is what the connection was made with. */
export function tlsFailure(error: unknown, peer: Peer, tls: TlsOptions): HdfsError | undefined {
  if (!(error instanceof Error) || !('code' in error) || typeof error.code !== 'string' || !TLS.test(error.code))
    return undefined;
  const { code, message } = error;
  if (UNTRUSTED.test(code)) {
    return new HdfsError(
      'HDFS_TLS_UNTRUSTED',
      `the certificate of ${nameOf(peer)} is of no trusted authority (${code})`,
      {
        hint:
          tls.ca === undefined
            ? "Give the certificate of the cluster's own authority with --hdfs-ca FILE (PEM)."
            : 'The authority in the file of --hdfs-ca did not sign it: give the one that did (openssl s_client -showcerts -connect HOST:PORT shows the chain).',
        cause: error,
      },
    );
  }
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') {
    const names = 'cert' in error ? ((error.cert as PeerCertificate | undefined)?.subjectaltname ?? '') : '';
    return new HdfsError(
      'HDFS_TLS_NAME',
      `the certificate of ${nameOf(peer)} is for other names${names === '' ? '' : `: ${names}`}`,
      {
        hint:
          peer.role === 'name node'
            ? 'Use one of those names in the swebhdfs:// address, or have the certificate made for this one.'
            : 'Have the certificate made for the name in dfs.datanode.hostname, or set that to a name which the certificate has.',
        cause: error,
      },
    );
  }
  if (code === 'CERT_HAS_EXPIRED' || code === 'CERT_NOT_YET_VALID') {
    return new HdfsError('HDFS_TLS', `the certificate of ${nameOf(peer)} is not valid now (${code})`, {
      hint: 'Renew it, or set the clock of this machine.',
      cause: error,
    });
  }
  if (CLIENT.test(`${code} ${message}`)) return clientFailure(error, peer, tls);
  return new HdfsError('HDFS_TLS', `no TLS connection with ${nameOf(peer)}: ${code}`, {
    hint: 'Check that swebhdfs:// is meant, and that the port is the one for TLS (9871 on name nodes by default).',
    cause: error,
  });
}

function clientFailure(error: Error, peer: Peer, tls: TlsOptions): HdfsError {
  const withheld = tls.cert !== undefined && !mayShowCertificate(peer);
  const host = peer.toldAs.replace(/:\d+$/, '');
  return new HdfsError('HDFS_TLS_CLIENT', `${nameOf(peer)} wants another client certificate than it got`, {
    hint:
      tls.cert === undefined
        ? 'Give one with --hdfs-cert FILE --hdfs-key FILE, signed by an authority in the trust store of the cluster.'
        : withheld
          ? `It was not shown there: name the data nodes that may see it with --hdfs-redirect-hosts ${host},…`
          : "The cluster's trust store does not hold the authority that signed --hdfs-cert.",
    cause: error,
  });
}
