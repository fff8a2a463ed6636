// Hadoop's own jobs on the test cluster: a stock main class in a JVM of its own, maps and reduces inside it.
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { Daemon, type Properties } from './daemon.ts';

/** What to run. Paths among the arguments are HDFS paths: the cluster is the default file system. */
export interface Job {
  /** Such as `org.apache.hadoop.examples.WordCount` or `org.apache.hadoop.streaming.HadoopStreaming`. */
  readonly mainClass: string;
  readonly args: readonly string[];
  /** Settings of the job, such as `mapreduce.input.fileinputformat.split.maxsize`. */
  readonly properties?: Properties;
}

/** Where jobs run: a cluster's name node, and its folder on this machine. */
export interface JobPlace {
  /** `hdfs://127.0.0.1:PORT` */
  readonly fileSystem: string;
  readonly folder: string;
  readonly classpath: string;
  /** Hears of the JVM, so that it ends with the cluster. */
  watch(pid: number): void;
}

let jobs = 0;

/**
 * Runs a job to its end. Data nodes are reached by address, as the Java client does unless told otherwise: their
 * names resolve nowhere. A few seconds, most of them the JVM's start.
 * @returns what the job logged
 * @throws Error with the end of its log when it ends with anything but 0
 */
export async function runJob(place: JobPlace, job: Job): Promise<string> {
  jobs += 1;
  const name = `job${jobs}`;
  const folder = join(place.folder, name);
  const core: Properties = {
    'fs.defaultFS': place.fileSystem,
    'hadoop.tmp.dir': join(folder, 'tmp'),
    'mapreduce.framework.name': 'local',
    'mapreduce.task.io.sort.mb': 32,
    ...job.properties,
  };
  const { classpath } = place;
  const jvm = new Daemon(
    { name, folder, classpath, mainClass: job.mainClass, core, hdfs: { 'dfs.replication': 2 } },
    (pid) => place.watch(pid),
  );
  try {
    jvm.start(job.args);
    const code = await jvm.ended();
    const log = jvm.logTail(10_000);
    if (code !== 0) throw new Error(`${job.mainClass} ended with ${code}:\n${log}`);
    return log;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
