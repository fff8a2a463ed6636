// Runs a verb of the command line as a user would, in a process of its own.

import { type ChildProcessWithoutNullStreams, execFile, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

export interface VerbResult {
  readonly exit: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Starts `tributary ARGS` from the sources. */
export function startVerb(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): ChildProcessWithoutNullStreams {
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

export async function runVerb(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<VerbResult> {
  return ended(startVerb(args, env));
}

/** Process ids of one kind, pages' or the GPU's, of the browsers that a process has started. */
export async function browserProcesses(root: number, kind: 'renderer' | 'gpu-process'): Promise<number[]> {
  const { stdout } = await promisify(execFile)('ps', ['-A', '-o', 'pid=,ppid=,args='], { maxBuffer: 1 << 24 });
  const processes = stdout.split('\n').flatMap((line) => {
    const [, pid, parent, args] = /^\s*(\d+)\s+(\d+)\s+(.*)$/.exec(line) ?? [];
    return args === undefined ? [] : [{ pid: Number(pid), parent: Number(parent), args }];
  });
  const family = new Set([root]);
  for (let size = 0; size < family.size;) {
    size = family.size;
    for (const { pid, parent } of processes) if (family.has(parent)) family.add(pid);
  }
  return processes.filter(({ pid, args }) => family.has(pid) && args.includes(`--type=${kind}`)).map(({ pid }) => pid);
}
