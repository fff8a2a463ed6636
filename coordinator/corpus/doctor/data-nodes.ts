// Every data node that holds blocks of the corpus: by the name that redirects give it, its port, its bytes, its speed.
import type { OpenBody, WebHdfsClient } from '../webhdfs/client.ts';
import { HdfsError, type Peer } from '../webhdfs/failure.ts';
import type { Redirect } from '../webhdfs/redirect.ts';
import { examineConnection, isPrivateAddress, type Reached, reach } from './connection.ts';
import type { TlsOptions } from '../webhdfs/tls.ts';
import { bytesText, counted, failed, type Finding, inParallel, passed, refused, since } from './finding.ts';
import type { PlacedBlock } from './paths.ts';

/** Most data nodes that are examined; of more, those with the most blocks. */
const NODES_EXAMINED = 64;
const EXAMINED_AT_ONCE = 16;
/** Bytes read of each: enough for an idea of its speed. */
const READ_BYTES = 4 << 20;

/** A data node as the name node tells of it, and a block to ask it for. */
interface Holder {
  readonly host: string;
  /** `ip:transferPort`, by which a name node can be told to redirect elsewhere. */
  readonly name: string;
  readonly block: PlacedBlock;
  readonly blocks: number;
}

interface Asked extends Holder {
  /** Where its block is to be read, or why it is not there. */
  readonly place: Redirect | HdfsError;
  readonly reached?: Reached;
}

function holdersOf(blocks: readonly PlacedBlock[]): readonly Holder[] {
  const found = new Map<string, Holder>();
  for (const block of blocks) {
    block.hosts.forEach((host, k) => {
      const name = block.names[k] ?? '';
      const before = found.get(name);
      found.set(name, { host, name, block: before?.block ?? block, blocks: (before?.blocks ?? 0) + 1 });
    });
  }
  return [...found.values()].toSorted((a, b) => b.blocks - a.blocks);
}

/** A redirect to that very data node: the others that hold the block are shut out. */
async function placeAt(client: WebHdfsClient, { block, name }: Holder): Promise<Redirect | HdfsError> {
  const { path, offset, length, names } = block;
  const others = names.filter((other) => other !== name);
  try {
    const place = await client.locate(path, offset, Math.min(READ_BYTES, length), others);
    if (!('answer' in place)) return place;
    place.answer.destroy();
    return new HdfsError('HDFS_PROTOCOL', 'some data nodes are read through a gateway, and some are not');
  } catch (error) {
    if (error instanceof HdfsError) return error;
    throw error;
  }
}

/** Findings of every data node; after them, where names do not resolve, one line that mends all of them. */
export async function* examineDataNodes(
  client: WebHdfsClient,
  blocks: readonly PlacedBlock[],
  tls: TlsOptions,
): AsyncGenerator<Finding> {
  const gateway = blocks[0] === undefined ? undefined : await examineGateway(client, blocks[0]);
  if (gateway !== undefined) {
    yield gateway;
    return;
  }
  const all = holdersOf(blocks);
  const holders = all.slice(0, NODES_EXAMINED).toSorted((a, b) => (a.host < b.host ? -1 : 1));
  if (all.length > holders.length) {
    yield passed('data nodes', 'sample', `${holders.length} of ${all.length} are examined, those with the most blocks`);
  }
  const asked = await inParallel(holders, EXAMINED_AT_ONCE, async (holder): Promise<Asked> => {
    const place = await placeAt(client, holder);
    if (place instanceof HdfsError) return { ...holder, place };
    return { ...holder, place, reached: await examineConnection(groupOf(place.peer), place.peer, tls) };
  });
  const lost = asked.filter((node) => node.reached?.failure === 'name' || node.reached?.failure === 'port');
  for (const node of asked) yield* examineOne(client, node);
  if (lost.length > 0) yield* suggest(client, lost);
}

function groupOf(peer: Peer): string {
  return `data node ${peer.toldAs}`;
}

async function* examineOne(client: WebHdfsClient, node: Asked): AsyncGenerator<Finding> {
  const { place, reached } = node;
  if (place instanceof HdfsError) {
    yield failed(`data node ${node.host}`, 'redirect', place);
    return;
  }
  for (const finding of reached?.findings ?? []) {
    // One by one the lines of a host map are hard to copy.
    const together = !finding.ok && reached?.failure === 'name';
    yield together ? { ...finding, hint: 'See the host map below.' } : finding;
  }
  if (reached?.failure === undefined) yield await examineRead(client, node.block, place);
}

/** A read through a gateway, which gives the bytes itself or redirects to itself; undefined when there is none. */
async function examineGateway(client: WebHdfsClient, block: PlacedBlock): Promise<Finding | undefined> {
  const { path, offset, length } = block;
  const began = performance.now();
  try {
    const place = await client.locate(path, offset, Math.min(READ_BYTES, length), []);
    if (!('answer' in place) && !place.home) return undefined;
    const body = 'answer' in place ? place : await client.follow(place, path);
    return await examineBody(client, `gateway ${body.peer.toldAs}`, block, async () => body, began);
  } catch (error) {
    // What is wrong with the block or its data node shows where each is examined.
    if (error instanceof HdfsError) return undefined;
    throw error;
  }
}

