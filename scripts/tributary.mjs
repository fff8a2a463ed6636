// `npm run tributary -- VERB …`: installs and builds what is missing, then runs the verb.
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { prepare, root } from './install.mjs';

/** Runs the built program in the caller's folder and passes signals and the exit code through. */
export function tributary(args) {
  prepare();
  const child = spawn(process.execPath, [join(root, 'dist', 'coordinator', 'main.js'), ...args], {
    stdio: 'inherit',
    cwd: process.env.INIT_CWD ?? process.cwd(),
  });
  // A terminal sends Ctrl-C to both; a supervisor signals only us.
  for (const signal of ['SIGINT', 'SIGTERM']) {
    process.on(signal, () => {
      if (!process.stdin.isTTY || signal === 'SIGTERM') child.kill(signal);
    });
  }
  child.on('exit', (code, signal) => process.exit(code ?? (signal === 'SIGINT' ? 130 : 1)));
}

if (process.argv[1]?.endsWith('tributary.mjs')) tributary(process.argv.slice(2));
