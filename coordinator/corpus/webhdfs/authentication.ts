// Who we say we are: a strategy per way of signing in. It adds to the query and headers of requests to name nodes
// and gateways only; the name node writes what a data node needs into the redirect.
import { EXIT, TributaryError } from '../../errors.ts';
import type { Peer } from './failure.ts';
import { rememberSecret } from './redaction.ts';
import { type SecretFile } from './secret-file.ts';

export interface Signature {
  readonly query: Readonly<Record<string, string>>;
  readonly headers: Readonly<Record<string, string>>;
}

/** What helps when a server wants to know who asks and is not content. */
export interface Refusal {
  readonly hint: string;
  /** Whether the secret comes from a file that may hold another one soon. */
  readonly renewable: boolean;
}

export interface Authentication {
  /** For messages: `user "ann"`. */
  readonly who: string;
  /** What to say when an answer is 401. */
  readonly refusal: Refusal;
  /** For a request to `peer`, a name node or gateway. */
  sign(peer: Peer): Promise<Signature>;
  /** A request that was signed has been served. */
  accepted(): void;
  /** After a refusal: true when another try may succeed. */
  renew(): Promise<boolean>;
}

// What Hadoop's own UserParam accepts; anything else is answered 400.
const USER = /^[A-Za-z_][A-Za-z0-9._-]*[$]?$/;

/** Simple authentication: the cluster believes the name. Throws HDFS_USER_BAD. */
export class UserName implements Authentication {
  readonly who: string;
  readonly refusal: Refusal = {
    hint: 'The cluster is secured: give a delegation token with --hdfs-token-file FILE, or --hdfs-kerberos, or to a gateway --hdfs-password-file or --hdfs-bearer-file.',
    renewable: false,
  };
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

  async sign(): Promise<Signature> {
    return { query: { 'user.name': this.#user }, headers: {} };
  }

  accepted(): void {
    // Nothing to learn: there is no secret that could expire.
  }

  async renew(): Promise<boolean> {
    return false;
  }
}

/** What the three kinds of secret from a file have in common. */
abstract class FromFile implements Authentication {
  abstract readonly who: string;
  readonly refusal: Refusal;
  readonly #file: SecretFile;
  #everAccepted = false;

  constructor(file: SecretFile) {
    this.#file = file;
    this.refusal = {
      hint: `Write a fresh ${file.kind.name} to the file of ${file.kind.option}; it is read again when it changes.`,
      renewable: true,
    };
  }

  async sign(): Promise<Signature> {
    return this.signature(await this.#file.value());
  }

  protected abstract signature(secret: string): Signature;

  accepted(): void {
    this.#everAccepted = true;
  }

  /**
   * A secret that was good until now is being replaced, perhaps by now, perhaps in a moment, so trying again makes
   * sense within the budget; one that never was is wrong until the file changes.
   */
  async renew(): Promise<boolean> {
    try {
      return (await this.#file.changed()) || this.#everAccepted;
    } catch (error) {
      // Somebody is writing it, or has to: the refusal says so when the budget is spent.
      if (this.#everAccepted) return true;
      throw error;
    }
  }
}

/** A delegation token kept fresh in a file by someone else. */
export class DelegationToken extends FromFile {
  readonly who = 'the owner of the delegation token';

  // With a token, Hadoop wants neither `user.name` nor `doas` beside it.
  protected signature(secret: string): Signature {
    return { query: { delegation: secret }, headers: {} };
  }
}

/** Name and password, as Knox asks for them. */
export class Basic extends FromFile {
  readonly who: string;
  readonly #user: string;

  constructor(user: string, file: SecretFile) {
    super(file);
    if (user === '' || user.includes(':')) {
      throw new TributaryError('HDFS_USER_BAD', `${JSON.stringify(user)} cannot be sent with a password`, {
        hint: 'Give a name without a colon with --hdfs-user NAME.',
        exit: EXIT.usage,
      });
    }
    this.#user = user;
    this.who = `user "${user}"`;
  }

  protected signature(secret: string): Signature {
    const encoded = Buffer.from(`${this.#user}:${secret}`, 'utf8').toString('base64');
    rememberSecret(encoded);
    return { query: {}, headers: { authorization: `Basic ${encoded}` } };
  }
}

/** A bearer token, usually a JWT, for gateways. */
export class Bearer extends FromFile {
  readonly who = 'the owner of the bearer token';

  protected signature(secret: string): Signature {
    return { query: {}, headers: { authorization: `Bearer ${secret}` } };
  }
}
