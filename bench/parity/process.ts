// Other programs as promises.
import { execFile } from 'node:child_process';
import { TributaryError } from '../../coordinator/errors.ts';

export interface Surroundings {
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
}

/** What the command prints on stdout. @throws TributaryError PARITY_FAILED with the end of what it said, and the hint */
export function outputOf(
  command: string,
  words: readonly string[],
  hint: string,
  { cwd, env = process.env }: Surroundings = {},
): Promise<string> {
  return new Promise((resolve, reject) => {
    const options = { ...(cwd === undefined ? {} : { cwd }), env, maxBuffer: 1 << 26 };
    execFile(command, words, options, (error, stdout, stderr) => {
      if (error === null) return resolve(stdout);
      const said = stderr.trim().split('\n').slice(-5).join('\n');
      const message = `${command} failed: ${said === '' ? error.message : said}`;
      reject(new TributaryError('PARITY_FAILED', message, { hint, cause: error }));
    });
  });
}
