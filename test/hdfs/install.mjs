// Finds or fetches what the test HDFS runs on: Java, Maven, and Hadoop's released jars with their class path.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = fileURLToPath(new URL('.', import.meta.url));
const cache = fileURLToPath(new URL('../../.cache/hadoop/', import.meta.url));

// Hadoop 3.5 servers refuse to run below Java 17.
const OLDEST_JAVA = 17;

function run(command, args) {
  return spawnSync(command, args, { encoding: 'utf8', maxBuffer: 64 << 20 });
}

/** Major version of the `java` on the path; 0 when there is none. */
function javaVersion() {
  const told = run('java', ['-version']);
  if (told.error !== undefined || told.status !== 0) return 0;
  return Number(/version "(\d+)/.exec(told.stderr)?.[1] ?? 0);
}

function hasMaven() {
  const told = run('mvn', ['-v']);
  return told.error === undefined && told.status === 0;
}

function fail(what, told) {
  const tail =
    told === undefined
      ? ''
      : `\n${`${told.stdout ?? ''}${told.stderr ?? ''}${told.error?.message ?? ''}`.trim().slice(-4000)}`;
  throw new Error(`The HDFS tests need ${what}.${tail}`);
}

function installPackages(packages) {
  const advice = `${packages.join(' and ')}; install by hand (Debian: apt-get install ${packages.join(' ')})`;
  if (process.platform !== 'linux' || run('apt-get', ['--version']).status !== 0) fail(advice);
  if (process.getuid?.() !== 0) fail(`${advice} or run the tests as root once`);
  process.stderr.write(`hdfs tests: installing ${packages.join(', ')} with apt-get\n`);
  const updated = run('apt-get', ['update', '-qq']);
  if (updated.status !== 0) fail(advice, updated);
  const installed = run('apt-get', ['install', '-y', '-qq', '--no-install-recommends', ...packages]);
  if (installed.status !== 0) fail(advice, installed);
}

function ensureJavaAndMaven() {
  const missing = [];
  if (javaVersion() < OLDEST_JAVA) missing.push('openjdk-17-jre-headless');
  if (!hasMaven()) missing.push('maven');
  if (missing.length > 0) installPackages(missing);
  if (javaVersion() < OLDEST_JAVA) fail(`java ${OLDEST_JAVA} or newer first on the PATH`, run('java', ['-version']));
  if (!hasMaven()) fail('mvn on the PATH', run('mvn', ['-v']));
}

/** Downloads on the first call what the pom names; later ones read `.cache/hadoop/`. */
function classpathOf(pom) {
  const key = createHash('sha256').update(readFileSync(pom)).digest('hex').slice(0, 16);
  const cached = join(cache, `classpath-${key}.txt`);
  if (existsSync(cached) && javaVersion() >= OLDEST_JAVA) {
    const known = readFileSync(cached, 'utf8').trim();
    if (known.split(delimiter).every((jar) => existsSync(jar))) return known;
  }
  ensureJavaAndMaven();
  mkdirSync(cache, { recursive: true });
  const fresh = join(cache, `classpath-${process.pid}.tmp`);
  process.stderr.write('hdfs tests: fetching Hadoop from Maven Central\n');
  const built = run('mvn', [
    '-B',
    '-q',
    '-f',
    pom,
    'dependency:build-classpath',
    '-DincludeScope=runtime',
    `-Dmdep.outputFile=${fresh}`,
  ]);
  if (built.status !== 0) fail("Hadoop's jars from Maven Central", built);
  renameSync(fresh, cached);
  return readFileSync(cached, 'utf8').trim();
}

/**
 * The class path of a Hadoop name node, data node and MiniKdc, as `java -cp` takes it. The first call downloads
 * about 90 MB. Throws, with what the tool said, when it cannot.
 */
export function hadoopClasspath() {
  return classpathOf(join(here, 'pom.xml'));
}

/** The class path of HttpFS, which is of an older release than the daemons; about 70 MB. */
export function httpfsClasspath() {
  return classpathOf(join(here, 'httpfs-pom.xml'));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const jars = [hadoopClasspath(), httpfsClasspath()].join(delimiter).split(delimiter).length;
  writeFileSync(1, `${jars} jars ready\n`);
}
