// What every test cluster says to Hadoop's daemons, and how it asks a name node for its state.
import { userInfo } from 'node:os';
import { join } from 'node:path';
import type { Properties } from './daemon.ts';

const BLOCK_BYTES = 1 << 20;

/** hdfs-site.xml of every daemon; `replication` is the copies of a block. */
export function commonProperties(replication: number): Properties {
  return {
    'dfs.replication': replication,
    'dfs.blocksize': BLOCK_BYTES,
    'dfs.namenode.fs-limits.min-block-size': 65_536,
    'dfs.permissions.superusergroup': userInfo().username,
    'dfs.namenode.datanode.registration.ip-hostname-check': false,
    'dfs.namenode.safemode.extension': 0,
    'dfs.heartbeat.interval': 1,
    'dfs.namenode.heartbeat.recheck-interval': 2_000,
    // A node just thawed counts as live although the name node has not heard of it for long: such are stale.
    'dfs.namenode.stale.datanode.interval': 3_000,
    // Small pages, so that a directory of a few dozen entries takes several.
    'dfs.ls.limit': 20,
    // A data node that serves a block from a hung neighbour looks elsewhere after this (60 s by default),
    // and when it finds no replica at all, it asks again after about that (3 s by default).
    'dfs.client.socket-timeout': 2_000,
    'dfs.client.retry.window.base': 200,
  };
}

/** hdfs-site.xml of a data node besides; `address` gives a new host:port at each call. */
export function dataNodeProperties(folder: string, name: string, address: () => string): Properties {
  return {
    'dfs.datanode.data.dir': join(folder, name, 'data'),
    'dfs.datanode.address': address(),
    'dfs.datanode.http.address': address(),
    'dfs.datanode.ipc.address': address(),
    // Redirects name a host that no resolver knows, as clusters in containers and clouds do.
    'dfs.datanode.hostname': `${name}.hdfs.invalid`,
  };
}

/** Such as `Operational, 3 live` or `safeMode, 2 live, 1 silent`; what went wrong when it does not tell. */
export async function nameNodeState(http: string): Promise<string> {
  try {
    const answer = await fetch(`http://${http}/jmx?qry=Hadoop:service=NameNode,name=FSNamesystemState`);
    const { beans } = (await answer.json()) as {
      beans: { FSState: string; NumLiveDataNodes: number; NumStaleDataNodes: number }[];
    };
    const [bean] = beans;
    if (bean === undefined) return 'starting';
    return `${bean.FSState}, ${bean.NumLiveDataNodes} live${bean.NumStaleDataNodes === 0 ? '' : `, ${bean.NumStaleDataNodes} silent`}`;
  } catch (error) {
    // Not listening yet: the caller keeps asking until its deadline and then reports this.
    return String(error);
  }
}

/** `RUNNING` when a data node serves and is registered with its name node; else what it says, or what went wrong. */
export async function dataNodeState(http: string): Promise<string> {
  try {
    const answer = await fetch(`http://${http}/jmx?qry=Hadoop:service=DataNode,name=DataNodeInfo`);
    const { beans } = (await answer.json()) as { beans: { BPServiceActorInfo: string }[] };
    const actors = JSON.parse(beans[0]?.BPServiceActorInfo ?? '[]') as { ActorState: string }[];
    return actors[0]?.ActorState ?? 'starting';
  } catch (error) {
    // Not listening yet: the caller keeps asking until its deadline and then reports this.
    return String(error);
  }
}
