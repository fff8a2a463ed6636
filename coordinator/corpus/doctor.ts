// Examines a corpus hop by hop for `tributary doctor`, and says what to change where a hop fails.
import { lookup } from 'node:dns/promises';
import { connect } from 'node:net';
import { TributaryError } from '../errors.ts';
import { expand } from './expansion.ts';
import { hdfsClient, type HdfsLocation, HdfsTree, parseHdfsSpec } from './hdfs.ts';
import { readLines } from './lines.ts';
import { openCorpus } from './open.ts';
import type { CorpusFile, CorpusOptions } from './source.ts';
import { nameNodePeer } from './webhdfs/address.ts';
import type { Redirect } from './webhdfs/redirect.ts';
import type { WebHdfsClient } from './webhdfs/client.ts';
import { hostMapHint, type Peer, timeoutFailure, transportFailure } from './webhdfs/failure.ts';

export interface Finding {
  /** What was looked at. */
  readonly step: string;
  readonly ok: boolean;
  /** What was found. */
  readonly detail: string;
  /** What to change, when it is not ok. */
  readonly hint?: string;
}

const PROBE_MS = 5_000;
// Name nodes shuffle the replicas: that many questions a block find nearly every data node that serves it.
const QUESTIONS_PER_BLOCK = 6;
const BLOCKS_ASKED = 4;

function failed(step: string, error: unknown): Finding {
  if (!(error instanceof TributaryError)) throw error;
  return {
    step,
    ok: false,
    detail: `${error.code}: ${error.message}`,
    ...(error.hint === undefined ? {} : { hint: error.hint }),
  };
}

async function reach(peer: Peer): Promise<void> {
  const host = peer.host.replace(/^\[|\]$/g, '');
  await new Promise<void>((resolve, reject) => {
    const socket = connect({ host, port: peer.port, timeout: PROBE_MS });
    socket.once('connect', () => {
      socket.destroy();
      resolve();
    });
    socket.once('timeout', () => {
      socket.destroy();
      reject(timeoutFailure(peer, 'connect', PROBE_MS));
    });
    socket.once('error', (error) => reject(transportFailure(error, peer)));
  });
}

/** Name and port of one machine; ends after the first failure and tells whether all was well. */
async function* examinePeer(peer: Peer): AsyncGenerator<Finding, boolean> {
  const label = peer.role === 'name node' ? `name node ${peer.toldAs}` : `data node ${peer.toldAs}`;
  const mapped = peer.toldAs === `${peer.host}:${peer.port}` ? '' : `mapped to ${peer.host}:${peer.port}, `;
  try {
    const { address } = await lookup(peer.host.replace(/^\[|\]$/g, ''));
    yield { step: `${label}: name`, ok: true, detail: `${mapped}${peer.host} is ${address}` };
  } catch (error) {
    yield failed(`${label}: name`, transportFailure(error, peer));
    return false;
  }
  try {
    await reach(peer);
    yield { step: `${label}: port`, ok: true, detail: `${peer.port} is open` };
    return true;
  } catch (error) {
    yield failed(`${label}: port`, error);
    return false;
  }
}

/** The data nodes that OPEN redirects to, each with one redirect that leads there. */
async function redirects(client: WebHdfsClient, path: string, file: CorpusFile): Promise<readonly Redirect[]> {
  const found = new Map<string, Redirect>();
  const blocks = Math.min(BLOCKS_ASKED, file.length);
  for (let block = 0; block < blocks; block += 1) {
    const offset = Math.floor((file.length / blocks) * block);
    for (let question = 0; question < QUESTIONS_PER_BLOCK; question += 1) {
      const place = await client.locate(path, offset, Math.min(64, file.length - offset), []);
      if ('answer' in place) place.answer.destroy();
      else found.set(place.peer.toldAs, place);
    }
  }
  return [...found.values()];
}

/** Reads a few bytes; tells whether that went well. */
async function* examineDataNode(
  client: WebHdfsClient,
  path: string,
  redirect: Redirect,
): AsyncGenerator<Finding, boolean> {
  const { peer } = redirect;
  if (!(yield* examinePeer(peer))) return false;
  const step = `data node ${peer.toldAs}: read`;
  try {
    const { answer } = await client.follow(redirect, path);
    let bytes = 0;
    for await (const chunk of client.exchanger.chunks(answer, peer)) bytes += chunk.length;
    yield { step, ok: true, detail: `${bytes} bytes of ${path}` };
    return true;
  } catch (error) {
    const finding = failed(step, error);
    yield finding.hint === undefined ? { ...finding, hint: hostMapHint(peer) } : finding;
    return false;
  }
}

