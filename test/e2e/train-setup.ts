// What the tests of `tributary train` share: a folder, a corpus of known size, and the program with its output.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execFile, execFileSync } from 'node:child_process';
import { below, hashAt } from '../../word2vec/random.ts';
import { CoordinatorProcess } from './coordinator-process.ts';

export const PROGRAM = fileURLToPath(new URL('../../dist/coordinator/main.js', import.meta.url));

export interface Folder {
  readonly path: string;
  at(...names: string[]): string;
  remove(): void;
}

export function makeFolder(): Folder {
  const path = mkdtempSync(join(tmpdir(), 'tributary-train-'));
  return {
    path,
    at: (...names) => join(path, ...names),
    remove: () => rmSync(path, { recursive: true, force: true }),
  };
}

/** Lines of 12 words from a vocabulary of 600: frequent ones more often. */
export function writeCorpus(path: string, lines: number): void {
  let at = 0;
  const word = (): string => `w${below(hashAt(1, at++), below(hashAt(2, at++), 600) + 1)}`;
  const text = Array.from({ length: lines }, () => Array.from({ length: 12 }, word).join(' '));
  writeFileSync(path, `${text.join('\n')}\n`);
}

export interface Ended {
  readonly exit: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs `tributary ARGS` to its end; one that hangs is killed and has exit -1. */
export function tributary(args: readonly string[], cwd: string): Promise<Ended> {
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      [PROGRAM, ...args],
      { cwd, timeout: 220_000, killSignal: 'SIGKILL' },
      (error, stdout, stderr) => {
        const code = error === null ? 0 : typeof error.code === 'number' ? error.code : -1;
        resolve({ exit: code, stdout, stderr });
      },
    );
  });
}

/** The events of a --json output: every line must be one. */
export function eventsOf(stdout: string): Readonly<Record<string, unknown>>[] {
  return stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Readonly<Record<string, unknown>>);
}

/** A run that outlasts every test file: 1,000 epochs, one local volunteer. Ready once the words are counted. */
export async function startLongRun(
  folder: Folder,
  lines: number,
  more: readonly string[] = [],
): Promise<{ coordinator: CoordinatorProcess; url: string; token: string }> {
  writeCorpus(folder.at('corpus.txt'), lines);
  const settings = ['--dim', '16', '--min-count', '1', '--epochs', '1000', '--local', '1', '--exit'];
  const run = ['--out', folder.at('run')];
  const coordinator = new CoordinatorProcess([folder.at('corpus.txt'), ...run, ...settings, ...more]);
  const url = await coordinator.url();
  await coordinator.event('vocabulary');
  return { coordinator, url, token: /operator token: (\S+)/.exec(coordinator.stderr)![1]! };
}

/** A certificate for localhost and its key, PEM, made by openssl. */
export function makeCertificate(key: string, certificate: string): void {
  const made = '-x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=localhost'.split(' ');
  execFileSync('openssl', ['req', ...made, '-keyout', key, '-out', certificate], { stdio: 'ignore' });
}
