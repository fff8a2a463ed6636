// What readers of the corpus tell, from whatever thread they read on: bytes by node, failed attempts, files begun and ended.
import { BroadcastChannel, threadId } from 'node:worker_threads';
import type { FileTable } from './file-table.ts';

/** Who gives the bytes: a node of HDFS, or this machine's own files. */
export interface Giver {
  readonly role: 'data node' | 'name node' | 'files';
  /** host:port as redirects and addresses have it; '' for files. */
  readonly node: string;
}

export const OWN_FILES: Giver = { role: 'files', node: '' };

/** Hears what becomes of reading. */
export interface ReadWatch {
  received(from: Giver, bytes: number): void;
  /** An attempt failed. */
  failed(at: Giver, code: string, message: string): void;
  /** Another attempt follows one that failed there. */
  retried(at: Giver): void;
}

/** How a read ended: all of it given, given up by who read it, or failed for good. */
export type ReadEnd = 'done' | 'left' | 'failed';

export interface ReadStep {
  /** Number of the read, of this reader. */
  readonly read: number;
  readonly path: string;
  readonly offset: number;
  readonly length: number;
  /** null: it has begun. */
  readonly end: ReadEnd | null;
  /** Code and message of what failed; '' otherwise. */
  readonly error: string;
}

/** Since the last batch. */
export interface NodeTally extends Giver {
  bytes: number;
  retries: number;
  /** By code: how many, the last message, and when, ms since 1970. */
  readonly failures: Map<string, { count: number; last: string; time: number }>;
}

/** What the readers are at: a sample is taken where the counts of words are given. */
export type ReadingPass = 'sampling' | 'counting' | 'training';

export type ReadMessage =
  | { readonly kind: 'files'; readonly table: FileTable }
  /** A pass begins. @property done splits that need no reading any more */
  | { readonly kind: 'pass'; readonly pass: ReadingPass; readonly done: Uint32Array }
  | {
      readonly kind: 'batch';
      readonly reader: string;
      readonly nodes: readonly NodeTally[];
      readonly steps: readonly ReadStep[];
    }
  /** It reads no more. */
  | { readonly kind: 'closed'; readonly reader: string };

/** The channel of such messages, beside that of the waits (webhdfs/waits.ts) of the same name. */
export function readingChannel(name: string): BroadcastChannel {
  const channel = new BroadcastChannel(`${name}-reading`);
  // Nobody stays alive for it.
  channel.unref();
  return channel;
}

/** Says one thing on the channel; nothing where there is none. @param name as in CorpusOptions.hdfsWaits */
export function tellReading(name: string | undefined, message: ReadMessage): void {
  if (name === undefined) return;
  const channel = readingChannel(name);
  channel.postMessage(message);
  channel.close();
}

/** Milliseconds between two batches of an ordinary reader, */
const BATCH_MS = 250;
/** … of one that has just ended a file, whose thread may end with it, */
const END_MS = 50;
/** … and steps after which a batch is sent in any case. */
const MOST_STEPS = 500;

let readers = 0;

/** Gathers what one reader does, and tells it in batches. */
export class ReadReporter implements ReadWatch {
  readonly #channel: BroadcastChannel;
  readonly #reader = `${threadId}.${readers++}`;
  readonly #now: () => number;
  #nodes = new Map<string, NodeTally>();
  #steps: ReadStep[] = [];
  #reads = 0;
  #sent = -Infinity;
  #timer: NodeJS.Timeout | null = null;

  /** @param name as in CorpusOptions.hdfsWaits @param now ms, monotonic */
  constructor(name: string, now: () => number) {
    this.#channel = readingChannel(name);
    this.#now = now;
  }

  received(from: Giver, bytes: number): void {
    this.#tally(from).bytes += bytes;
  }

  failed(at: Giver, code: string, message: string): void {
    const { failures } = this.#tally(at);
    failures.set(code, { count: (failures.get(code)?.count ?? 0) + 1, last: message, time: Date.now() });
  }

  retried(at: Giver): void {
    this.#tally(at).retries++;
  }

  /** The same chunks, told of from the first to the end. @param from who gives the bytes; null when it is told elsewhere */
  async *watched(
    place: Pick<ReadStep, 'path' | 'offset' | 'length'>,
    chunks: AsyncIterable<Uint8Array>,
    from: Giver | null,
    signal?: AbortSignal,
  ): AsyncGenerator<Uint8Array, void, undefined> {
    const read = this.#reads++;
    this.#step({ ...place, read, end: null, error: '' });
    let end: ReadEnd = 'left';
    let error = '';
    try {
      for await (const chunk of chunks) {
        if (from !== null) this.received(from, chunk.length);
        yield chunk;
      }
      end = 'done';
    } catch (thrown) {
      if (signal?.aborted !== true) {
        end = 'failed';
        error = describe(thrown);
      }
      throw thrown;
    } finally {
      this.#step({ ...place, read, end, error });
      if (end === 'failed' || this.#now() - this.#sent >= END_MS) this.#send();
    }
  }

  close(): void {
    this.#send();
    this.#channel.postMessage({ kind: 'closed', reader: this.#reader } satisfies ReadMessage);
    this.#channel.close();
  }

  #tally(giver: Giver): NodeTally {
    this.#due();
    const key = `${giver.role} ${giver.node}`;
    let tally = this.#nodes.get(key);
    if (tally === undefined) {
      tally = { ...giver, bytes: 0, retries: 0, failures: new Map() };
      this.#nodes.set(key, tally);
    }
    return tally;
  }

  #step(step: ReadStep): void {
    this.#due();
    this.#steps.push(step);
    if (this.#steps.length >= MOST_STEPS) this.#send();
  }

  #due(): void {
    if (this.#timer !== null) return;
    this.#timer = setTimeout(() => this.#send(), BATCH_MS);
    this.#timer.unref();
  }

  #send(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    this.#sent = this.#now();
    if (this.#nodes.size === 0 && this.#steps.length === 0) return;
    const message: ReadMessage = {
      kind: 'batch',
      reader: this.#reader,
      nodes: [...this.#nodes.values()],
      steps: this.#steps,
    };
    this.#nodes = new Map();
    this.#steps = [];
    this.#channel.postMessage(message);
  }
}

function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return 'code' in error ? `${String(error.code)}: ${error.message}` : error.message;
}
