// A real HDFS for tests: one name node and several data nodes, each a JVM of its own on loopback.
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { UserName } from '../../coordinator/corpus/webhdfs/authentication.ts';
import { WebHdfsClient } from '../../coordinator/corpus/webhdfs/client.ts';
import { parseHostMap } from '../../coordinator/corpus/host-map.ts';
import { Daemon, type Properties } from './daemon.ts';
import { freePorts, Guard } from './guard.ts';
import { commonProperties, dataNodeProperties, dataNodeState, nameNodeState } from './hadoop.ts';
import { hadoopClasspath } from './install.mjs';
import { type Job, runJob } from './jobs.ts';

export interface HdfsOptions {
  readonly dataNodes: number;
  /** Copies of a block; 2 unless told, so that one data node may die. */
  readonly replication?: number;
}

/** What a test needs to know; structured-cloneable, so that it can be handed to test workers. */
export interface HdfsAddress {
  /** `webhdfs://127.0.0.1:PORT`, to be followed by an absolute path. */
  readonly url: string;
  /** `hdfs://127.0.0.1:PORT`, as Hadoop's own clients reach it. */
  readonly fileSystem: string;
  /** The `--hdfs-host-map` without which no data node's name resolves. */
  readonly hostMap: string;
  /** The user who owns `/`; any other name is an ordinary stranger. */
  readonly superuser: string;
}

const READY_MS = 120_000;

export class HdfsCluster implements HdfsAddress {
  readonly url: string;
  readonly fileSystem: string;
  readonly hostMap: string;
  readonly superuser = userInfo().username;
  /** Milliseconds from the first JVM's start until every data node served. */
  startMs = 0;

  readonly #folder: string;
  readonly #guard: Guard;
  readonly #nameNode: Daemon;
  readonly #dataNodes: readonly Daemon[];
  readonly #http: string;
  /** host:port of each data node's web server. */
  readonly #dataNodesHttp: readonly string[];
  readonly #classpath: string;
  readonly #atExit = (): void => this.#killAllNow();

