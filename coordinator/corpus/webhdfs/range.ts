// Reads an exact byte range of a file in HDFS, over as many data nodes and attempts as it takes.
import type { Giver } from '../reading/reports.ts';
import type { WebHdfsClient, OpenBody } from './client.ts';
import { HdfsError, nameOf, type Peer } from './failure.ts';
import type { Patience } from './patience.ts';

/** Data nodes that failed during one read, as `ip:transferPort`. */
class Exclusions {
  readonly #client: WebHdfsClient;
  readonly #path: string;
  readonly #names = new Set<string>();

  constructor(client: WebHdfsClient, path: string) {
    this.#client = client;
    this.#path = path;
  }

  get names(): readonly string[] {
    return [...this.#names];
  }

  /** Shuts out the data node behind `peer`. Redirects tell its web address, so its other one is looked up. */
  async add(peer: Peer, offset: number, patience: Patience, signal: AbortSignal | undefined): Promise<void> {
    const [host] = peer.toldAs.split(/:(?=\d+$)/);
    let blocks;
    try {
      blocks = await this.#client.blockLocations(this.#path, offset, 1, signal, patience);
    } catch (error) {
      // Some gateways lack the operation. Asking again then picks a replica by chance, which the budget allows for.
      if (error instanceof HdfsError && (error.code === 'HDFS_REFUSED' || error.code === 'HDFS_PROTOCOL')) return;
      throw error;
    }
    for (const { hosts, names } of blocks) {
      hosts.forEach((each, k) => {
        const name = names[k];
        if (each.toLowerCase() === host?.toLowerCase() && name !== undefined) this.#names.add(name);
      });
    }
  }

  clear(): void {
    this.#names.clear();
  }
}

const DAMAGE_HINT = 'A data node died, or a replica is damaged: see `hdfs fsck PATH -files -blocks -locations`.';

function shortBody(peer: Peer, what: string, cause?: unknown): HdfsError {
  return new HdfsError('HDFS_SHORT_BODY', `${nameOf(peer)} ${what}`, { hint: DAMAGE_HINT, remedy: 'next', cause });
}

/** The body's chunks, cut at `wanted` bytes. A body that ends before is an error, however it ends. */
async function* wholeBody(
  client: WebHdfsClient,
  body: OpenBody,
  wanted: number,
  place: string,
  signal?: AbortSignal,
): AsyncGenerator<Buffer, void, undefined> {
  const { answer, peer } = body;
  const told = answer.headers['content-length']; // gateways stream without it
  if (told !== undefined && Number(told) !== wanted) {
    answer.destroy();
    throw shortBody(peer, `offers ${told} bytes of ${place} where ${wanted} were asked for`);
  }
  let received = 0;
  try {
    for await (const chunk of client.exchanger.chunks(answer, peer, signal)) {
      const useful = chunk.subarray(0, wanted - received);
      received += useful.length;
      yield useful;
      if (received === wanted) return;
    }
  } catch (error) {
    // A damaged replica and a killed node look alike: headers that promise everything, and then a reset.
    if (!(error instanceof HdfsError) || error.code !== 'HDFS_INTERRUPTED') throw error;
    throw shortBody(peer, `broke off after ${received} of ${wanted} bytes of ${place}`, error);
  }
  throw shortBody(peer, `ended after ${received} of ${wanted} bytes of ${place}`);
}

/** Most data nodes whose failures are told one by one. */
const FAILURES_TOLD = 5;

/** When several data nodes failed until the budget was spent, the last one alone would say too little. */
function lastOfSeveral(
  last: unknown,
  failures: ReadonlyMap<string, HdfsError>,
  place: string,
  client: WebHdfsClient,
): unknown {
  if (!(last instanceof HdfsError) || failures.size < 2) return last;
  const reasons = [...failures.values()].slice(-FAILURES_TOLD).map(({ message }) => message);
  const end = /\(gave up after .*\)$/.exec(last.message)?.[0] ?? '';
  const message = `no data node gives ${place}: ${reasons.join('; ')} ${end}`;
  // Those that never served may be out of reach by a wrong setting; those that did are down.
  const gone = [...failures.keys()].some((name) => client.served.has(name));
  const { hint } = last;
  return gone
    ? new HdfsError('HDFS_NO_REPLICA', message, {
        hint: 'Bring the data nodes back, or see why they are silent: their logs tell.',
        cause: last,
      })
    : new HdfsError(last.code, message, { ...(hint === undefined ? {} : { hint }), cause: last });
}

/** A name that resolved before will again; of a data node that never served, it is more likely a wrong setting. */
function fromOneThatServed(error: unknown): unknown {
  if (!(error instanceof HdfsError) || !error.settled) return error;
  const { code, message, hint, remedy, cause } = error;
  return new HdfsError(code, message, { ...(hint === undefined ? {} : { hint }), remedy, cause });
}

function giverOf({ role, toldAs }: Peer): Giver {
  return { role, node: toldAs };
}

/** After so long without a byte it is said that we wait, ms. */
const STALL_MS = 5_000;

/** Says while somebody is silent: a hung node would otherwise look like a run that stands still for no reason. */
class Vigil {
  readonly #timer: NodeJS.Timeout;
  #who: string | null = null; // whom we wait for; null while the consumer is at work
  #since = 0;

