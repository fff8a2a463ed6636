// HDFS as a corpus: one client per cluster, files pinned by id, length and modification time.
import { EXIT, TributaryError } from '../errors.ts';
import { checkPin, type Tree, type TreeEntry } from './expansion.ts';
import type { CorpusFile, CorpusOptions } from './source.ts';
import { authenticationOf } from './webhdfs/access.ts';
import { addressKind } from './webhdfs/address-kind.ts';
import { BASE_PATH, nameNodePeer } from './webhdfs/address.ts';
import type { FileStatus } from './webhdfs/answers.ts';
import { SYSTEM, WebHdfsClient } from './webhdfs/client.ts';
import { HdfsError } from './webhdfs/failure.ts';
import type { Environment, Patience } from './webhdfs/patience.ts';
import { readRange } from './webhdfs/range.ts';
import { redact } from './webhdfs/redaction.ts';
import { RedirectHosts } from './webhdfs/redirect.ts';
import { DEFAULT_STREAMS, shareOfStreams } from './webhdfs/stream-slots.ts';
import { readTlsFiles } from './webhdfs/tls.ts';

export interface HdfsLocation {
  /** `webhdfs://host:port[,host:port]`: which cluster. */
  readonly cluster: string;
  /** `http://host:port` for each name node. */
  readonly nameNodes: readonly string[];
  /** Absolute, not percent-encoded. */
  readonly path: string;
}

const SPEC = /^(s?)webhdfs:\/\/([^/]*)(\/.*)?$/is;
const AUTHORITY = /^([A-Za-z0-9_.-]+|\[[0-9A-Fa-f:.]+\])(?::(\d{1,5}))?$/;

function bad(spec: string, why: string): TributaryError {
  return new TributaryError('CORPUS_BAD_SPEC', redact(`${spec}: ${why}`), {
    hint: "Write webhdfs://HOST:PORT/path with the name node's web port (9870 by default), or swebhdfs:// for TLS (9871).",
    exit: EXIT.usage,
  });
}

/** Takes `webhdfs://nn1:9870,nn2:9870/path` apart; undefined when it has another scheme. Throws CORPUS_BAD_SPEC. */
export function parseHdfsSpec(spec: string): HdfsLocation | undefined {
  const found = SPEC.exec(spec);
  if (found === null) {
    if (/^hdfs:/i.test(spec)) throw bad(spec, 'hdfs:// is the binary protocol of Java clients');
    return undefined;
  }
  const secure = found[1] !== '';
  const authority = found[2] ?? '';
  if (authority === '') throw bad(spec, 'it names no host');
  // Neither is repeated: both may hold secrets.
  const shown = `webhdfs://${authority.replace(/^.*@/, '***@')}/…`;
  if (authority.includes('@')) throw bad(shown, 'the user belongs into --hdfs-user, a password into a file');
  if (/[?&](delegation|user\.name|doas)=/i.test(found[3] ?? ''))
    throw bad(shown, 'parameters do not belong into the address: see --hdfs-token-file and --hdfs-user');
  const hosts = authority.split(',').map((text) => {
    const parts = AUTHORITY.exec(text);
    if (parts === null) throw bad(spec, `${JSON.stringify(text)} is no host:port`);
    const port = parts[2] === undefined ? (secure ? 9871 : 9870) : Number(parts[2]);
    if (port < 1 || port > 65_535) throw bad(spec, `${port} is no port`);
    return `${parts[1]?.toLowerCase()}:${port}`;
  });
  return {
    cluster: `${secure ? 'swebhdfs' : 'webhdfs'}://${hosts.join(',')}`,
    nameNodes: hosts.map((host) => `${secure ? 'https' : 'http'}://${host}`),
    path: found[3] ?? '/',
  };
}

