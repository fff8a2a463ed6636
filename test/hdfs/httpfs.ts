// HttpFS, Hadoop's own gateway, in front of a test cluster: a JVM of its own that reads HDFS for its clients.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { HdfsAddress } from './cluster.ts';
import { Daemon } from './daemon.ts';
import { freePorts, Guard } from './guard.ts';
import { httpfsClasspath } from './install.mjs';

const READY_MS = 60_000;

export interface HttpFs {
  /** `webhdfs://127.0.0.1:PORT` */
  readonly url: string;
  stop(): Promise<void>;
}

/** Starts HttpFS; it must be stopped, and ends with this process. */
export async function startHttpFs(hdfs: HdfsAddress): Promise<HttpFs> {
  const [port] = await freePorts(1);
  const folder = mkdtempSync(join(tmpdir(), 'tributary-httpfs-'));
  const guard = new Guard(folder);
  const own = join(folder, 'httpfs');
  const conf = join(own, 'conf');
  const daemon = new Daemon(
    {
      name: 'httpfs',
      folder: own,
      classpath: httpfsClasspath(),
      mainClass: 'org.apache.hadoop.fs.http.server.HttpFSServerWebServer',
      core: { 'fs.defaultFS': hdfs.fileSystem },
      hdfs: {},
      sites: {
        'httpfs-site.xml': {
          'httpfs.http.hostname': '127.0.0.1',
          'httpfs.http.port': port ?? 0,
          'httpfs.hadoop.config.dir': conf,
          'hadoop.http.authentication.signature.secret.file': join(folder, 'secret'),
        },
      },
      jvm: [
        '-Xmx192m',
        `-Dhttpfs.home.dir=${own}`,
        `-Dhttpfs.config.dir=${conf}`,
        `-Dhttpfs.log.dir=${own}`,
        `-Dhttpfs.temp.dir=${join(own, 'tmp')}`,
      ],
    },
    (pid) => guard.watch(pid),
  );
  writeFileSync(join(folder, 'secret'), 'signs cookies of the tests\n');
  const stop = async (): Promise<void> => {
    await daemon.kill();
    guard.dismiss();
    rmSync(folder, { recursive: true, force: true });
  };
  daemon.start();
  const deadline = Date.now() + READY_MS;
  for (;;) {
    try {
      const query = new URLSearchParams({ op: 'GETFILESTATUS', 'user.name': hdfs.superuser });
      const answer = await fetch(`http://127.0.0.1:${port}/webhdfs/v1/?${query.toString()}`);
      if (answer.ok) return { url: `webhdfs://127.0.0.1:${port}`, stop };
      if (Date.now() > deadline) throw new Error(`${answer.status} ${await answer.text()}`);
    } catch (error) {
      // Not listening yet, until it is too late for that.
      if (Date.now() > deadline || !daemon.running) {
        const log = daemon.logTail(60);
        await stop();
        throw new Error(`HttpFS does not start:\n${log}`, { cause: error });
      }
    }
    await sleep(150);
  }
}
