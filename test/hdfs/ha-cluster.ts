// A highly available HDFS for tests: two name nodes that share their edits in a folder, and one data node.
import { cpSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { HdfsAddress } from './cluster.ts';
import { Daemon, type Properties } from './daemon.ts';
import { freePorts, Guard } from './guard.ts';
import { commonProperties, dataNodeProperties, nameNodeState } from './hadoop.ts';
import { hadoopClasspath } from './install.mjs';

const READY_MS = 120_000;
const SERVICE = 'lab';

interface NameNode {
  readonly daemon: Daemon;
  /** host:port of its web address. */
  readonly http: string;
}

/** Name nodes are numbered 1 and 2. Neither is active until `activate`. */
export class HaCluster implements HdfsAddress {
  /** Both name nodes: `webhdfs://127.0.0.1:P1,127.0.0.1:P2`. */
  readonly url: string;
  readonly hostMap = 'dn1.hdfs.invalid=127.0.0.1';
  readonly superuser = userInfo().username;
  readonly fileSystem = `hdfs://${SERVICE}`;

  readonly #folder: string;
  readonly #guard: Guard;
  readonly #nameNodes: readonly [NameNode, NameNode];
  readonly #dataNode: Daemon;
  readonly #admin: Daemon;
  readonly #atExit = (): void => {
    for (const daemon of this.#daemons) daemon.killNow();
  };

  constructor(ports: readonly number[], classpath: string) {
    const folder = mkdtempSync(join(tmpdir(), 'tributary-ha-'));
    this.#folder = folder;
    this.#guard = new Guard(folder);
    const take = ports.values();
    const address = (): string => `127.0.0.1:${take.next().value}`;
    const ids = ['nn1', 'nn2'] as const;
    const http = ids.map(address);
    const shared: Properties = {
      ...commonProperties(1),
      'dfs.nameservices': SERVICE,
      [`dfs.ha.namenodes.${SERVICE}`]: ids.join(','),
      ...Object.fromEntries(ids.map((id) => [`dfs.namenode.rpc-address.${SERVICE}.${id}`, address()])),
      ...Object.fromEntries(ids.map((id, k) => [`dfs.namenode.http-address.${SERVICE}.${id}`, http[k] ?? ''])),
      'dfs.namenode.shared.edits.dir': `file://${join(folder, 'shared')}`,
      [`dfs.client.failover.proxy.provider.${SERVICE}`]:
        'org.apache.hadoop.hdfs.server.namenode.ha.ConfiguredFailoverProxyProvider',
      // No fencing: whoever is to be fenced is dead, or steps back by itself.
      'dfs.ha.fencing.methods': 'shell(/bin/true)',
      'dfs.ha.automatic-failover.enabled': false,
      'dfs.ha.tail-edits.period': 1,
      // A data node that finds no active name node looks again after that (0.5 to 15 s by default).
      'dfs.client.failover.sleep.base.millis': 100,
      'dfs.client.failover.sleep.max.millis': 1_000,
    };
    const core: Properties = { 'fs.defaultFS': this.fileSystem, 'hadoop.tmp.dir': join(folder, 'tmp') };
    const daemon = (name: string, mainClass: string, own: Properties): Daemon =>
      new Daemon({ name, folder: join(folder, name), classpath, mainClass, core, hdfs: { ...shared, ...own } }, (pid) =>
        this.#guard.watch(pid),
      );
    const nameNode = (k: 0 | 1): NameNode => ({
      http: http[k] ?? '',
      daemon: daemon(ids[k], 'org.apache.hadoop.hdfs.server.namenode.NameNode', {
        'dfs.ha.namenode.id': ids[k],
        'dfs.namenode.name.dir': join(folder, ids[k], 'name'),
      }),
    });
    this.#nameNodes = [nameNode(0), nameNode(1)];
    this.#dataNode = daemon(
      'dn1',
      'org.apache.hadoop.hdfs.server.datanode.DataNode',
      dataNodeProperties(folder, 'dn1', address),
    );
    this.#admin = daemon('admin', 'org.apache.hadoop.hdfs.tools.DFSHAAdmin', {});
    this.url = `webhdfs://${http.join(',')}`;
    process.once('exit', this.#atExit);
  }

  get #daemons(): readonly Daemon[] {
    return [...this.#nameNodes.map(({ daemon }) => daemon), this.#dataNode, this.#admin];
  }

  /** The address of one name node alone. */
  urlOf(k: 1 | 2): string {
    return `webhdfs://${this.#nameNode(k).http}`;
  }

  /** Formats and starts everything; resolves when both name nodes know the data node. Both are standby then. */
  async start(): Promise<void> {
    const [{ daemon: first }] = this.#nameNodes;
    mkdirSync(join(this.#folder, 'shared'));
    await finished(first, ['-format', '-force', '-nonInteractive']);
    // What -bootstrapStandby would fetch from the first one.
    cpSync(join(this.#folder, 'nn1', 'name'), join(this.#folder, 'nn2', 'name'), { recursive: true });
    for (const { daemon } of this.#nameNodes) daemon.start();
    this.#dataNode.start();
    await Promise.all([this.ready(1), this.ready(2)]);
  }

  /** Waits until the name node is out of safe mode and knows the data node. */
  async ready(k: 1 | 2): Promise<void> {
    const { daemon, http } = this.#nameNode(k);
    const deadline = Date.now() + READY_MS;
    for (;;) {
      const state = await nameNodeState(http);
      if (state === 'Operational, 1 live') return;
      if (!daemon.running || Date.now() > deadline)
        throw new Error(`${daemon.name} is not ready (${state}):\n${daemon.logTail()}`);
      await sleep(150);
    }
  }

  /** Makes a name node the active one. The other is left as it is: call `standBy` first, or have it dead. */
  async activate(k: 1 | 2): Promise<void> {
    // Forced, as the other one is not asked then: it may be dead.
    await finished(this.#admin, ['-transitionToActive', '--forceactive', `nn${k}`]);
  }

  async standBy(k: 1 | 2): Promise<void> {
    await finished(this.#admin, ['-transitionToStandby', `nn${k}`]);
  }

  /** A graceful fail-over: the one steps back, then the other is activated. */
  async failOver(from: 1 | 2, to: 1 | 2): Promise<void> {
    await finished(this.#admin, ['-failover', `nn${from}`, `nn${to}`]);
  }

  /** SIGKILL. */
  async killNameNode(k: 1 | 2): Promise<void> {
    await this.#nameNode(k).daemon.kill();
  }

  /** Starts a killed name node; it is in start-up for a while, and then a standby. */
  startNameNode(k: 1 | 2): void {
    this.#nameNode(k).daemon.start();
  }

  async stop(): Promise<void> {
    process.removeListener('exit', this.#atExit);
    await Promise.all(this.#daemons.map((daemon) => daemon.kill()));
    this.#guard.dismiss();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #nameNode(k: 1 | 2): NameNode {
    return this.#nameNodes[k === 1 ? 0 : 1];
  }
}

/** Runs a daemon's program to its end. Throws with its log unless it ends well. */
async function finished(daemon: Daemon, args: readonly string[]): Promise<void> {
  daemon.start(args);
  const code = await daemon.ended();
  if (code !== 0) throw new Error(`${daemon.name} ${args.join(' ')} ended with ${code}:\n${daemon.logTail()}`);
}

/** Starts a cluster whose first name node is active. Call `stop()` in the end; it also ends with this process. */
export async function startHaCluster(): Promise<HaCluster> {
  const cluster = new HaCluster(await freePorts(7), hadoopClasspath());
  try {
    await cluster.start();
    await cluster.activate(1);
    return cluster;
  } catch (error) {
    await cluster.stop();
    throw error;
  }
}
