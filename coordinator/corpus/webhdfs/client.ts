// A small WebHDFS client: metadata, one OPEN at a time, and writing a file. Reading ranges stands in range.ts.
import type { IncomingMessage } from 'node:http';
import { setTimeout as sleepFor } from 'node:timers/promises';
import { BASE_PATH, encodePath } from './address.ts';
import type { Authentication } from './authentication.ts';
import { type Ask, type Body, DEFAULT_TIMEOUTS, Exchanger, type Timeouts } from './exchange.ts';
import { answerFailure } from './remote-exception.ts';
import { HdfsError, type Peer, type Subject } from './failure.ts';
import { isStranger, NameNodes } from './name-nodes.ts';
import { DEFAULT_POLICY, type Environment, Patience, type Policy } from './patience.ts';
import { readRedirect, type Redirect, type RedirectRules } from './redirect.ts';
import { DEFAULT_STREAMS, type StreamLimits, StreamSlots } from './stream-slots.ts';
import type { TlsOptions } from './tls.ts';
import type { ReadWatch } from '../reading/reports.ts';
import { type BlockLocation, type FileStatus, readBlockLocations, readFileStatus, readListing } from './answers.ts';

export interface WebHdfsOptions {
  /** `http://host:port` or `https://host:port`, one or more; the active one is found. */
  readonly nameNodes: readonly string[];
  readonly authentication: Authentication;
  /** Where redirects may lead, and where this machine reaches their hosts. */
  readonly redirects?: RedirectRules;
  readonly timeouts?: Partial<Timeouts>;
  readonly policy?: Partial<Policy>;
  /** Most open streams of this client. */
  readonly streams?: StreamLimits;
  readonly tls?: TlsOptions;
  /** `/webhdfs/v1` unless a gateway has its own. */
  readonly basePath?: string;
}

export const SYSTEM: Environment = {
  now: () => performance.now(),
  sleep: (ms, signal) => sleepFor(ms, undefined, signal === undefined ? {} : { signal }),
  random: Math.random,
};

type Parameters = Readonly<Record<string, string | number | boolean>>;

function asText(parameters: Parameters): Record<string, string> {
  return Object.fromEntries(Object.entries(parameters).map(([name, value]) => [name, String(value)]));
}

/** An answer whose headers are good and whose body is still to be read, and who gives it. */
export interface OpenBody {
  readonly answer: IncomingMessage;
  readonly peer: Peer;
}

export class WebHdfsClient {
  readonly exchanger: Exchanger;
  /** Hears what becomes of reading; undefined where nobody listens. */
  readonly reading: ReadWatch | undefined;
  /** Data nodes that have sent us something, as redirects call them. */
  readonly served = new Set<string>();
  readonly #environment: Environment;
  readonly #policy: Policy;
  readonly #nameNodes: NameNodes;
  readonly #slots: StreamSlots;
  readonly #redirects: RedirectRules;
  readonly #authentication: Authentication;
  readonly #basePath: string;
  #batches = true; // until a server turns out not to know LISTSTATUS_BATCH

  constructor(options: WebHdfsOptions, environment: Environment = SYSTEM) {
    this.#environment = environment;
    this.reading = environment.reading;
    this.#policy = { ...DEFAULT_POLICY, ...options.policy };
    this.#slots = new StreamSlots(options.streams ?? DEFAULT_STREAMS);
    this.exchanger = new Exchanger({ ...DEFAULT_TIMEOUTS, ...options.timeouts }, options.tls ?? {});
    this.#nameNodes = new NameNodes(options.nameNodes);
    this.#redirects = options.redirects ?? { hostMap: {}, hosts: undefined };
    this.#authentication = options.authentication;
    this.#basePath = options.basePath ?? BASE_PATH;
  }

  /** The path with scheme and name nodes, as shown to people. */
  shown(path: string): string {
    const { peers } = this.#nameNodes;
    const scheme = peers[0]?.secure === true ? 'swebhdfs' : 'webhdfs';
    return `${scheme}://${peers.map((peer) => peer.toldAs).join(',')}${path}`;
  }