/** A password or bearer token in the clear is anybody's; on loopback nobody else listens. */
function refuseClearText(location: HdfsLocation, options: CorpusOptions): void {
  const option =
    options.hdfsPasswordFile === undefined
      ? options.hdfsBearerFile === undefined
        ? undefined
        : '--hdfs-bearer-file'
      : '--hdfs-password-file';
  if (option === undefined) return;
  for (const { secure, host } of location.nameNodes.map(nameNodePeer)) {
    if (secure || host === 'localhost' || addressKind(host) === 'loopback') continue;
    throw new TributaryError('HDFS_CLEAR_TEXT', `${option} would travel to ${host} without encryption`, {
      hint: 'Read with swebhdfs:// (and --hdfs-ca FILE for a private authority).',
      exit: EXIT.usage,
    });
  }
}

export function hdfsClient(
  location: HdfsLocation,
  options: CorpusOptions,
  environment: Environment = SYSTEM,
): WebHdfsClient {
  refuseClearText(location, options);
  return new WebHdfsClient(
    {
      nameNodes: location.nameNodes,
      authentication: authenticationOf(options),
      redirects: {
        hostMap: options.hdfsHostMap ?? {},
        hosts: options.hdfsRedirectHosts === undefined ? undefined : new RedirectHosts(options.hdfsRedirectHosts),
      },
      tls: readTlsFiles(options),
      basePath: options.hdfsBasePath ?? BASE_PATH,
      timeouts: {
        ...(options.hdfsConnectMs === undefined ? {} : { connectMs: options.hdfsConnectMs }),
        ...(options.hdfsHeadersMs === undefined ? {} : { headersMs: options.hdfsHeadersMs }),
        ...(options.hdfsIdleMs === undefined ? {} : { idleMs: options.hdfsIdleMs }),
        ...(options.hdfsHeldMs === undefined ? {} : { heldMs: options.hdfsHeldMs }),
      },
      policy:
        options.hdfsAttempts === undefined
          ? {}
          : {
              attempts: options.hdfsAttempts,
              awaitedAttempts: options.hdfsAwaitedAttempts ?? 5 * options.hdfsAttempts,
            },
      streams: shareOfStreams(
        {
          perNode: options.hdfsStreamsPerNode ?? DEFAULT_STREAMS.perNode,
          inAll: options.hdfsStreams ?? DEFAULT_STREAMS.inAll,
        },
        options.hdfsThreads ?? 1,
      ),
    },
    environment,
  );
}

function entryOf(path: string, status: FileStatus): TreeEntry {
  const kind = { FILE: 'file', DIRECTORY: 'directory', SYMLINK: 'link' } as const;
  return { path, kind: kind[status.type], length: status.length, modified: status.modified, id: String(status.fileId) };
}

/** One cluster. Paths within are absolute and not encoded. */
export class HdfsTree implements Tree {
  readonly #client: WebHdfsClient;
  readonly #cluster: string;

  constructor(cluster: string, client: WebHdfsClient) {
    this.#cluster = cluster;
    this.#client = client;
  }

  async stat(path: string, signal?: AbortSignal, patience?: Patience): Promise<TreeEntry | undefined> {
    try {
      return entryOf(path, await this.#client.stat(path, signal, patience));
    } catch (error) {
      if (error instanceof HdfsError && error.code === 'CORPUS_NOT_FOUND') return undefined;
      throw error;
    }
  }

  async children(path: string, signal?: AbortSignal): Promise<readonly TreeEntry[]> {
    const entries = await this.#client.list(path, signal);
    return entries.map((status) => entryOf(path.endsWith('/') ? path + status.name : `${path}/${status.name}`, status));
  }

  shown(path: string): string {
    return this.#cluster + path;
  }

  // Jobs name their output part-00000 and the like: every visible file counts.
  isText(): boolean {
    return true;
  }

  /** The bytes [offset, offset + length), with the file's pin checked before, after, and after each failure. */
  async *read(file: CorpusFile, offset: number, length: number, signal?: AbortSignal): AsyncGenerator<Uint8Array> {
    const path = file.path.slice(this.#cluster.length);
    const verify = async (patience?: Patience): Promise<void> =>
      checkPin(file, await this.stat(path, signal, patience));
    await verify();
    yield* readRange(this.#client, path, offset, length, verify, signal);
    await verify();
  }

  close(): void {
    this.#client.close();
  }
}
