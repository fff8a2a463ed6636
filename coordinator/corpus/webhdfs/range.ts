// Reads an exact byte range of a file in HDFS, over as many data nodes and attempts as it takes.
import type { WebHdfsClient, OpenBody } from './client.ts';
import { HdfsError, type Peer } from './failure.ts';

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
  async add(peer: Peer, offset: number, signal: AbortSignal | undefined): Promise<void> {
    const [host] = peer.toldAs.split(/:(?=\d+$)/);
    let blocks;
    try {
      blocks = await this.#client.blockLocations(this.#path, offset, 1, signal);
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

function checkLength(body: OpenBody, expected: number, what: string): void {
  const told = body.answer.headers['content-length'];
  if (told === undefined || Number(told) === expected) return; // gateways stream without a length
  body.answer.destroy();
  throw new HdfsError('HDFS_SHORT_BODY', `${body.peer.host}:${body.peer.port} offers ${told} bytes of ${what} where ${expected} were asked for`, {
    hint: 'The file may have been replaced by a shorter one, or a replica is damaged: see `hdfs fsck PATH`.',
    remedy: 'next',
  });
}

/**
 * Chunks of the range; each attempt goes on at the byte after the last one received. `verify` is called after
 * a data node's failure and throws when trying on makes no sense, because the file is another one by now.
 */
export async function* readRange(
  client: WebHdfsClient,
  path: string,
  offset: number,
  length: number,
  verify: () => Promise<void>,
  signal?: AbortSignal,
): AsyncGenerator<Uint8Array, void, undefined> {
  const patience = client.patience();
  const excluded = new Exclusions(client, path);
  const end = offset + length;
  let at = offset;
  while (at < end) {
    let peer: Peer | undefined;
    try {
      const place = await client.locate(path, at, end - at, excluded.names, signal);
      peer = place.peer;
      const body = 'answer' in place ? place : await client.follow(place, path, signal);
      checkLength(body, end - at, `${client.shown(path)} at byte ${at}`);
      for await (const chunk of client.exchanger.chunks(body.answer, body.peer, signal)) {
        const useful = chunk.length > end - at ? chunk.subarray(0, end - at) : chunk;
        at += useful.length;
        patience.progress(useful.length);
        yield useful;
        if (at === end) return;
      }
      throw new HdfsError(
        'HDFS_SHORT_BODY',
        `${peer.host}:${peer.port} ended ${client.shown(path)} at byte ${at} of ${end}, as a damaged replica does`,
        { hint: 'See `hdfs fsck PATH -blocks -locations`.', remedy: 'next' },
      );
    } catch (error) {
      if (error instanceof HdfsError && error.remedy === 'any-replica' && excluded.names.length > 0) {
        // We shut out the last ones ourselves: let them in again. The next failure is paid for.
        excluded.clear();
        continue;
      }
      if (error instanceof HdfsError && peer?.role === 'data node') {
        await verify();
        if (error.remedy === 'next') await excluded.add(peer, at, signal);
      }
      await client.recover(error, patience, signal);
    }
  }
}