  patience(): Patience {
    return new Patience(this.#policy, this.#environment);
  }

  subject(path: string, deed: Subject['deed'] = 'read'): Subject {
    const { who, refusal } = this.#authentication;
    return { path: this.shown(path), who, refusal, deed };
  }

  /** @param patience the budget of the operation that this is part of */
  async stat(path: string, signal?: AbortSignal, patience?: Patience): Promise<FileStatus> {
    return readFileStatus(await this.#json('GET', path, { op: 'GETFILESTATUS' }, signal, patience), this.subject(path));
  }

  /** The entries of a directory, all pages; a file lists itself with an empty `name`. */
  async list(path: string, signal?: AbortSignal): Promise<readonly FileStatus[]> {
    const found: FileStatus[] = [];
    let startAfter = '';
    while (this.#batches) {
      let page;
      try {
        // Hadoop 3.5 knows the parameter in lower case only, HttpFS only as documented.
        const after = startAfter === '' ? {} : { startafter: startAfter, startAfter };
        const answer = await this.#json('GET', path, { op: 'LISTSTATUS_BATCH', ...after }, signal);
        page = readListing(answer, this.subject(path));
      } catch (error) {
        // Servers before Hadoop 2.8 and some gateways have no paged listing.
        if (!(error instanceof HdfsError) || error.code !== 'HDFS_REFUSED' || error.remedy !== 'none') throw error;
        this.#batches = false;
        break;
      }
      const last = page.entries.at(-1);
      // The same page again: the server ignores where to go on.
      if (last !== undefined && last.name === startAfter && startAfter !== '') break;
      found.push(...page.entries);
      if (page.remaining === 0) return found;
      // More is there, and none of it comes: a part is not passed off as the whole.
      if (last === undefined) break;
      startAfter = last.name;
    }
    return readListing(await this.#json('GET', path, { op: 'LISTSTATUS' }, signal), this.subject(path)).entries;
  }

  /** Which data nodes hold the bytes [offset, offset + length). */
  async blockLocations(
    path: string,
    offset: number,
    length: number,
    signal?: AbortSignal,
    patience?: Patience,
  ): Promise<readonly BlockLocation[]> {
    return readBlockLocations(
      await this.#json('GET', path, { op: 'GETFILEBLOCKLOCATIONS', offset, length }, signal, patience),
      this.subject(path),
    );
  }

  /**
   * Asks a name node where to read; `excluded` are data nodes as `ip:transferPort`, the only form that name
   * nodes understand. A gateway may give the body itself. One attempt with each name node, no waiting but for a slot.
   */
  async locate(
    path: string,
    offset: number,
    length: number,
    excluded: readonly string[],
    signal?: AbortSignal,
  ): Promise<Redirect | OpenBody> {
    const exclusion = excluded.length === 0 ? {} : { excludedatanodes: excluded.join(',') };
    const { answer, peer } = await this.#ask('GET', path, { op: 'OPEN', offset, length, ...exclusion }, signal);
    if (answer.statusCode !== 200) return this.#redirect(answer, peer, path, signal);
    try {
      giveBackAtEnd(answer, await this.#slots.take(null, signal));
    } catch (error) {
      answer.destroy();
      throw error;
    }
    return { answer, peer };
  }

  /**
   * Follows a redirect, once there is a slot for a stream with that data node; resolves when it has agreed to
   * send. The slot is free again when the answer is read to its end or destroyed.
   */
  async follow(redirect: Redirect, path: string, signal?: AbortSignal): Promise<OpenBody> {
    const { peer } = redirect;
    const headers = await this.#credentials(redirect);
    const answer = await this.#stream({ method: 'GET', peer, path: redirect.path, headers }, signal);
    if (answer.statusCode !== 200) throw await this.#failure(answer, peer, this.subject(path), signal);
    return { answer, peer };
  }

  /**
   * Writes a whole file (two-step PUT); parents are made. One attempt with the data node, and a failed one may
   * leave a part: writing.ts does it with care.
   */
  async create(
    path: string,
    body: Body,
    parameters: Parameters = {},
    signal?: AbortSignal,
    patience?: Patience,
  ): Promise<void> {
    const redirect = await this.#persist(
      async () => {
        const { answer, peer: from } = await this.#ask('PUT', path, { op: 'CREATE', ...parameters }, signal);
        return this.#redirect(answer, from, path, signal);
      },
      signal,
      patience,
    );
    const { peer, path: target } = redirect;
    const headers = { ...(await this.#credentials(redirect)), 'content-type': 'application/octet-stream' };
    const answer = await this.#stream({ method: 'PUT', peer, path: target, headers, body }, signal);
    if (answer.statusCode !== 201) throw await this.#failure(answer, peer, this.subject(path, 'write'), signal);
    await this.exchanger.text(answer, peer, signal);
  }

  /** MKDIRS, RENAME, DELETE and the like. False when the name node says that nothing came of it. */
  async change(
    method: 'PUT' | 'DELETE',
    path: string,
    parameters: Parameters,
    signal?: AbortSignal,
    patience?: Patience,
  ): Promise<boolean> {
    const answer = await this.#json(method, path, parameters, signal, patience);
    return !(typeof answer === 'object' && answer !== null && 'boolean' in answer && answer.boolean === false);
  }

  /** The wait, the change of name node or the new token that a failure calls for; throws when nothing helps. */
  async recover(failure: unknown, patience: Patience, signal?: AbortSignal): Promise<void> {
    if (!(failure instanceof HdfsError)) throw failure;
    if (failure.remedy === 'token' && !(await this.#authentication.renew())) throw failure;
    await patience.spend(failure, signal);
  }

  close(): void {
    this.exchanger.close();
  }

  /** A request to a data node, counted as an open stream until its answer has ended. */
  async #stream(ask: Ask, signal: AbortSignal | undefined): Promise<IncomingMessage> {
    const giveBack = await this.#slots.take(ask.peer.toldAs, signal);
    try {
      const answer = await this.exchanger.send(ask, signal);
      giveBackAtEnd(answer, giveBack);
      return answer;
    } catch (error) {
      giveBack();
      throw error;
    }
  }

  async #json(
    method: 'GET' | 'PUT' | 'DELETE',
    path: string,
    parameters: Parameters,
    signal: AbortSignal | undefined,
    patience?: Patience,
  ): Promise<unknown> {
    return this.#persist(
      async () => {
        const { answer, peer } = await this.#ask(method, path, parameters, signal);
        const text = await this.exchanger.text(answer, peer, signal);
        // RENAME with options answers nothing.
        if (text === '' && method !== 'GET') return undefined;
        try {
          return JSON.parse(text) as unknown;
        } catch {
          throw answerFailure(answer.statusCode ?? 0, text, peer, this.subject(path));
        }
      },
      signal,
      patience,
    );
  }

  async #persist<T>(attempt: () => Promise<T>, signal: AbortSignal | undefined, shared?: Patience): Promise<T> {
    const patience = shared ?? this.patience();
    try {
      for (;;) {
        try {
          return await attempt();
        } catch (error) {
          await this.recover(error, patience, signal);
        }
      }
    } finally {
      // A part that is done says nothing about the operation that it belongs to.
      if (shared === undefined) patience.relieve();
    }
  }

  /** One round of the name nodes: the active one first, the others when it fails in a way they may not. */
  async #ask(
    method: 'GET' | 'PUT' | 'DELETE',
    path: string,
    parameters: Parameters,
    signal: AbortSignal | undefined,
  ): Promise<OpenBody> {
    const subject = this.subject(path, method === 'GET' ? 'read' : 'write');
    const failures: HdfsError[] = [];
    for (const peer of this.#nameNodes.inTurn(this.#environment.now())) {
      try {
        const { query, headers } = await this.#authentication.sign(peer);
        const all = new URLSearchParams({ ...asText(parameters), ...query });
        const target = `${this.#basePath}${encodePath(path)}?${all.toString()}`;
        const answer = await this.exchanger.send({ method, peer, path: target, headers }, signal);
        const status = answer.statusCode ?? 0;
        if (status !== 200 && status !== 307) throw await this.#failure(answer, peer, subject, signal);
        this.#authentication.accepted();
        this.#nameNodes.served(peer);
        return { answer, peer };
      } catch (error) {
        if (!(error instanceof HdfsError)) throw error;
        this.#nameNodes.failed(peer, error, this.#environment.now());
        // A refusal is an answer; that no replica is left is no failure of who says so.
        if (error.remedy !== 'none' && error.remedy !== 'any-replica')
          this.reading?.failed({ role: peer.role, node: peer.toldAs }, error.code, error.message);
        // What else it may be, the active one knows it best; who does not show to be a name node is none.
        if (error.remedy !== 'next' && error.remedy !== 'again' && !isStranger(error)) throw error;
        failures.push(error);
      }
    }
    throw this.#nameNodes.failure(failures);
  }

  /** Credentials never leave the server they are for: a data node gets what the redirect holds, no more. */
  async #credentials({ home, peer }: Redirect): Promise<Readonly<Record<string, string>>> {
    return home ? (await this.#authentication.sign(peer)).headers : {};
  }

  async #redirect(
    answer: IncomingMessage,
    from: Peer,
    path: string,
    signal: AbortSignal | undefined,
  ): Promise<Redirect> {
    const { remoteAddress } = answer.socket;
    await this.exchanger.text(answer, from, signal);
    const location = answer.headers.location;
    if (answer.statusCode !== 307 || location === undefined) {
      throw answerFailure(answer.statusCode ?? 0, '', from, this.subject(path));
    }
    return readRedirect(location, from, remoteAddress, path, this.#redirects);
  }

  async #failure(
    answer: IncomingMessage,
    peer: Peer,
    subject: Subject,
    signal: AbortSignal | undefined,
  ): Promise<HdfsError> {
    const failure = answerFailure(
      answer.statusCode ?? 0,
      await this.exchanger.text(answer, peer, signal),
      peer,
      subject,
    );
    if (peer.role === 'name node' && failure.code !== 'HDFS_PROTOCOL') this.#nameNodes.refused(peer);
    return failure;
  }
}

function giveBackAtEnd(answer: IncomingMessage, giveBack: () => void): void {
  if (answer.closed) giveBack();
  else answer.once('close', giveBack);
}
