// A private certificate authority for tests: server and client certificates, as PEM and as Java's key stores.
import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Properties } from './daemon.ts';

const PASSWORD = 'changeit';
const EC = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];

function openssl(folder: string, ...args: readonly string[]): void {
  execFileSync('openssl', args, { cwd: folder, stdio: 'pipe' });
}

/** Paths of PEM files. */
export interface Pem {
  readonly cert: string;
  readonly key: string;
}

export class Authority {
  readonly #folder: string;
  /** Its own certificate, PEM. */
  readonly cert: string;

  constructor(folder: string, name: string) {
    this.#folder = join(folder, name);
    mkdirSync(this.#folder, { recursive: true });
    this.cert = join(this.#folder, 'ca.pem');
    openssl(
      this.#folder,
      'req',
      '-x509',
      ...EC,
      '-keyout',
      'ca.key',
      '-out',
      'ca.pem',
      '-days',
      '2',
      '-subj',
      `/CN=${name}`,
    );
  }

  /** A certificate for DNS names, by this authority. */
  issue(name: string, dns: readonly string[]): Pem {
    const names = dns.map((each) => `DNS:${each}`).join(',');
    openssl(
      this.#folder,
      'req',
      ...EC,
      '-keyout',
      `${name}.key`,
      '-out',
      `${name}.csr`,
      '-subj',
      `/CN=${name}`,
      '-addext',
      `subjectAltName=${names}`,
    );
    openssl(
      this.#folder,
      'x509',
      '-req',
      '-in',
      `${name}.csr`,
      '-CA',
      'ca.pem',
      '-CAkey',
      'ca.key',
      '-CAcreateserial',
      '-days',
      '2',
      '-copy_extensions',
      'copy',
      '-out',
      `${name}.pem`,
    );
    return { cert: join(this.#folder, `${name}.pem`), key: join(this.#folder, `${name}.key`) };
  }

  /** The ssl-server.xml of a Hadoop daemon that shows a certificate for those names and trusts this authority. */
  sslServer(dns: readonly string[]): Properties {
    this.issue('server', dns);
    openssl(
      this.#folder,
      'pkcs12',
      '-export',
      '-in',
      'server.pem',
      '-inkey',
      'server.key',
      '-certfile',
      'ca.pem',
      '-name',
      'server',
      '-out',
      'server.p12',
      '-passout',
      `pass:${PASSWORD}`,
    );
    execFileSync(
      'keytool',
      [
        '-importcert',
        '-noprompt',
        '-alias',
        'ca',
        '-file',
        this.cert,
        '-keystore',
        join(this.#folder, 'trust.p12'),
        '-storetype',
        'PKCS12',
        '-storepass',
        PASSWORD,
      ],
      { stdio: 'pipe' },
    );
    return {
      'ssl.server.keystore.type': 'pkcs12',
      'ssl.server.keystore.location': join(this.#folder, 'server.p12'),
      'ssl.server.keystore.password': PASSWORD,
      'ssl.server.keystore.keypassword': PASSWORD,
      'ssl.server.truststore.type': 'pkcs12',
      'ssl.server.truststore.location': join(this.#folder, 'trust.p12'),
      'ssl.server.truststore.password': PASSWORD,
    };
  }
}