async function* examineHdfs(spec: string, location: HdfsLocation, options: CorpusOptions): AsyncGenerator<Finding> {
  let reachable = 0;
  for (const origin of location.nameNodes) if (yield* examinePeer(nameNodePeer(origin))) reachable += 1;
  if (reachable === 0) return;
  const client = hdfsClient(location, { hdfsConnectMs: PROBE_MS, hdfsHeadersMs: 10_000, ...options, hdfsAttempts: 2 });
  const tree = new HdfsTree(location.cluster, client);
  try {
    const { who } = client.subject('/');
    try {
      await tree.stat('/');
      yield { step: 'WebHDFS', ok: true, detail: `${location.cluster} answers ${who}` };
    } catch (error) {
      yield failed('WebHDFS', error);
      return;
    }
    let files: readonly CorpusFile[];
    try {
      files = await expand(tree, location.path);
    } catch (error) {
      yield failed(`path ${spec}`, error);
      return;
    }
    const bytes = files.reduce((sum, file) => sum + file.length, 0);
    yield {
      step: `path ${spec}`,
      ok: true,
      detail: `${files.length} ${files.length === 1 ? 'file' : 'files'}, ${bytes} bytes`,
    };
    const largest = files.reduce((best, file) => (file.length > best.length ? file : best));
    const path = largest.path.slice(location.cluster.length);
    let places: readonly Redirect[];
    try {
      places = await redirects(client, path, largest);
    } catch (error) {
      yield failed(`permission to read ${largest.path}`, error);
      return;
    }
    if (places.length === 0) yield { step: 'data nodes', ok: true, detail: 'the gateway reads for us' };
    const missing: string[] = [];
    for (const place of places) {
      const { host, port, toldAs } = place.peer;
      const readable = yield* examineDataNode(client, path, place);
      if (!readable && toldAs === `${host}:${port}`) missing.push(`${host}=ADDRESS`);
    }
    // One by one the hints are hard to copy.
    if (missing.length > 1) {
      const detail = `${missing.length} data nodes cannot be read by the names that the name node gives`;
      yield { step: 'host map', ok: false, detail, hint: `All at once: --hdfs-host-map ${missing.join(',')}` };
    }
  } finally {
    client.close();
  }
}

/** A corpus as a whole: its files, and the first line of the first one. */
async function* examineText(spec: string, options: CorpusOptions): AsyncGenerator<Finding> {
  const source = await openCorpus([spec], options);
  let files: readonly CorpusFile[];
  try {
    files = await source.list();
    const bytes = files.reduce((sum, file) => sum + file.length, 0);
    yield {
      step: `corpus ${spec}`,
      ok: true,
      detail: `${files.length} ${files.length === 1 ? 'file' : 'files'}, ${bytes} bytes`,
    };
  } catch (error) {
    yield failed(`corpus ${spec}`, error);
    return;
  } finally {
    await source.close();
  }
  const [file] = files;
  if (file === undefined) return;
  const step = `first line of ${file.path}`;
  try {
    let first = '';
    for await (const lines of readLines(source, file, { file: 0, start: 0, end: file.length }, { longestLine: 4096 })) {
      first = lines.find((line) => line.trim() !== '') ?? '';
      if (first !== '') break;
    }
    yield first === ''
      ? { step, ok: false, detail: 'it holds only empty lines', hint: 'Name a file that holds text.' }
      : { step, ok: true, detail: JSON.stringify(first.slice(0, 80)) };
  } catch (error) {
    yield failed(step, error);
  }
}

/**
 * Looks at every hop to the text of each spec and yields what it finds as it goes: for HDFS the name nodes
 * (name, port, WebHDFS), the path, and each data node by the name it is redirected to (name, port, first
 * bytes); for everything else the files and a first line. Never throws for what the operator can change.
 */
export async function* examineCorpus(
  specs: readonly string[],
  options: CorpusOptions,
): AsyncGenerator<Finding, void, undefined> {
  for (const spec of specs) {
    try {
      const location = parseHdfsSpec(spec);
      if (location === undefined) yield* examineText(spec, options);
      else yield* examineHdfs(spec, location, options);
    } catch (error) {
      yield failed(`corpus ${spec}`, error);
    }
  }
}
