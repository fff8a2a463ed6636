// A secured HDFS for tests: Kerberos (MiniKdc), TLS alone by a private authority, client certificates wanted, block
// access tokens, delegation tokens that live for seconds. One name node, one data node, one KDC, each a JVM.
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { Authority, type Pem } from './certificates.ts';
import { Daemon, type Properties } from './daemon.ts';
import { freePorts, Guard } from './guard.ts';
import { hadoopClasspath } from './install.mjs';

const REALM = 'TRIBUTARY.TEST';
const DATA_NODE = 'dn1.hdfs.invalid';
const READY_MS = 100_000;

export class SecuredCluster {
  /** `swebhdfs://localhost:PORT` */
  readonly url: string;
  readonly hostMap = `${DATA_NODE}=127.0.0.1`;
  readonly dataNode = DATA_NODE;
  /** Lifetime of a delegation token, ms. */
  readonly tokenMs: number;
  readonly authority: Authority;
  readonly client: Pem;
  /** What the Kerberos libraries of a process need to be alice, without kinit. */
  readonly env: Readonly<Record<string, string>>;

  readonly #folder: string;
  readonly #guard: Guard;
  readonly #https: string;
  readonly #kdc: Daemon;
  readonly #nameNode: Daemon;
  readonly #dataNode: Daemon;
  readonly #kdcArguments: readonly string[];
  readonly #keytab: string;

