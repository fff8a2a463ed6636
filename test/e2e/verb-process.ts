// Runs a verb of the command line as a user would, in a process of its own.

import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

export interface VerbResult {
  readonly exit: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Starts `tributary ARGS` from the sources. */
export function startVerb(args: readonly string[], env: Readonly<Record<string, string>> = {}): ChildProcessWithoutNullStreams {
  return spawn(process.execPath, ['--import', 'tsx', 'coordinator/main.ts', ...args], {
    cwd: ROOT,
    env: { ...process.env, ...env },
  });
}

/** Waits until a verb has ended. */
export async function ended(child: ChildProcessWithoutNullStreams): Promise<VerbResult> {
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const exit = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  return { exit, stdout, stderr };
}

export async function runVerb(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<VerbResult> {
  return ended(startVerb(args, env));
}
