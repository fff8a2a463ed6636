// No secret gets past the one place that takes them out, wherever it stands.
import { inspect } from 'node:util';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { HdfsError } from '../../../coordinator/corpus/webhdfs/failure.ts';
import {
  knownSecrets,
  redact,
  rememberPassingSecret,
  rememberSecret,
} from '../../../coordinator/corpus/webhdfs/redaction.ts';

// As tokens are: URL-safe base64. The fixed part makes a chance hit in the text around it impossible.
const token = fc
  .string({ unit: fc.constantFrom(...'AZaz09_-'), minLength: 8, maxLength: 60 })
  .map((text) => `Q7${text}`);

describe('what is printed', () => {
  it('has no token where addresses and headers carry one', () => {
    fc.assert(
      fc.property(token, (secret) => {
        for (const text of [
          `http://nn:9870/webhdfs/v1/f?op=OPEN&delegation=${secret}&offset=3`,
          `GET /webhdfs/v1/f?delegation=${secret}`,
          `Location: http://dn1:9864/webhdfs/v1/f?op=OPEN&delegation=${secret}&namenoderpcaddress=nn`,
          `https://knox:8443/gateway/x/webhdfs/data/v1/f?_=${secret}`,
          `an address in another one: ?url=http%3A%2F%2Fdn%2F%3Fdelegation%3D${secret}%26a`,
          `Authorization: Bearer ${secret}`,
          `authorization: Basic ${secret}==`,
          `Set-Cookie: hadoop.auth="u=a&s=${secret}"; Path=/`,
          `webhdfs://ann:${secret}@nn/f`,
        ])
          expect(redact(text), text).not.toContain(secret);
      }),
    );
  });

  it('has nothing that was read from a file of secrets, whatever is around it', () => {
    fc.assert(
      fc.property(token, fc.string(), fc.string(), (secret, before, after) => {
        rememberSecret(secret);
        expect(redact(before + secret + after)).not.toContain(secret);
        expect(redact(encodeURIComponent(secret))).not.toContain(encodeURIComponent(secret));
      }),
      { numRuns: 50 },
    );
  });

  it('has none of the latest secrets of single requests, of which there may be any number', () => {
    rememberSecret('Q7lasting.password');
    rememberPassingSecret('Q7passing.0');
    const least = knownSecrets();
    for (let k = 1; k <= 10_000; k += 1) rememberPassingSecret(`Q7passing.${k}`);
    expect(knownSecrets() - least).toBeLessThan(3 * 64);
    expect(redact('Q7passing.9990 Q7passing.10000 Q7lasting.password')).toBe('*** *** ***');
  });

  it('is otherwise left alone', () => {
    for (const text of [
      'Basic authentication is not negotiated: bearer tokens are',
      'cannot connect to name node nn:9870 (ECONNREFUSED)',
      'a file called a_b=c and a query ?op=OPEN&offset=3&user.name=ann',
      'Add --hdfs-host-map dn1=ADDRESS, where ADDRESS is a host',
    ])
      expect(redact(text)).toBe(text);
  });
});

describe('an error', () => {
  it('shows no secret to whoever prints all of it, causes and their properties included', () => {
    const secret = 'Q7tokenOfTheWholeChain_1';
    const root = Object.assign(new Error(`Invalid URL http://dn/?delegation=${secret}`), {
      code: 'ERR_INVALID_URL',
      input: `http://dn/?delegation=${secret}`,
      rawPacket: Buffer.from(`Location: http://dn/?delegation=${secret}`),
    });
    const middle = new Error(`parse error near &delegation=${secret}`, { cause: root });
    const error = new HdfsError('HDFS_PROTOCOL', `a page: <a href="/x?delegation=${secret}">`, {
      hint: `try ?delegation=${secret}`,
      cause: middle,
    });
    const all =
      inspect(error, { depth: 20, showHidden: true }) + JSON.stringify(error) + String(error.stack) + error.hint;
    expect(all).not.toContain(secret);
    expect(all).not.toContain(Buffer.from(secret).toString('hex').slice(0, 8));
    // What helps to find the fault stays.
    expect(all).toContain('ERR_INVALID_URL');
    expect(all).toContain('parse error near');
  });
});