  constructor(tokenMs: number, ports: readonly number[]) {
    this.tokenMs = tokenMs;
    this.#folder = mkdtempSync(join(tmpdir(), 'tributary-secured-'));
    this.#guard = new Guard(this.#folder);
    const [kdc, rpc, https, transfer, ipc, dataHttps] = ports;
    this.#https = `localhost:${https}`;
    this.url = `swebhdfs://${this.#https}`;
    this.authority = new Authority(this.#folder, 'authority');
    this.client = this.authority.issue('client', ['client']);

    this.#keytab = join(this.#folder, 'keytab');
    const krb5 = join(this.#folder, 'krb5.conf');
    writeFileSync(
      krb5,
      `[libdefaults]\n default_realm = ${REALM}\n udp_preference_limit = 1\n dns_canonicalize_hostname = false\n rdns = false\n` +
        `[realms]\n ${REALM} = {\n  kdc = localhost:${kdc}\n }\n`,
    );
    this.env = {
      KRB5_CONFIG: krb5,
      KRB5_CLIENT_KTNAME: `FILE:${this.#keytab}`,
      KRB5CCNAME: `FILE:${join(this.#folder, 'tickets')}`,
    };
    const properties = join(this.#folder, 'kdc.properties');
    writeFileSync(
      properties,
      `kdc.port=${kdc}\nkdc.bind.address=localhost\norg.name=TRIBUTARY\norg.domain=TEST\ninstance=DefaultKrbServer\n` +
        'max.ticket.lifetime=86400000\nmax.renewable.lifetime=604800000\ntransport=TCP\ndebug=false\n',
    );
    mkdirSync(join(this.#folder, 'kdc-work'));
    // The first principal of the keytab is who clients are.
    const principals = ['alice', 'nn/localhost', 'dn/localhost', 'HTTP/localhost'];
    this.#kdcArguments = [join(this.#folder, 'kdc-work'), properties, this.#keytab, ...principals];

    const secret = join(this.#folder, 'cookie-secret');
    writeFileSync(secret, 'signs cookies of the tests\n');
    const core: Properties = {
      'fs.defaultFS': `hdfs://localhost:${rpc}`,
      'hadoop.tmp.dir': join(this.#folder, 'tmp'),
      'hadoop.security.authentication': 'kerberos',
      'hadoop.http.authentication.type': 'kerberos',
      'hadoop.http.authentication.kerberos.principal': `HTTP/localhost@${REALM}`,
      'hadoop.http.authentication.kerberos.keytab': this.#keytab,
      'hadoop.http.authentication.signature.secret.file': secret,
      'hadoop.user.group.static.mapping.overrides': 'alice=supergroup;nn=supergroup;dn=',
    };
    const hdfs: Properties = {
      'dfs.http.policy': 'HTTPS_ONLY',
      'dfs.client.https.need-auth': true,
      'dfs.block.access.token.enable': true,
      'dfs.data.transfer.protection': 'authentication',
      'dfs.namenode.rpc-address': `localhost:${rpc}`,
      'dfs.namenode.https-address': this.#https,
      'dfs.namenode.kerberos.principal': `nn/localhost@${REALM}`,
      'dfs.namenode.keytab.file': this.#keytab,
      'dfs.datanode.kerberos.principal': `dn/localhost@${REALM}`,
      'dfs.datanode.keytab.file': this.#keytab,
      'dfs.web.authentication.kerberos.principal': `HTTP/localhost@${REALM}`,
      'dfs.web.authentication.kerberos.keytab': this.#keytab,
      'dfs.namenode.delegation.token.renew-interval': tokenMs,
      'dfs.namenode.delegation.token.max-lifetime': tokenMs,
      'dfs.replication': 1,
      'dfs.namenode.datanode.registration.ip-hostname-check': false,
      'dfs.namenode.safemode.extension': 0,
      'dfs.heartbeat.interval': 1,
    };
    const sites = { 'ssl-server.xml': this.authority.sslServer(['localhost', DATA_NODE]) };
    const classpath = hadoopClasspath();
    const jvm = ['-Xmx256m', `-Djava.security.krb5.conf=${krb5}`];
    const daemon = (name: string, mainClass: string, own: Properties): Daemon =>
      new Daemon(
        { name, folder: join(this.#folder, name), classpath, mainClass, core, hdfs: { ...hdfs, ...own }, sites, jvm },
        (pid) => this.#guard.watch(pid),
      );
    this.#kdc = daemon('kdc', 'org.apache.hadoop.minikdc.MiniKdc', {});
    this.#nameNode = daemon('nn', 'org.apache.hadoop.hdfs.server.namenode.NameNode', {
      'dfs.namenode.name.dir': join(this.#folder, 'nn', 'name'),
    });
    this.#dataNode = daemon('dn', 'org.apache.hadoop.hdfs.server.datanode.DataNode', {
      'dfs.datanode.data.dir': join(this.#folder, 'dn', 'data'),
      'dfs.datanode.address': `127.0.0.1:${transfer}`,
      'dfs.datanode.ipc.address': `127.0.0.1:${ipc}`,
      'dfs.datanode.https.address': `127.0.0.1:${dataHttps}`,
      'dfs.datanode.hostname': DATA_NODE,
    });
  }

  async start(): Promise<void> {
    this.#kdc.start(this.#kdcArguments);
    await this.#until(this.#kdc, () => this.#kdc.logTail().includes('Standalone MiniKdc Running'));
    this.#nameNode.start(['-format', '-force', '-nonInteractive']);
    const formatted = await this.#nameNode.ended();
    if (formatted !== 0) throw new Error(`the name node could not format (${formatted}):\n${this.#nameNode.logTail()}`);
    this.#nameNode.start();
    this.#dataNode.start();
    await this.#until(this.#nameNode, async () => {
      const status = await this.curl(`https://${this.#https}/jmx?qry=Hadoop:service=NameNode,name=FSNamesystemState`);
      // A data node that has registered takes no block before its first heartbeat tells of room.
      return [/"NumLiveDataNodes" : 1,/, /"CapacityTotal" : [1-9]/, /"FSState" : "Operational"/].every((each) =>
        each.test(status),
      );
    });
  }

  /** What an operator does: curl with Kerberos and a client certificate. Resolves with what it printed. */
  async curl(...args: readonly string[]): Promise<string> {
    const { cert, key } = this.client;
    const { stdout } = await promisify(execFile)(
      'curl',
      ['-sS', '--negotiate', '-u', ':', '--cacert', this.authority.cert, '--cert', cert, '--key', key, ...args],
      { env: { ...process.env, ...this.env } },
    );
    return stdout;
  }

  /** A fresh delegation token of alice's, as `urlString`. */
  async token(): Promise<string> {
    const answer = await this.curl(`https://${this.#https}/webhdfs/v1/?op=GETDELEGATIONTOKEN&renewer=alice`);
    const { Token } = JSON.parse(answer) as { Token: { urlString: string } };
    return Token.urlString;
  }

  /** Writes a file as alice. */
  async put(path: string, bytes: Uint8Array): Promise<void> {
    const file = join(this.#folder, 'upload');
    writeFileSync(file, bytes);
    const address = `https://${this.#https}/webhdfs/v1${path}?op=CREATE&overwrite=true`;
    const elsewhere = ['-L', '--resolve', `${DATA_NODE}:${this.#dataPort()}:127.0.0.1`];
    const said = await this.curl('-X', 'PUT', '-T', file, ...elsewhere, '-w', '%{http_code}', address);
    if (!said.endsWith('201')) throw new Error(`cannot write ${path}: ${said}`);
  }

  #dataPort(): string {
    const site = readFileSync(join(this.#folder, 'dn', 'conf', 'hdfs-site.xml'), 'utf8');
    return /dfs\.datanode\.https\.address<\/name><value>[^:]*:(\d+)/.exec(site)?.[1] ?? '';
  }

  async #until(daemon: Daemon, ready: () => boolean | Promise<boolean>): Promise<void> {
    const deadline = Date.now() + READY_MS;
    let last: unknown = 'not ready';
    for (;;) {
      try {
        if (await ready()) return;
      } catch (error) {
        // Not listening yet: told when the deadline has passed.
        last = error;
      }
      const dead = [this.#kdc, this.#nameNode, this.#dataNode].find(({ running }) => !running);
      if (Date.now() > deadline || !daemon.running)
        throw new Error(`the secured cluster does not start (${String(last)}):\n${(dead ?? daemon).logTail(60)}`);
      await sleep(150);
    }
  }

  async stop(): Promise<void> {
    await Promise.all([this.#kdc, this.#nameNode, this.#dataNode].map((daemon) => daemon.kill()));
    this.#guard.dismiss();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

/** Starts one; call `stop()` in the end. It also ends with this process. */
export async function startSecuredCluster(tokenMs: number): Promise<SecuredCluster> {
  const cluster = new SecuredCluster(tokenMs, await freePorts(6));
  try {
    await cluster.start();
    return cluster;
  } catch (error) {
    await cluster.stop();
    throw error;
  }
}
