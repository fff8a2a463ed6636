// `npm test`: installs what the tests need, runs them all, and ends with `N passed, N failed` from the runner's report.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { hadoopClasspath, httpfsClasspath } from '../test/hdfs/install.mjs';
import { build, checkNode, installPackages, root, run } from './install.mjs';

const browsers = [
  process.env.TRIBUTARY_CHROMIUM,
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/usr/bin/google-chrome-stable',
];

/** The path of a Chromium, installed from the distribution's packages when there is none. */
function chromium() {
  const found = () => browsers.find((path) => path !== undefined && existsSync(path));
  if (found() === undefined) {
    const sudo = process.getuid?.() === 0 ? [] : ['sudo', '-n'];
    const [command, ...rest] = [...sudo, 'apt-get'];
    run('Looking up packages', command, [...rest, 'update', '-qq']);
    run('Installing Chromium', command, [...rest, 'install', '-y', '-qq', 'chromium']);
  }
  const path = found();
  if (path === undefined) {
    process.stderr.write(
      'tributary: CHROMIUM_NOT_FOUND: the tests need Chromium: install it, or name it in TRIBUTARY_CHROMIUM\n',
    );
    process.exit(1);
  }
  return path;
}

function closingLine(path) {
  const report = JSON.parse(readFileSync(path, 'utf8'));
  // A file that cannot be loaded, or whose set-up fails, fails no test of its own and is a failure all the same.
  const unloaded = report.testResults.filter(
    (file) => file.status === 'failed' && !file.assertionResults.some(({ status }) => status === 'failed'),
  ).length;
  const failed = report.numFailedTests + unloaded;
  const skipped = report.numPendingTests + report.numTodoTests;
  return {
    failed,
    line: `${report.numPassedTests} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`,
  };
}

checkNode();
installPackages();
const browser = chromium();
await hadoopClasspath();
await httpfsClasspath();
build();
const path = join(root, 'test-report.json');
rmSync(path, { force: true });
const tests = spawnSync('npx', ['--no-install', 'vitest', 'run', ...process.argv.slice(2)], {
  cwd: root,
  stdio: ['ignore', 'inherit', 'inherit'],
  env: { ...process.env, TRIBUTARY_CHROMIUM: browser },
});
if (!existsSync(path)) {
  process.stderr.write('tributary: the test runner left no report\n');
  process.exit(1);
}
const { failed, line } = closingLine(path);
process.stdout.write(`\n${line}\n`);
process.exit(tests.status === 0 && failed === 0 ? 0 : 1);
