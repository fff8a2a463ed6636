// TLS for volunteers on other machines: given certificate files, or one made for this start.
import { readFile } from 'node:fs/promises';
import { networkInterfaces } from 'node:os';
import { createSecureContext } from 'node:tls';
import { generate } from 'selfsigned';
import { EXIT, TributaryError } from '../errors.ts';

export interface TlsKeys {
  readonly cert: string;
  readonly key: string;
}

/** @throws TributaryError TLS_FILES */
export async function readTls(certPath: string, keyPath: string): Promise<TlsKeys> {
  const read = async (path: string, option: string): Promise<string> => {
    try {
      return await readFile(path, 'utf8');
    } catch (cause) {
      throw new TributaryError('TLS_FILES', `cannot read ${path}`, {
        hint: `Give ${option} a readable PEM file.`,
        exit: EXIT.usage,
        cause,
      });
    }
  };
  const keys = { cert: await read(certPath, '--tls-cert'), key: await read(keyPath, '--tls-key') };
  try {
    createSecureContext(keys);
  } catch (cause) {
    throw new TributaryError(
      'TLS_FILES',
      `${certPath} and ${keyPath} are not a certificate and its key: ${cause instanceof Error ? cause.message : String(cause)}`,
      {
        hint: 'Both must be PEM, and the key must belong to the certificate.',
        exit: EXIT.usage,
        cause,
      },
    );
  }
  return keys;
}

/** A certificate for this machine's names and addresses, valid for 30 days; browsers warn about it once. */
export async function selfSigned(host: string): Promise<TlsKeys> {
  const addresses = Object.values(networkInterfaces()).flatMap((list) => (list ?? []).map((one) => one.address));
  const isAddress = /^[\d.]+$|:/.test(host);
  const notAfterDate = new Date(Date.now() + 30 * 24 * 3600 * 1000);
  const made = await generate([{ name: 'commonName', value: isAddress ? 'tributary' : host }], {
    keyType: 'ec',
    notAfterDate,
    extensions: [
      {
        name: 'subjectAltName',
        altNames: [
          { type: 2, value: 'localhost' },
          ...(isAddress ? [] : [{ type: 2 as const, value: host }]),
          ...[...new Set(['127.0.0.1', '::1', ...addresses])].map((ip) => ({ type: 7 as const, ip })),
        ],
      },
    ],
  });
  return { cert: made.cert, key: made.private };
}