  constructor(options: HdfsOptions, ports: readonly number[], classpath: string) {
    this.#folder = mkdtempSync(join(tmpdir(), 'tributary-hdfs-'));
    this.#guard = new Guard(this.#folder);
    const take = ports.values();
    const address = (): string => `127.0.0.1:${take.next().value}`;
    const [rpc, http] = [address(), address()];
    this.#http = http;
    this.fileSystem = `hdfs://${rpc}`;
    this.#classpath = classpath;
    this.url = `webhdfs://${http}`;
    const names = Array.from({ length: options.dataNodes }, (_, k) => `dn${k + 1}`);
    this.hostMap = names.map((name) => `${name}.hdfs.invalid=127.0.0.1`).join(',');

    const core: Properties = {
      'fs.defaultFS': this.fileSystem,
      'hadoop.tmp.dir': join(this.#folder, 'tmp'),
      // A gateway in front of the cluster runs as the superuser and asks in the name of others.
      [`hadoop.proxyuser.${this.superuser}.hosts`]: '*',
      [`hadoop.proxyuser.${this.superuser}.groups`]: '*',
    };
    const common: Properties = {
      'dfs.namenode.rpc-address': rpc,
      'dfs.namenode.http-address': http,
      ...commonProperties(options.replication ?? 2),
    };
    const daemon = (name: string, mainClass: string, own: Properties): Daemon =>
      new Daemon(
        { name, folder: join(this.#folder, name), classpath, mainClass, core, hdfs: { ...common, ...own } },
        (pid) => this.#guard.watch(pid),
      );
    this.#nameNode = daemon('nn', 'org.apache.hadoop.hdfs.server.namenode.NameNode', {
      'dfs.namenode.name.dir': join(this.#folder, 'nn', 'name'),
    });
    const properties = names.map((name) => dataNodeProperties(this.#folder, name, address));
    this.#dataNodesHttp = properties.map((own) => String(own['dfs.datanode.http.address']));
    this.#dataNodes = names.map((name, k) =>
      daemon(name, 'org.apache.hadoop.hdfs.server.datanode.DataNode', properties[k]!),
    );
    process.once('exit', this.#atExit);
  }

  /** Formats and starts everything; resolves when a file has been written to it. */
  async start(): Promise<void> {
    const began = Date.now();
    this.#nameNode.start(['-format', '-force', '-nonInteractive']);
    const formatted = await this.#nameNode.ended();
    if (formatted !== 0) throw new Error(`the name node could not format (${formatted}):\n${this.#nameNode.logTail()}`);
    this.#nameNode.start();
    for (const dataNode of this.#dataNodes) dataNode.start();
    await this.waitForLive(this.#dataNodes.length);
    await this.put('/.ready', new TextEncoder().encode('ready\n'));
    this.startMs = Date.now() - began;
  }

  /** Waits until the name node is out of safe mode and counts exactly `count` live data nodes, none of them silent. */
  async waitForLive(count: number, timeoutMs = READY_MS): Promise<void> {
    const deadline = Date.now() + timeoutMs;
    let last = 'no answer';
    for (;;) {
      if (!this.#nameNode.running) throw new Error(`the name node ended:\n${this.#nameNode.logTail()}`);
      last = await nameNodeState(this.#http);
      if (last === `Operational, ${count} live`) return;
      if (Date.now() > deadline) {
        const dead = this.#dataNodes.find((dataNode) => !dataNode.running) ?? this.#nameNode;
        throw new Error(`HDFS is not ready after ${timeoutMs} ms (${last}); log of ${dead.name}:\n${dead.logTail()}`);
      }
      await sleep(150);
    }
  }

  /** Writes a file as the superuser, replacing what is there; parents are made. */
  async put(path: string, bytes: Uint8Array): Promise<void> {
    await putFile(this, path, bytes);
  }

  /** Runs one of Hadoop's own jobs on this cluster to its end; answers what it logged. */
  async runJob(job: Job): Promise<string> {
    const watch = (pid: number): void => this.#guard.watch(pid);
    return runJob({ fileSystem: this.fileSystem, folder: this.#folder, classpath: this.#classpath, watch }, job);
  }

  /** Data nodes are numbered from 1, as in their names `dn1.hdfs.invalid`. */
  #dataNode(k: number): Daemon {
    const dataNode = this.#dataNodes[k - 1];
    if (dataNode === undefined) throw new Error(`there is no data node ${k}; there are ${this.#dataNodes.length}`);
    return dataNode;
  }

  async killDataNode(k: number): Promise<void> {
    await this.#dataNode(k).kill();
  }

  freezeDataNode(k: number): void {
    this.#dataNode(k).freeze();
  }

  thawDataNode(k: number): void {
    this.#dataNode(k).thaw();
  }

  /** Brings a killed or frozen data node back and waits until it serves and the name node counts all of them. */
  async restartDataNode(k: number, timeoutMs = READY_MS): Promise<void> {
    const dataNode = this.#dataNode(k);
    dataNode.thaw();
    if (!dataNode.running) dataNode.start();
    // The name node counts one that was killed a moment ago as live still: the data node itself must say so.
    const deadline = Date.now() + timeoutMs;
    for (;;) {
      const state = await dataNodeState(this.#dataNodesHttp[k - 1]!);
      if (state === 'RUNNING') break;
      if (Date.now() > deadline)
        throw new Error(`${dataNode.name} is not back after ${timeoutMs} ms (${state}):\n${dataNode.logTail()}`);
      await sleep(150);
    }
    await this.waitForLive(this.#dataNodes.length);
  }

  /**
   * Flips bytes in the middle of the replicas whose block holds `marker`, on `copies` data nodes. Their
   * checksums stay, so that a reader notices. Throws when there are not that many.
   */
  damageReplicas(marker: string, copies: number): void {
    let left = copies;
    for (const dataNode of this.#dataNodes) {
      if (left > 0 && damageBlock(join(this.#folder, dataNode.name, 'data'), Buffer.from(marker))) left -= 1;
    }
    if (left > 0) throw new Error(`${left} replicas with ${marker} are missing`);
  }

  async stop(): Promise<void> {
    process.removeListener('exit', this.#atExit);
    await Promise.all([this.#nameNode, ...this.#dataNodes].map((daemon) => daemon.kill()));
    this.#guard.dismiss();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #killAllNow(): void {
    for (const daemon of [this.#nameNode, ...this.#dataNodes]) daemon.killNow();
  }
}

/** Damages the first block file below `folder` that holds the marker; false when none does. */
function damageBlock(folder: string, marker: Buffer): boolean {
  const name = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((path) => /(^|\/)blk_\d+$/.test(path))
    .find((path) => readFileSync(join(folder, path)).includes(marker));
  if (name === undefined) return false;
  const bytes = readFileSync(join(folder, name));
  const middle = bytes.length >> 1;
  for (let at = middle; at < middle + 8; at += 1) bytes[at] = (bytes[at] ?? 0) ^ 0xff;
  writeFileSync(join(folder, name), bytes);
  return true;
}

/** Writes a file as the superuser through the coordinator's own client. */
export async function putFile(hdfs: HdfsAddress, path: string, bytes: Uint8Array): Promise<void> {
  const client = new WebHdfsClient({
    nameNodes: [hdfs.url.replace('webhdfs:', 'http:')],
    authentication: new UserName(hdfs.superuser),
    redirects: { hostMap: parseHostMap(hdfs.hostMap), hosts: undefined },
  });
  try {
    await client.create(path, bytes, { overwrite: true });
  } finally {
    client.close();
  }
}

/** Starts a cluster and resolves when it serves. Call `stop()` in the end; it also ends with this process. */
export async function startHdfs(options: HdfsOptions = { dataNodes: 3 }): Promise<HdfsCluster> {
  const classpath = hadoopClasspath();
  const cluster = new HdfsCluster(options, await freePorts(2 + 3 * options.dataNodes), classpath);
  try {
    await cluster.start();
    return cluster;
  } catch (error) {
    await cluster.stop();
    throw error;
  }
}
