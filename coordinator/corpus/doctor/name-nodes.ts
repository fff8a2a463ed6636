// The name nodes of an address, each for itself: way there, what answers, state, clock.
import { nameNodePeer } from '../webhdfs/address.ts';
import type { WebHdfsClient } from '../webhdfs/client.ts';
import { HdfsError, type Peer } from '../webhdfs/failure.ts';
import type { TlsOptions } from '../webhdfs/tls.ts';
import { certificateOf, examineConnection } from './connection.ts';
import { failed, type Finding, passed, refused, since, warned } from './finding.ts';
import { type Answer, recognise, type Verdict } from './web-service.ts';

/** Beyond that a clock is worth a word, s. */
const SKEW_WARNING = 60;
/** Beyond that Kerberos refuses (its default), s. */
const SKEW_KERBEROS = 300;

export interface NameNodeReport {
  readonly findings: readonly Finding[];
  readonly verdict: Verdict | undefined;
}

/** @param client for its connections' settings; nothing of who we are is sent */
export async function examineNameNode(
  client: WebHdfsClient,
  origin: string,
  tls: TlsOptions,
  basePath: string,
): Promise<NameNodeReport> {
  const peer = nameNodePeer(origin);
  const group = `name node ${peer.toldAs}`;
  const { findings: way, failure } = await examineConnection(group, peer, tls);
  if (failure !== undefined) return { findings: way, verdict: undefined };
  const findings = [...way];
  const began = performance.now();
  const asked = Date.now();
  let answer;
  try {
    answer = await ask(client, peer, `${basePath}/?op=GETFILESTATUS`);
  } catch (error) {
    const trust = error instanceof HdfsError && error.code.startsWith('HDFS_TLS');
    findings.push(
      trust ? failed(group, 'TLS trust', error, since(began)) : await unanswered(group, peer, error, since(began)),
    );
    return { findings, verdict: undefined };
  }
  const ms = since(began);
  const verdict = recognise(answer);
  if (verdict.kind === 'other') {
    findings.push(refused(group, 'WebHDFS', verdict.detail, verdict.hint, ms));
    return { findings, verdict };
  }
  findings.push(passed(group, 'WebHDFS', verdict.detail, ms), ...(await examineState(client, group, peer, verdict)));
  const clock = examineClock(group, answer.headers.date, (asked + Date.now()) / 2, verdict.wants === 'Negotiate');
  if (clock !== undefined) findings.push(clock);
  return { findings, verdict };
}

async function ask(client: WebHdfsClient, peer: Peer, path: string): Promise<Answer> {
  const answer = await client.exchanger.send({ method: 'GET', peer, path });
  const { statusCode: status = 0, headers } = answer;
  return { status, headers, body: await client.exchanger.text(answer, peer) };
}

/** Why an open port gave no answer in HTTP. */
async function unanswered(group: string, peer: Peer, error: unknown, ms: number): Promise<Finding> {
  if (!(error instanceof HdfsError) || peer.secure) return failed(group, 'WebHDFS', error, ms);
  try {
    await certificateOf(peer, {});
  } catch {
    // No TLS either: then what was found first is what there is to say.
    if (error.code !== 'HDFS_INTERRUPTED') return failed(group, 'WebHDFS', error, ms);
    const hint = `Name the name node's web port: 9870 by default.`;
    return refused(group, 'WebHDFS', `${error.code}: what listens on port ${peer.port} speaks no HTTP`, hint, ms);
  }
  const detail = `${error.code}: port ${peer.port} speaks TLS`;
  return refused(group, 'WebHDFS', detail, `Write swebhdfs://${peer.toldAs}/… instead.`, ms);
}

interface Beans {
  readonly safeMode?: boolean;
  readonly live?: number | undefined;
  readonly dead?: number | undefined;
  readonly missing?: number | undefined;
}

type Bean = Readonly<Record<string, unknown>>;

