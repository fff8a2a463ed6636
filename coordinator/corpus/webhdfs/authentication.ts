// Who we say we are: a strategy per way of signing in. It adds to the query of name-node requests only;
// the name node writes what a data node needs into the redirect.
import { readFile, stat } from 'node:fs/promises';
import { EXIT, TributaryError } from '../../errors.ts';

export interface Authentication {
  /** For messages: `user "ann"`. */
  readonly who: string;
  /** Query parameters and headers for a request to a name node. */
  sign(): Promise<{
    readonly query: Readonly<Record<string, string>>;
    readonly headers: Readonly<Record<string, string>>;
  }>;
  /** After a refusal: true when another try may succeed. */
  renew(): Promise<boolean>;
}

// What Hadoop's own UserParam accepts; anything else is answered 400.
const USER = /^[A-Za-z_][A-Za-z0-9._-]*[$]?$/;

/** Simple authentication: the cluster believes the name. Throws HDFS_USER_BAD. */
export class UserName implements Authentication {
  readonly who: string;
  readonly #user: string;

  constructor(user: string) {
    if (!USER.test(user)) {
      throw new TributaryError('HDFS_USER_BAD', `${JSON.stringify(user)} is no user name that HDFS accepts`, {
        hint: 'Give one with --hdfs-user NAME: letters, digits, dots, dashes and underscores, a letter or underscore first.',
        exit: EXIT.usage,
      });
    }
    this.#user = user;
    this.who = `user "${user}"`;
  }

  async sign() {
    return { query: { 'user.name': this.#user }, headers: {} };
  }

  async renew(): Promise<boolean> {
    return false;
  }
}

/** A delegation token kept fresh in a file by someone else; read again whenever the file changes. */
export class TokenFile implements Authentication {
  readonly who = 'the owner of the delegation token';
  readonly #path: string;
  #token = '';
  #readAt = ''; // modification time and size of the file as read

  constructor(path: string) {
    this.#path = path;
  }

  async sign() {
    await this.#refresh();
    return { query: { delegation: this.#token }, headers: {} };
  }

  async renew(): Promise<boolean> {
    const before = this.#token;
    this.#readAt = '';
    await this.#refresh();
    return this.#token !== before;
  }

  async #refresh(): Promise<void> {
    try {
      const { mtimeMs, size } = await stat(this.#path);
      const version = `${mtimeMs} ${size}`;
      if (version === this.#readAt) return;
      const token = (await readFile(this.#path, 'utf8')).trim();
      if (!/^[A-Za-z0-9_-]+$/.test(token)) throw new Error('it holds no URL string of a token');
      this.#token = token;
      this.#readAt = version;
    } catch (error) {
      // The token itself must not reach a message; the reasons above do not contain it.
      throw new TributaryError(
        'HDFS_TOKEN_FILE',
        `cannot use the token file ${this.#path}: ${error instanceof Error ? error.message : String(error)}`,
        {
          hint: 'Write the urlString that op=GETDELEGATIONTOKEN answers to that file, and nothing else.',
          cause: error,
        },
      );
    }
  }
}
