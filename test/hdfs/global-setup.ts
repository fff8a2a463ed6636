// Vitest global setup: one real HDFS (a name node and three data nodes) for the whole end-to-end suite.
//
// A test file gets at it with `sharedHdfs()` of shared.ts:
//
//     import { sharedHdfs } from '../hdfs/shared.ts';
//     const hdfs = sharedHdfs();
//     await hdfs.put('/mine/corpus.txt', bytes);              // parents are made; use a folder of your own
//     openCorpus([`${hdfs.url}/mine`], { hdfsUser: hdfs.superuser, hdfsHostMap: parseHostMap(hdfs.hostMap) });
//     // on a command line: train ${hdfs.url}/mine --hdfs-user ${hdfs.superuser} --hdfs-host-map ${hdfs.hostMap}
//     await hdfs.killDataNode(2); … await hdfs.restartDataNode(2);   // 1 to 3; always restart in afterEach
//     await hdfs.runJob({ mainClass: 'org.apache.hadoop.examples.WordCount', args: ['/mine/corpus.txt', '/mine/out'] });
//     await hdfs.damageReplicas('MARKER', 1);                 // flips bytes of a block that holds this word
//
// Blocks are 1 MiB, every block has two replicas, names of data nodes resolve nowhere. Test files run in
// other processes, so data nodes are controlled through a small HTTP endpoint on loopback.
import { createServer, type IncomingMessage } from 'node:http';
import { json } from 'node:stream/consumers';
import type { TestProject } from 'vitest/node';
import { type HdfsAddress, type HdfsCluster, startHdfs } from './cluster.ts';
import type { Job } from './jobs.ts';

declare module 'vitest' {
  interface ProvidedContext {
    hdfs: HdfsAddress & { readonly control: string };
  }
}

/** Answers what there is to say. */
async function obey(cluster: HdfsCluster, request: IncomingMessage): Promise<string> {
  const command = request.url ?? '';
  if (command === '/job') return cluster.runJob((await json(request)) as Job);
  await control(cluster, command);
  return 'done';
}

async function control(cluster: HdfsCluster, command: string): Promise<void> {
  const [, marker, copies] = /^\/damage\/(\w+)\/(\d+)$/.exec(command) ?? [];
  if (marker !== undefined) {
    cluster.damageReplicas(marker, Number(copies));
    return;
  }
  const [, action, k] = /^\/(kill|freeze|thaw|restart)\/(\d+)$/.exec(command) ?? [];
  const dataNode = Number(k);
  if (action === 'kill') await cluster.killDataNode(dataNode);
  else if (action === 'freeze') cluster.freezeDataNode(dataNode);
  else if (action === 'thaw') cluster.thawDataNode(dataNode);
  else if (action === 'restart') await cluster.restartDataNode(dataNode);
  else throw new Error(`no such command: ${command}`);
}

export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const cluster = await startHdfs({ dataNodes: 3 });
  const endpoint = createServer((request, response) => {
    obey(cluster, request).then(
      (answer) => response.end(answer),
      (error: unknown) => response.writeHead(500).end(String(error)),
    );
  });
  await new Promise<void>((resolve) => endpoint.listen(0, '127.0.0.1', resolve));
  const address = endpoint.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const { url, fileSystem, hostMap, superuser, startMs } = cluster;
  project.provide('hdfs', { url, fileSystem, hostMap, superuser, control: `http://127.0.0.1:${port}` });
  process.stderr.write(`hdfs tests: ${url} serves after ${(startMs / 1000).toFixed(1)} s\n`);
  return async () => {
    endpoint.close();
    await cluster.stop();
  };
}