async function bean(client: WebHdfsClient, peer: Peer, name: string): Promise<Bean> {
  const { status, body } = await ask(client, peer, `/jmx?qry=Hadoop:service=NameNode,name=${name}`);
  if (status !== 200) return {};
  return (JSON.parse(body) as { beans?: readonly Bean[] }).beans?.[0] ?? {};
}

/** What the name node's own figures say, where it shows them to strangers; gateways and secured clusters do not. */
async function readBeans(client: WebHdfsClient, peer: Peer): Promise<Beans> {
  try {
    const state = await bean(client, peer, 'FSNamesystemState');
    if (state['FSState'] === undefined) return {};
    // Of this one all figures are some seconds old; the others are asked for where they are fresh.
    const metrics = await bean(client, peer, 'FSNamesystem');
    const figure = (value: unknown): number | undefined => (typeof value === 'number' ? value : undefined);
    return {
      safeMode: state['FSState'] === 'safeMode',
      live: figure(state['NumLiveDataNodes']),
      dead: figure(state['NumDeadDataNodes']),
      missing: figure(metrics['MissingBlocks']),
    };
  } catch (error) {
    // Not JSON, or no answer: these figures are a courtesy, and WebHDFS itself is asked all the same.
    if (!(error instanceof HdfsError) && !(error instanceof SyntaxError)) throw error;
    return {};
  }
}

type Known = Extract<Verdict, { readonly kind: 'webhdfs' }>;

async function examineState(client: WebHdfsClient, group: string, peer: Peer, verdict: Known): Promise<Finding[]> {
  const began = performance.now();
  const { safeMode, live, dead, missing } = await readBeans(client, peer);
  const ms = since(began);
  const nodes =
    live === undefined ? '' : `, ${live} live data nodes${dead === undefined || dead === 0 ? '' : `, ${dead} dead`}`;
  const detail = `${verdict.state}${safeMode === true ? ', in safe mode' : ''}${nodes}`;
  // A gateway has no state, and a secured cluster does not show it to strangers.
  if (safeMode === undefined && verdict.state === 'active') return [];
  if (verdict.state === 'starting') {
    const hint = 'Wait until it has started; a run waits by itself.';
    return [refused(group, 'state', verdict.detail, hint, ms)];
  }
  if (safeMode === true) {
    const hint =
      'Reading works, but not writing (--out webhdfs://), and blocks may still be unknown: `hdfs dfsadmin -safemode get`.';
    return [warned(group, 'state', detail, hint, ms)];
  }
  if (live === 0 && verdict.state === 'active') {
    return [refused(group, 'state', detail, 'Start the data nodes: nothing can be read.', ms)];
  }
  if (missing !== undefined && missing > 0) {
    const hint = '`hdfs fsck / -list-corruptfileblocks` names the files that cannot be read whole.';
    return [warned(group, 'state', `${detail}, ${missing} blocks missing`, hint, ms)];
  }
  return [passed(group, 'state', detail, ms)];
}

/** @param now our clock when the answer was made, ms since 1970 */
export function examineClock(
  group: string,
  date: string | undefined,
  now: number,
  kerberos: boolean,
): Finding | undefined {
  // Name nodes send the header twice, which comes as one with a comma.
  const theirs = Date.parse(/\w+, [^,]*/.exec(date ?? '')?.[0] ?? '');
  if (Number.isNaN(theirs)) return undefined;
  // The header has whole seconds, cut off: half a second more is the best guess.
  const skew = (now - (theirs + 500)) / 1000;
  const seconds = Math.abs(skew);
  if (seconds <= SKEW_WARNING) return passed(group, 'clock', seconds < 2 ? 'as ours' : `${seconds.toFixed(0)} s apart`);
  const detail = `ours is ${seconds.toFixed(0)} s ${skew > 0 ? 'ahead of' : 'behind'} its clock`;
  const hint = 'Set both clocks by NTP.';
  return kerberos && seconds > SKEW_KERBEROS
    ? refused(group, 'clock', detail, `${hint} Kerberos refuses whoever is more than 5 minutes off.`)
    : warned(group, 'clock', detail, `${hint} Kerberos and tokens bear at most 5 minutes.`);
}
