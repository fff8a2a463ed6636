// Signing in with Kerberos (SPNEGO), through the optional package `kerberos`, which needs the system's own library.
import { createRequire } from 'node:module';
import { EXIT, TributaryError } from '../../errors.ts';
import type { Authentication, Refusal, Signature } from './authentication.ts';
import { HdfsError, type Peer } from './failure.ts';
import { rememberPassingSecret } from './redaction.ts';

/** What we use of the package; it is loaded by name, so that neither builds nor installs need it. */
export interface KerberosPackage {
  readonly GSS_MECH_OID_SPNEGO: number;
  initializeClient(
    service: string,
    options: { readonly mechOID: number },
  ): Promise<{ step(challenge: string): Promise<string> }>;
}

/** Throws HDFS_KERBEROS_PACKAGE. */
export function loadKerberos(require: (name: string) => unknown = createRequire(import.meta.url)): KerberosPackage {
  try {
    return require('kerberos') as KerberosPackage;
  } catch (cause) {
    throw new TributaryError(
      'HDFS_KERBEROS_PACKAGE',
      '--hdfs-kerberos needs the package kerberos, which cannot be loaded',
      {
        hint: 'Install it with: npm install --no-save kerberos@7 (Debian: after apt-get install libkrb5-dev g++ make python3), or give a delegation token with --hdfs-token-file FILE, which needs no package.',
        exit: EXIT.usage,
        cause,
      },
    );
  }
}

/** What may help, by what the library says. */
function remedyFor(said: string): string {
  if (/skew/i.test(said)) return 'Set the clock of this machine: Kerberos allows five minutes (ntpdate, chrony).';
  if (/expired/i.test(said))
    return 'The ticket has expired: run kinit again, or keep it fresh with k5start or a client keytab.';
  if (/not found in Kerberos database|Server not found/i.test(said))
    return 'Name the name node as its HTTP principal does: Kerberos knows HTTP/HOST for the host in the webhdfs:// address.';
  if (/credentials? cache|No credentials|No Kerberos/i.test(said))
    return 'Run kinit as the user who starts Tributary, or name a client keytab in KRB5_CLIENT_KTNAME.';
  return 'Check krb5.conf, klist, and that the name node is named as its HTTP principal is.';
}

/** A fresh SPNEGO token with each request to a name node; data nodes get by with what the redirect holds. */
export class Kerberos implements Authentication {
  readonly who = "the owner of this machine's Kerberos ticket";
  readonly refusal: Refusal = {
    hint: "The name node does not take the Kerberos ticket: see klist, and the name node's log for its HTTP principal.",
    renewable: false,
  };
  readonly #library: KerberosPackage;

  constructor(library: KerberosPackage) {
    this.#library = library;
  }

  async sign(peer: Peer): Promise<Signature> {
    const service = `HTTP@${peer.toldAs.replace(/:\d+$/, '')}`;
    try {
      const client = await this.#library.initializeClient(service, { mechOID: this.#library.GSS_MECH_OID_SPNEGO });
      const token = await client.step('');
      rememberPassingSecret(token);
      return { query: {}, headers: { authorization: `Negotiate ${token}` } };
    } catch (cause) {
      const said = cause instanceof Error ? cause.message : String(cause);
      throw new HdfsError('HDFS_KERBEROS', `no Kerberos ticket for ${service}: ${said}`, {
        hint: remedyFor(said),
        cause,
      });
    }
  }

  accepted(): void {
    // Tickets are kept by the system's library, not here.
  }

  async renew(): Promise<boolean> {
    return false;
  }
}
