// A secret that someone else keeps in a file: read when it is needed, and again when the file changes.
import { readFile, stat } from 'node:fs/promises';
import { EXIT, TributaryError } from '../../errors.ts';
import { redact, rememberSecret } from './redaction.ts';

export interface SecretKind {
  /** As in messages: `delegation token`. */
  readonly name: string;
  /** The option that names the file. */
  readonly option: string;
  /** What the file must hold: one line of this shape. */
  readonly shape: RegExp;
  /** How to make such a file. */
  readonly hint: string;
}

export const DELEGATION_TOKEN: SecretKind = {
  name: 'delegation token',
  option: '--hdfs-token-file',
  shape: /^[A-Za-z0-9_-]+$/,
  hint: 'Write the urlString that op=GETDELEGATIONTOKEN answers to that file, and nothing else.',
};

export const PASSWORD: SecretKind = {
  name: 'password',
  option: '--hdfs-password-file',
  shape: /^[^\r\n]+$/,
  hint: 'Write the password to that file, one line, readable by you alone (chmod 600).',
};

export const BEARER: SecretKind = {
  name: 'bearer token',
  option: '--hdfs-bearer-file',
  shape: /^[\w.~+/=-]+$/,
  hint: 'Write the token (a JWT) to that file, without "Bearer" and nothing else.',
};

/** A path, unless it looks like the secret itself, typed where a file belongs. */
function shownPath(path: string): string {
  return path.length > 40 && !path.includes('/') ? 'that was named' : path;
}

export class SecretFile {
  readonly kind: SecretKind;
  readonly #path: string;
  #value = '';
  #readAt = ''; // modification time and size of the file as read

  constructor(path: string, kind: SecretKind) {
    this.#path = path;
    this.kind = kind;
  }

  /**
   * The secret as the file has it now, or as it had it last while the file is being written anew.
   * Throws HDFS_TOKEN_FILE, never with the secret in the message.
   */
  async value(): Promise<string> {
    try {
      return await this.#read();
    } catch (error) {
      // Half-written or gone for a moment: the secret that we know is good until it is refused.
      if (this.#value !== '') return this.#value;
      throw error;
    }
  }

  async #read(): Promise<string> {
    try {
      const { mtimeMs, size, ino } = await stat(this.#path);
      const version = `${mtimeMs} ${size} ${ino}`;
      if (version !== this.#readAt) {
        this.#value = this.#checked(await readFile(this.#path, 'utf8'));
        this.#readAt = version;
      }
      return this.#value;
    } catch (error) {
      throw this.#unusable(error);
    }
  }

  /**
   * Reads the file even where it seems unchanged; true when it holds another secret than before.
   * Throws HDFS_TOKEN_FILE.
   */
  async changed(): Promise<boolean> {
    const before = this.#value;
    this.#readAt = '';
    return (await this.#read()) !== before;
  }

  /** A warning when others on this machine may read the file; '' when not. Throws HDFS_TOKEN_FILE. */
  async warning(): Promise<string> {
    await this.value();
    // Windows has no such bits: its `mode` tells nothing.
    if (process.platform === 'win32') return '';
    const { mode } = await stat(this.#path);
    if ((mode & 0o077) === 0) return '';
    const who = (mode & 0o007) === 0 ? 'its group' : 'every user of this machine';
    return `the file ${shownPath(this.#path)} of ${this.kind.option} holds a secret and is open to ${who}: chmod 600 it`;
  }

  #checked(text: string): string {
    const value = text.trim();
    if (value === '') throw new Error('it is empty');
    if (!this.kind.shape.test(value)) throw new Error(`it holds no ${this.kind.name} on a line of its own`);
    rememberSecret(value);
    return value;
  }

  #unusable(error: unknown): TributaryError {
    const code = error instanceof Error && 'code' in error ? String(error.code) : '';
    const why = code === '' ? (error instanceof Error ? error.message : String(error)) : code;
    return new TributaryError(
      'HDFS_TOKEN_FILE',
      redact(`cannot use the file ${shownPath(this.#path)} of ${this.kind.option}: ${why}`),
      { hint: this.kind.hint, exit: EXIT.usage },
    );
  }
}
