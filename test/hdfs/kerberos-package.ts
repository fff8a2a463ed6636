// The optional package `kerberos`, built for tests into the cache, and never into the project's own packages.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const FOLDER = fileURLToPath(new URL('../../.cache/kerberos/', import.meta.url));
const HEADERS = '/usr/include/gssapi/gssapi.h';

function run(command: string, args: readonly string[]): string | undefined {
  const told = spawnSync(command, args, { cwd: FOLDER, encoding: 'utf8' });
  return told.status === 0 ? undefined : `${told.error?.message ?? ''}${told.stdout}${told.stderr}`.slice(-2000);
}

/** The `node_modules` folder that holds it, for NODE_PATH. Builds it on the first call, 20 s to a minute. */
export function kerberosPackage(): string {
  const modules = join(FOLDER, 'node_modules');
  mkdirSync(FOLDER, { recursive: true });
  const load = (): void => void createRequire(join(FOLDER, 'x.js'))('kerberos');
  try {
    load();
    return modules;
  } catch {
    // Not there, or of another Node: it is built below, and what still fails then is told.
  }
  if (!existsSync(HEADERS) && process.getuid?.() === 0) {
    process.stderr.write('hdfs tests: installing libkrb5-dev with apt-get\n');
    run('apt-get', ['update', '-qq']);
    run('apt-get', ['install', '-y', '-qq', '--no-install-recommends', 'libkrb5-dev']);
  }
  process.stderr.write('hdfs tests: building the package kerberos\n');
  writeFileSync(join(FOLDER, 'package.json'), '{ "private": true }\n');
  const failure = run('npm', ['install', '--no-audit', '--no-fund', 'kerberos@7.0.0']);
  if (failure !== undefined) {
    throw new Error(
      `The test of --hdfs-kerberos needs the package kerberos, which is built with gcc, make, python3 and libkrb5-dev (apt-get install libkrb5-dev g++ make python3):\n${failure}`,
    );
  }
  load();
  return modules;
}
