// One HDFS address, hop by hop: its name nodes, who we are to it, the path, and the data nodes behind it.
import { SCHEDULE } from '../../run/config.ts';
import { hdfsClient, type HdfsLocation, HdfsTree } from '../hdfs.ts';
import type { CorpusFile, CorpusOptions } from '../source.ts';
import type { WebHdfsClient } from '../webhdfs/client.ts';
import { HdfsError } from '../webhdfs/failure.ts';
import { BASE_PATH } from '../webhdfs/address.ts';
import { readTlsFiles } from '../webhdfs/tls.ts';
import { PROBE_MS } from './connection.ts';
import { examineDataNodes } from './data-nodes.ts';
import { counted, failed, type Finding, inParallel, passed, refused, since } from './finding.ts';
import { examineNameNode, type NameNodeReport } from './name-nodes.ts';
import { examineBlocks, examinePath } from './paths.ts';

/** Patience with an answer, ms: less than a run's, as somebody is watching. */
const HEADERS_MS = 10_000;

function parameters(options: CorpusOptions): CorpusOptions {
  return {
    ...options,
    hdfsConnectMs: options.hdfsConnectMs ?? PROBE_MS,
    hdfsHeadersMs: options.hdfsHeadersMs ?? HEADERS_MS,
    hdfsIdleMs: options.hdfsIdleMs ?? HEADERS_MS,
    hdfsAttempts: 2,
    hdfsAwaitedAttempts: 2,
  };
}

/** Findings hop by hop; the files that were found, unless a hop before them failed. */
export async function* examineHdfs(
  location: HdfsLocation,
  options: CorpusOptions,
): AsyncGenerator<Finding, readonly CorpusFile[]> {
  const { cluster, nameNodes, path } = location;
  const client = hdfsClient(location, parameters(options));
  const tree = new HdfsTree(cluster, client);
  const tls = readTlsFiles(options);
  const basePath = options.hdfsBasePath ?? BASE_PATH;
  try {
    yield passed(cluster, 'address', `${counted(nameNodes.length, 'name node')}, path ${path}`);
    const reports = await inParallel(nameNodes, nameNodes.length, (origin) =>
      examineNameNode(client, origin, tls, basePath),
    );
    yield* judgeNameNodes(reports);
    if (!reports.some(({ verdict }) => verdict?.kind === 'webhdfs')) return [];
    const access = await examineAccess(client, cluster, reports);
    yield access;
    if (!access.ok) return [];
    const { findings, files } = await examinePath(tree, path, SCHEDULE.splitBytes);
    yield* findings;
    if (files.length === 0) return [];
    const examined = await examineBlocks(client, path, cluster, files);
    yield* examined.findings;
    let readable = examined.findings.every(({ ok }) => ok);
    for await (const finding of examineDataNodes(client, examined.blocks, tls)) {
      readable &&= finding.ok;
      yield finding;
    }
    return readable ? files : [];
  } finally {
    client.close();
  }
}

/** A standby beside an active one is as it should be. */
function* judgeNameNodes(reports: readonly NameNodeReport[]): Generator<Finding> {
  for (const { findings } of reports) yield* findings;
  const states = reports.flatMap(({ verdict }) => (verdict?.kind === 'webhdfs' ? [verdict.state] : []));
  const alone = reports.length === 1;
  // That the only one is starting has been said.
  if (states.length === 0 || states.includes('active') || (alone && states.includes('starting'))) return;
  yield refused(
    'name nodes',
    'active',
    alone ? 'the only one named is a standby' : 'none of them is active',
    alone
      ? 'Name both, with a comma: webhdfs://nn1:9870,nn2:9870/path.'
      : 'See `hdfs haadmin -getAllServiceState`; a run waits for a fail-over by itself.',
  );
}

/** Whether the cluster accepts us, and as whom. */
async function examineAccess(
  client: WebHdfsClient,
  cluster: string,
  reports: readonly NameNodeReport[],
): Promise<Finding> {
  const wants = reports.flatMap(({ verdict }) => (verdict?.kind === 'webhdfs' ? [verdict.wants] : []));
  const asked = wants.find((each) => each !== null) ?? null;
  const { who } = client.subject('/');
  const began = performance.now();
  try {
    await client.stat('/');
    const how = asked === null ? ': the name is believed' : '';
    return passed(cluster, 'access', `it answers ${who}${how}`, since(began));
  } catch (error) {
    // Known, and kept from the root directory: that is a matter of the path.
    if (error instanceof HdfsError && error.code === 'HDFS_DENIED')
      return passed(cluster, 'access', `it knows ${who}`, since(began));
    const finding = failed(cluster, 'access', error, since(began));
    // A gateway that asks who is there before it looks at the path.
    const elsewhere = asked !== null && error instanceof HdfsError && error.code === 'HDFS_PROTOCOL';
    return elsewhere
      ? { ...finding, hint: 'Behind Knox the path is longer: --hdfs-base-path /gateway/TOPOLOGY/webhdfs/v1.' }
      : finding;
  }
}
