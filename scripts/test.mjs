// `npm test`: installs what the tests need, runs them all, and ends with `N passed, N failed` from the runner's report.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { hadoopClasspath, httpfsClasspath } from '../test/hdfs/install.mjs';
import { build, checkNode, installPackages, root, run } from './install.mjs';

/** What the tests drive: where it may be, and the distribution's package that has it. */
const CHROMIUM = {
  name: 'Chromium',
  variable: 'TRIBUTARY_CHROMIUM',
  package: 'chromium',
  paths: ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome', '/usr/bin/google-chrome-stable'],
};
const FIREFOX = {
  name: 'Firefox',
  variable: 'TRIBUTARY_FIREFOX',
  package: 'firefox-esr',
  paths: ['/usr/bin/firefox-esr', '/usr/bin/firefox'],
};

/** The path of a browser, installed from the distribution's packages when there is none. */
function installed({ name, variable, package: wanted, paths }) {
  const found = () => [process.env[variable], ...paths].find((path) => path !== undefined && existsSync(path));
  if (found() === undefined) {
    const sudo = process.getuid?.() === 0 ? [] : ['sudo', '-n'];
    const [command, ...rest] = [...sudo, 'apt-get'];
    run('Looking up packages', command, [...rest, 'update', '-qq']);
    run(`Installing ${name}`, command, [...rest, 'install', '-y', '-qq', wanted]);
  }
  const path = found();
  if (path === undefined) {
    process.stderr.write(
      `tributary: ${name.toUpperCase()}_NOT_FOUND: the tests need ${name}: install it, or name it in ${variable}\n`,
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
const browser = installed(CHROMIUM);
const firefox = installed(FIREFOX);
await hadoopClasspath();
await httpfsClasspath();
build();
const path = join(root, 'test-report.json');
rmSync(path, { force: true });
const tests = spawnSync('npx', ['--no-install', 'vitest', 'run', ...process.argv.slice(2)], {
  cwd: root,
  stdio: ['ignore', 'inherit', 'inherit'],
  env: { ...process.env, TRIBUTARY_CHROMIUM: browser, TRIBUTARY_FIREFOX: firefox },
});
if (!existsSync(path)) {
  process.stderr.write('tributary: the test runner left no report\n');
  process.exit(1);
}
const { failed, line } = closingLine(path);
process.stdout.write(`\n${line}\n`);
process.exit(tests.status === 0 && failed === 0 ? 0 : 1);
