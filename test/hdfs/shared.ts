// The suite's HDFS as a test file sees it; see global-setup.ts.
import { inject } from 'vitest';
import { type HdfsAddress, putFile } from './cluster.ts';
import type { Job } from './jobs.ts';

export interface SharedHdfs extends HdfsAddress {
  /** Writes a file as the superuser, replacing what is there; parents are made. */
  put(path: string, bytes: Uint8Array): Promise<void>;
  /** A name-node operation by PUT, such as `('/p', 'SETPERMISSION', { permission: '700' })`. */
  change(path: string, op: string, parameters?: Readonly<Record<string, string>>): Promise<void>;
  remove(path: string): Promise<void>;
  /** SIGKILL. Data nodes are numbered from 1, as in `dn1.hdfs.invalid`. */
  killDataNode(k: number): Promise<void>;
  /** SIGSTOP: its connections stay open and silent. */
  freezeDataNode(k: number): Promise<void>;
  thawDataNode(k: number): Promise<void>;
  /** Brings a killed or frozen data node back; resolves when all are live again. */
  restartDataNode(k: number): Promise<void>;
  /** Flips bytes in the middle of that many replicas of the block that holds `marker` (letters and digits). */
  damageReplicas(marker: string, copies: number): Promise<void>;
  /** Runs one of Hadoop's own jobs on the cluster to its end; answers what it logged. */
  runJob(job: Job): Promise<string>;
}

/** The answer's text. */
async function checked(answer: Response): Promise<string> {
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${answer.url}: ${answer.status} ${text}`);
  return text;
}

export function sharedHdfs(): SharedHdfs {
  const { control, ...address } = inject('hdfs');
  const command = async (action: string, k: number): Promise<void> => {
    await checked(await fetch(`${control}/${action}/${k}`, { method: 'POST' }));
  };
  const nameNode = async (
    method: string,
    path: string,
    parameters: Readonly<Record<string, string>>,
  ): Promise<void> => {
    const query = new URLSearchParams({ ...parameters, 'user.name': address.superuser });
    const encoded = path.split('/').map(encodeURIComponent).join('/');
    await checked(
      await fetch(`${address.url.replace('webhdfs:', 'http:')}/webhdfs/v1${encoded}?${query.toString()}`, { method }),
    );
  };
  return {
    ...address,
    put: (path, bytes) => putFile(address, path, bytes),
    change: (path, op, parameters = {}) => nameNode('PUT', path, { op, ...parameters }),
    remove: (path) => nameNode('DELETE', path, { op: 'DELETE', recursive: 'true' }),
    killDataNode: (k) => command('kill', k),
    freezeDataNode: (k) => command('freeze', k),
    thawDataNode: (k) => command('thaw', k),
    restartDataNode: (k) => command('restart', k),
    damageReplicas: (marker, copies) => command(`damage/${marker}`, copies),
    runJob: async (job) => checked(await fetch(`${control}/job`, { method: 'POST', body: JSON.stringify(job) })),
  };
}