/** Reads some bytes of a block from that data node, and says how fast they came. */
function examineRead(client: WebHdfsClient, block: PlacedBlock, place: Redirect): Promise<Finding> {
  return examineBody(client, groupOf(place.peer), block, () => client.follow(place, block.path));
}

async function examineBody(
  client: WebHdfsClient,
  group: string,
  block: PlacedBlock,
  open: () => Promise<OpenBody>,
  began = performance.now(),
): Promise<Finding> {
  const wanted = Math.min(READ_BYTES, block.length);
  let bytes = 0;
  let firstMs = 0;
  try {
    const { answer, peer } = await open();
    for await (const chunk of client.exchanger.chunks(answer, peer)) {
      if (bytes === 0) firstMs = since(began);
      bytes += chunk.length;
    }
  } catch (error) {
    if (!(error instanceof HdfsError) || bytes === 0) return failed(group, 'read', error, since(began));
  }
  const ms = since(began);
  if (bytes < wanted) return damaged(group, block, bytes, wanted, ms);
  const speed = bytes / 1e3 / Math.max(1, ms);
  const detail = `${bytesText(bytes)} of ${block.path}, ${speed.toFixed(speed < 10 ? 1 : 0)} MB/s, first byte after ${firstMs} ms`;
  return passed(group, 'read', detail, ms);
}

function damaged(group: string, block: PlacedBlock, bytes: number, wanted: number, ms: number): Finding {
  const hint = `Its replica is probably damaged: see \`hdfs fsck ${block.path} -files -blocks -locations\`. A run reads another one.`;
  const detail = `HDFS_SHORT_BODY: broke off after ${bytes} of ${wanted} bytes of ${block.path} from byte ${block.offset}`;
  return refused(group, 'read', detail, hint, ms);
}

interface Guess extends Asked {
  readonly place: Redirect;
  /** The name in its redirect, and its web port. */
  readonly host: string;
  readonly port: number;
  /** Its address within the cluster, and whether it answers us at its web port there. */
  readonly ip: string;
  readonly answers: boolean;
}

async function guess(node: Asked, place: Redirect): Promise<Guess> {
  const ip = node.name.replace(/:\d+$/, '').replace(/^([0-9a-f:]*:[0-9a-f:]*)$/i, '[$1]');
  const [, host = node.host, port = ''] = /^(.*):(\d+)$/.exec(place.peer.toldAs) ?? [];
  let answers = false;
  try {
    // A guess of the name node's making: it goes no further than a redirect of its may.
    const refusal = place.peer.guard?.(ip.replace(/^\[|\]$/g, ''));
    if (refusal !== undefined) throw refusal;
    await reach({ ...place.peer, host: ip, port: Number(port) });
    answers = true;
  } catch (error) {
    // It was a guess: the finding says that nothing answers there.
    if (!(error instanceof HdfsError)) throw error;
  }
  return { ...node, place, host, port: Number(port), ip, answers };
}

/** The host map for all data nodes that were not reached, by the addresses that the name node knows them by. */
async function* suggest(client: WebHdfsClient, lost: readonly Asked[]): AsyncGenerator<Finding> {
  const guesses: Guess[] = [];
  for (const node of lost) if (!(node.place instanceof HdfsError)) guesses.push(await guess(node, node.place));
  // A closed port at the right address is no matter of names.
  const useful = guesses.filter(({ reached, answers }) => reached?.failure === 'name' || answers);
  if (useful.length === 0) return;
  const line = useful.map(({ host, ip, answers }) => `${host}=${answers ? ip : 'ADDRESS'}`).join(',');
  const silent = useful.filter(({ answers }) => !answers);
  const detail = `${counted(useful.length, 'data node')} cannot be reached by the name in redirects`;
  yield refused('host map', 'names', detail, `Add --hdfs-host-map ${line}${silent.length === 0 ? '' : where(silent)}`);
  for (const { host, port, ip, place, block } of useful.filter(({ answers }) => answers)) {
    const read = await examineRead(client, block, { ...place, peer: { ...place.peer, host: ip, port } });
    yield { ...read, group: 'host map', detail: `${host} at ${ip}: ${read.detail}` };
  }
}

/** What to write for ADDRESS where the addresses that the cluster uses do not answer us. */
function where(silent: readonly Guess[]): string {
  const places = silent.map(({ ip, port }) => `${ip}:${port}`).join(', ');
  const near = silent.every(({ ip }) => isPrivateAddress(ip));
  const reason = near ? ' These are private: a VPN, an SSH tunnel to localhost, or a gateway leads there.' : '';
  return ` with an address, or host:port, that this machine reaches. Nothing answers us at the cluster's own, ${places}.${reason}`;
}
