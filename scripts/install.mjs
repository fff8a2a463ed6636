// Installs npm packages and builds when that is needed, so that one command works on a fresh clone.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('..', import.meta.url));
const least = [20, 19];

/** Runs a command with its output on stderr, so that stdout stays the caller's; ends the process when it fails. */
export function run(what, command, args) {
  process.stderr.write(`${what} …\n`);
  const done = spawnSync(command, args, { cwd: root, stdio: ['ignore', 2, 2], shell: process.platform === 'win32' });
  if (done.status === 0) return;
  process.stderr.write(
    `tributary: SETUP_FAILED: ${[command, ...args].join(' ')} failed${done.error ? `: ${done.error.message}` : ''}\n`,
  );
  process.exit(1);
}

export function checkNode() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major > least[0] || (major === least[0] && minor >= least[1])) return;
  process.stderr.write(
    `tributary: NODE_TOO_OLD: Node ${process.versions.node} is here, ${least.join('.')} or newer is needed\n`,
  );
  process.exit(1);
}

/**
 * Packages as package-lock.json says. Not `npm ci`: it refuses a lock that lacks optional packages of other platforms,
 * which npm leaves out when it cannot fetch them (npm/cli#4828).
 */
export function installPackages() {
  const mark = join(root, 'node_modules', '.tributary-lock');
  const lock = createHash('sha256')
    .update(readFileSync(join(root, 'package-lock.json')))
    .digest('hex');
  if (existsSync(mark) && readFileSync(mark, 'utf8') === lock) return;
  run('Installing packages', 'npm', ['install', '--no-save', '--no-audit', '--no-fund', '--loglevel=error']);
  writeFileSync(mark, lock);
}

const sources = ['protocol', 'word2vec', 'rows', 'volunteer', 'shaders', 'coordinator', 'client'];

function newest(path) {
  const entry = statSync(path);
  if (!entry.isDirectory()) return entry.mtimeMs;
  return Math.max(entry.mtimeMs, ...readdirSync(path).map((name) => newest(join(path, name))));
}

/** dist/, when a source is newer than the last build. */
export function build() {
  const mark = join(root, 'dist', '.built');
  const changed = Math.max(
    ...[...sources, 'package-lock.json', 'tsconfig.base.json', 'vite.config.ts'].map((name) =>
      newest(join(root, name)),
    ),
  );
  if (existsSync(mark) && statSync(mark).mtimeMs > changed) return;
  run('Building', 'npx', ['--no-install', 'tsc', '-b', 'coordinator']);
  run('Building the pages', 'npx', ['--no-install', 'vite', 'build', '--logLevel', 'warn']);
  writeFileSync(mark, '');
}

export function prepare() {
  checkNode();
  installPackages();
  build();
}
