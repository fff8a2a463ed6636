// What `bench -- ingest` asks of its processes, and how it runs them.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { TributaryError } from '../coordinator/errors.ts';

interface Remote {
  /** `webhdfs://…` */
  readonly corpus: string;
  readonly user: string;
  readonly hostMap: string;
}

export type Task =
  | (Remote & { readonly kind: 'read'; readonly streams: number; readonly part: number; readonly parts: number })
  | { readonly kind: 'count' | 'encode'; readonly file: string };

export interface TaskFigures {
  /** Bytes read, or words counted, encoded or ingested. */
  readonly done: number;
  /** Wall clock, and processor time of all threads; without the process' start. */
  readonly seconds: number;
  readonly cpuSeconds: number;
  readonly peakRssMiB: number;
}

/** @throws TributaryError RUN_FAILED when the program fails */
async function output(program: string, args: readonly string[]): Promise<string> {
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  const ended = once(child, 'close') as Promise<[number | null]>;
  const [out, errors, [code]] = await Promise.all([text(child.stdout), text(child.stderr), ended]);
  if (code !== 0) throw new TributaryError('RUN_FAILED', `${program} ended with ${code}: ${errors.slice(-500)}`);
  return out;
}

export async function runTask(task: Task): Promise<TaskFigures> {
  const script = fileURLToPath(new URL('ingest-task.ts', import.meta.url));
  // The larger first heap of the simulator (package.json) would hide what is measured.
  const flags = process.execArgv.filter((flag) => !flag.startsWith('--initial-old-space-size'));
  return JSON.parse(await output(process.execPath, [...flags, script, JSON.stringify(task)])) as TaskFigures;
}

/** Counts a corpus and makes the pairs of one epoch, in the built program: no compiler is in its memory. */
export async function runWhole(task: Remote): Promise<TaskFigures> {
  const script = fileURLToPath(new URL('ingest-whole.mjs', import.meta.url));
  return JSON.parse(await output(process.execPath, [script, JSON.stringify(task)])) as TaskFigures;
}

/** Builds where a source is newer than dist/. */
export async function buildProgram(): Promise<void> {
  await output(process.execPath, [fileURLToPath(new URL('../scripts/tributary.mjs', import.meta.url)), '--version']);
}

/** Fetches URLs by `curl`, `streams` processes at a time. @returns seconds */
export async function runCurl(urls: readonly string[], mapped: readonly string[], streams: number): Promise<number> {
  const began = performance.now();
  const waiting = urls.values();
  const connect = mapped.flatMap((name) => ['--connect-to', `${name}::127.0.0.1:`]);
  const lane = async (): Promise<void> => {
    for (const url of waiting) await output('curl', ['-sSfL', ...connect, '-o', '/dev/null', url]);
  };
  await Promise.all(Array.from({ length: streams }, lane));
  return (performance.now() - began) / 1000;
}

/** @returns words, and seconds of `wc -w` */
export async function runWc(file: string): Promise<{ readonly words: number; readonly seconds: number }> {
  const began = performance.now();
  const words = Number.parseInt(await output('wc', ['-w', file]), 10);
  return { words, seconds: (performance.now() - began) / 1000 };
}
