// Starts the built program as a user would, and waits on what it says.
import type { ChildProcessWithoutNullStreams } from 'node:child_process';
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { RunStatus } from '../../protocol/status.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

export type JsonEvent = { readonly event: string } & Readonly<Record<string, unknown>>;

export class CoordinatorProcess {
  readonly child: ChildProcessWithoutNullStreams;
  readonly events: JsonEvent[] = [];
  stderr = '';
  readonly #exit: Promise<number | null>;

  /** @param cwd where relative paths begin; the package unless told */
  constructor(args: readonly string[], cwd = ROOT, env: Readonly<Record<string, string>> = {}) {
    const program = join(ROOT, 'dist', 'coordinator', 'main.js');
    this.child = spawn(process.execPath, [program, 'train', ...args, '--json', '--port', '0'], {
      cwd,
      env: { ...process.env, ...env },
    });
    createInterface({ input: this.child.stdout }).on('line', (line) => this.events.push(JSON.parse(line) as JsonEvent));
    this.child.stderr.setEncoding('utf8').on('data', (text: string) => (this.stderr += text));
    this.#exit = new Promise((resolve) => this.child.once('close', (code) => resolve(code)));
  }

  /** The first event of that name, once it was said. */
  async event(name: string, timeoutMs = 60_000): Promise<JsonEvent> {
    return until(`event ${name}`, timeoutMs, () => {
      const found = this.events.find((event) => event.event === name);
      if (found === undefined && this.child.exitCode !== null)
        throw new Error(`the coordinator ended (${this.child.exitCode}): ${this.stderr}`);
      return found;
    });
  }

  async url(): Promise<string> {
    return String((await this.event('listening'))['url']);
  }

  async status(): Promise<RunStatus> {
    const answer = await fetch(new URL('/api/run', await this.url()));
    return (await answer.json()) as RunStatus;
  }

  exit(): Promise<number | null> {
    return this.#exit;
  }

  /** Ends it, whatever it does. */
  async kill(): Promise<void> {
    this.child.kill('SIGKILL');
    await this.#exit;
  }
}

/** Asks every 50 ms until something is answered. */
export async function until<T>(
  what: string,
  timeoutMs: number,
  ask: () => T | undefined | Promise<T | undefined>,
): Promise<T> {
  const end = performance.now() + timeoutMs;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined) return answer;
    if (performance.now() > end) throw new Error(`waited ${timeoutMs / 1000} s for ${what}`);
    await sleep(50);
  }
}
