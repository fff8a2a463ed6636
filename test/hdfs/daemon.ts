// One Hadoop daemon as a child process: its configuration files, its JVM, its log.
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, openSync, closeSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export type Properties = Readonly<Record<string, string | number | boolean>>;

export interface DaemonPlan {
  /** Short name, also of its folder: `nn`, `dn1`. */
  readonly name: string;
  /** Folder for configuration, log and data; made when missing. */
  readonly folder: string;
  readonly classpath: string;
  readonly mainClass: string;
  /** core-site.xml */
  readonly core: Properties;
  /** hdfs-site.xml */
  readonly hdfs: Properties;
  /** Further site files by name, such as `ssl-server.xml`. */
  readonly sites?: Readonly<Record<string, Properties>>;
  /** Further arguments of the JVM; the last -Xmx counts. */
  readonly jvm?: readonly string[];
}

// Quick start over peak speed: these JVMs live for minutes and share two cores with the tests.
const JVM = [
  '-Xmx384m',
  '-XX:+UseSerialGC',
  '-XX:TieredStopAtLevel=1',
  '-XX:-UsePerfData',
  '-Xshare:auto',
  '--add-opens=java.base/java.lang=ALL-UNNAMED',
  '-Djava.net.preferIPv4Stack=true',
];

const LOG4J = `log4j.rootLogger=INFO,console
log4j.appender.console=org.apache.log4j.ConsoleAppender
log4j.appender.console.target=System.err
log4j.appender.console.layout=org.apache.log4j.PatternLayout
log4j.appender.console.layout.ConversionPattern=%d{ISO8601} %-5p %c{2} - %m%n
`;

function siteXml(properties: Properties): string {
  const escape = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
  const rows = Object.entries(properties).map(
    ([name, value]) => `  <property><name>${escape(name)}</name><value>${escape(String(value))}</value></property>`,
  );
  return `<?xml version="1.0"?>\n<configuration>\n${rows.join('\n')}\n</configuration>\n`;
}

export class Daemon {
  readonly #plan: DaemonPlan;
  readonly #onStart: (pid: number) => void;
  #child: ChildProcess | undefined;
  #frozen = false;

  /** `onStart` hears of every JVM, so that someone else can end it if this process cannot. */
  constructor(plan: DaemonPlan, onStart: (pid: number) => void) {
    this.#plan = plan;
    this.#onStart = onStart;
    const conf = join(plan.folder, 'conf');
    mkdirSync(conf, { recursive: true });
    mkdirSync(join(plan.folder, 'tmp'));
    writeFileSync(join(conf, 'core-site.xml'), siteXml(plan.core));
    writeFileSync(join(conf, 'hdfs-site.xml'), siteXml(plan.hdfs));
    for (const [name, site] of Object.entries(plan.sites ?? {})) writeFileSync(join(conf, name), siteXml(site));
    writeFileSync(join(conf, 'log4j.properties'), LOG4J);
  }

  get name(): string {
    return this.#plan.name;
  }

  get running(): boolean {
    return this.#child !== undefined && this.#child.exitCode === null && this.#child.signalCode === null;
  }

  start(args: readonly string[] = []): void {
    if (this.running) throw new Error(`${this.name} is running already`);
    const { folder, classpath, mainClass, jvm } = this.#plan;
    const log = openSync(join(folder, 'log'), 'a');
    const child = spawn(
      'java',
      [
        ...JVM,
        ...(jvm ?? []),
        `-Dhadoop.log.dir=${folder}`,
        `-Djava.io.tmpdir=${join(folder, 'tmp')}`,
        '-cp',
        `${join(folder, 'conf')}:${classpath}`,
        mainClass,
        ...args,
      ],
      { stdio: ['ignore', log, log], cwd: folder },
    );
    closeSync(log);
    this.#child = child;
    this.#frozen = false;
    // A failed spawn shows as a daemon that is not running; whoever waits for it says so with the log.
    child.on('error', (error) => writeFileSync(join(folder, 'log'), `${error.message}\n`, { flag: 'a' }));
    if (child.pid !== undefined) this.#onStart(child.pid);
  }

  /** Resolves with the exit code (or the signal's name) once the process is gone. */
  async ended(): Promise<number | string> {
    const child = this.#child;
    if (child === undefined) return 0;
    if (this.running) await new Promise((resolve) => child.once('exit', resolve));
    return child.signalCode ?? child.exitCode ?? 0;
  }

  /** SIGKILL: sockets are reset, nothing is flushed. Resolves when the process is gone. */
  async kill(): Promise<void> {
    if (!this.running) return;
    this.#child?.kill('SIGKILL');
    await this.ended();
  }

  /** SIGSTOP: connections stay open and silent, as with a hung machine. */
  freeze(): void {
    this.#child?.kill('SIGSTOP');
    this.#frozen = true;
  }

  thaw(): void {
    if (this.#frozen) this.#child?.kill('SIGCONT');
    this.#frozen = false;
  }

  /** Kills without waiting, for an exit handler. */
  killNow(): void {
    if (this.running) this.#child?.kill('SIGKILL');
  }

  /** The last lines of its log, to put into an error. */
  logTail(lines = 40): string {
    return readFileSync(join(this.#plan.folder, 'log'), 'utf8').trimEnd().split('\n').slice(-lines).join('\n');
  }
}