  constructor(patience: Patience) {
    this.#timer = setInterval(() => {
      const silent = performance.now() - this.#since;
      if (this.#who !== null && silent >= STALL_MS) patience.stall(this.#who, silent);
    }, STALL_MS / 5);
    this.#timer.unref();
  }

  await(who: string): void {
    this.#who = who;
    this.#since = performance.now();
  }

  /** Something came. */
  came(): void {
    this.#who = null;
  }

  end(): void {
    clearInterval(this.#timer);
  }
}

/**
 * Chunks of the range; each attempt goes on at the byte after the last one received. `verify` is called after
 * a data node's failure and throws when trying on makes no sense, because the file is another one by now. A
 * chunk that the consumer keeps longer than `heldMs` costs the connection, not the read: a data node is not
 * kept waiting for hours.
 */
export async function* readRange(
  client: WebHdfsClient,
  path: string,
  offset: number,
  length: number,
  verify: (patience: Patience) => Promise<void>,
  signal?: AbortSignal,
): AsyncGenerator<Uint8Array, void, undefined> {
  const patience = client.patience();
  const vigil = new Vigil(patience);
  try {
    yield* readPatiently(client, path, offset, length, verify, { patience, vigil, signal });
  } finally {
    vigil.end();
    patience.relieve();
  }
}

interface Course {
  readonly patience: Patience;
  readonly vigil: Vigil;
  readonly signal: AbortSignal | undefined;
}

async function* readPatiently(
  client: WebHdfsClient,
  path: string,
  offset: number,
  length: number,
  verify: (patience: Patience) => Promise<void>,
  { patience, vigil, signal }: Course,
): AsyncGenerator<Uint8Array, void, undefined> {
  const excluded = new Exclusions(client, path);
  const failures = new Map<string, HdfsError>(); // by data node, since bytes came last
  const end = offset + length;
  let at = offset;
  while (at < end) {
    let peer: Peer | undefined;
    try {
      vigil.await('the name node');
      const place = await client.locate(path, at, end - at, excluded.names, signal);
      peer = place.peer;
      vigil.await(nameOf(peer));
      const body = 'answer' in place ? place : await client.follow(place, path, signal);
      for await (const chunk of wholeBody(client, body, end - at, `${client.shown(path)} from byte ${at}`, signal)) {
        vigil.came();
        failures.clear();
        client.served.add(peer.toldAs);
        client.reading?.received(giverOf(peer), chunk.length);
        at += chunk.length;
        patience.progress(chunk.length);
        let dropped = false;
        const drop = (): void => {
          dropped = true;
          body.answer.destroy();
        };
        const timer = setTimeout(drop, client.exchanger.timeouts.heldMs);
        try {
          yield chunk;
        } finally {
          clearTimeout(timer);
        }
        if (dropped) break;
        vigil.await(nameOf(peer));
      }
    } catch (thrown) {
      vigil.came();
      const error = peer !== undefined && client.served.has(peer.toldAs) ? fromOneThatServed(thrown) : thrown;
      if (error instanceof HdfsError && error.remedy === 'any-replica' && excluded.names.length > 0) {
        // We shut out the last ones ourselves: let them in again. The next failure is paid for.
        excluded.clear();
        continue;
      }
      if (error instanceof HdfsError && peer?.role === 'data node') {
        client.reading?.failed(giverOf(peer), error.code, error.message);
        failures.set(peer.toldAs, error);
        const before = patience.failures;
        await verify(patience);
        // While no name node is active, data nodes hang too: then it was not this one's fault.
        if (error.remedy === 'next' && patience.failures === before) await excluded.add(peer, at, patience, signal);
      }
      try {
        await client.recover(error, patience, signal);
        if (peer?.role === 'data node') client.reading?.retried(giverOf(peer));
      } catch (last) {
        throw last === error ? last : lastOfSeveral(last, failures, `${client.shown(path)} from byte ${at}`, client);
      }
    }
  }
}
