// The operator's token: made at random or read from a file, compared in constant time, never logged.
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { EXIT, TributaryError } from '../errors.ts';

const LEAST_CHARACTERS = 16;

export class OperatorToken {
  readonly #digest: Buffer;

  constructor(token: string) {
    this.#digest = digest(token);
  }

  /** @param header value of an Authorization header */
  accepts(header: string | undefined): boolean {
    const match = /^Bearer (\S+)$/.exec(header ?? '');
    return match !== null && timingSafeEqual(digest(match[1]!), this.#digest);
  }
}

function digest(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}

export function randomToken(): string {
  return randomBytes(24).toString('base64url');
}

/** @throws TributaryError TOKEN_FILE */
export async function readToken(path: string): Promise<string> {
  let token: string;
  try {
    token = (await readFile(path, 'utf8')).trim();
  } catch (cause) {
    throw new TributaryError('TOKEN_FILE', `cannot read the operator token from ${path}`, {
      hint: 'Give --operator-token-file a readable file.',
      exit: EXIT.usage,
      cause,
    });
  }
  if (!/^\S+$/.test(token) || token.length < LEAST_CHARACTERS) {
    throw new TributaryError(
      'TOKEN_FILE',
      `${path} must hold one token of at least ${LEAST_CHARACTERS} characters without blanks`,
      {
        hint: 'For instance: openssl rand -base64 24 > FILE',
        exit: EXIT.usage,
      },
    );
  }
  return token;
}
