// The interface every corpus implements: a list of files, and exact byte ranges of them.
import type { AccessOptions } from './webhdfs/access.ts';
import type { TlsFiles } from './webhdfs/tls.ts';

export type Codec = 'plain' | 'gzip' | 'bzip2' | 'zstd';

/** One file as it was when listed. Structured-cloneable: it may be read by another source on another thread. */
export interface CorpusFile {
  /** As shown to people; with its scheme when it is not local. */
  readonly path: string;
  /** Bytes, as `read` gives them (compressed bytes for a compressed file). */
  readonly length: number;
  /** Last modification, ms since 1970. */
  readonly modified: number;
  /** Inode or HDFS file id: with length and modification time, it pins the file. */
  readonly id: string;
  readonly codec: Codec;
}

export interface CorpusSource {
  /** One line for people: where the text comes from. */
  readonly description: string;
  /**
   * Every file that holds something, by path within each spec, specs in their order, none twice. Never empty.
   * Throws CORPUS_NOT_FOUND, CORPUS_EMPTY, CORPUS_UNREADABLE or an HDFS_ code.
   */
  list(signal?: AbortSignal): Promise<readonly CorpusFile[]>;
  /**
   * Exactly the bytes [offset, offset + length) of the file that was listed, in chunks that stay valid.
   * Throws SOURCE_CHANGED when it is no longer that file, otherwise a code as `list` does; never ends short.
   * Any number may be open: those beyond the caps wait in turn, so none of them may wait for another one to go
   * on. End the ones you leave (`return()`).
   */
  read(file: CorpusFile, offset: number, length: number, signal?: AbortSignal): AsyncIterable<Uint8Array>;
  close(): Promise<void>;
}

/** Settings of every kind of corpus. Structured-cloneable: corpora are read in worker threads. */
export interface CorpusOptions extends AccessOptions, TlsFiles {
  /** Where a gateway has WebHDFS, such as `/gateway/default/webhdfs/v1`; `/webhdfs/v1` unless told. */
  readonly hdfsBasePath?: string | undefined;
  /** Hosts that redirects may lead to, with commas; any of an ordinary address unless told. */
  readonly hdfsRedirectHosts?: string | undefined;
  /** Host or host:port as the cluster says it, to host or host:port as this machine reaches it. */
  readonly hdfsHostMap?: Readonly<Record<string, string>> | undefined;
  /** Time for name look-up, TCP and TLS, ms; 10,000 unless told. */
  readonly hdfsConnectMs?: number | undefined;
  /** Time from the request to the answer's headers, ms; 30,000 unless told. */
  readonly hdfsHeadersMs?: number | undefined;
  /** Longest silence within a body while we are waiting for it, ms; 75,000 unless told. */
  readonly hdfsIdleMs?: number | undefined;
  /** How long a chunk may be worked on until its connection is given up, ms; 60,000 unless told. */
  readonly hdfsHeldMs?: number | undefined;
  /** Attempts without progress before an operation fails; 12 unless told. */
  readonly hdfsAttempts?: number | undefined;
  /** The same while the cluster starts or fails over; five times as many unless told. */
  readonly hdfsAwaitedAttempts?: number | undefined;
  /** Streams open at a time, in all; 8 unless told. */
  readonly hdfsStreams?: number | undefined;
  /** Streams open at a time with one data node; 3 unless told. */
  readonly hdfsStreamsPerNode?: number | undefined;
  /**
   * Name of BroadcastChannels on which reads say what they wait for (webhdfs/waits.ts) and what they do
   * (reading/reports.ts); silent unless told.
   */
  readonly hdfsWaits?: string | undefined;
  /**
   * How many threads read with these options at the same time: each takes its share of the streams, at least
   * one. 1 unless told.
   */
  readonly hdfsThreads?: number | undefined;
}

/** How a file is packed, by the end of its name. */
export function codecOf(path: string): Codec {
  if (/\.gz$/i.test(path)) return 'gzip';
  if (/\.bz2$/i.test(path)) return 'bzip2';
  if (/\.zst$/i.test(path)) return 'zstd';
  return 'plain';
}
