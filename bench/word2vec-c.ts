// Builds and times word2vec.c from the npm package `word2vec`, in a folder of its own outside the project.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const FLAGS = ['-O3', '-march=native', '-funroll-loops', '-w', '-lm', '-lpthread'];

/** Words a second of one thread, one epoch, or the reason why it could not be measured. */
export function timeWord2vecC(text: string, args: readonly string[]): { wordsPerSecond: number } | { reason: string } {
  try {
    execFileSync('gcc', ['--version'], { stdio: 'ignore' });
  } catch {
    return { reason: 'gcc is not installed' };
  }
  const folder = mkdtempSync(join(tmpdir(), 'tributary-bench-'));
  const run = (command: string, ...words: string[]): string =>
    execFileSync(command, words, { cwd: folder, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
  try {
    run('npm', 'pack', 'word2vec@1.1.5', '--silent');
    run('tar', 'xzf', readdirSync(folder).find((name) => name.endsWith('.tgz')) ?? '');
    run('gcc', 'package/src/word2vec.c', '-o', 'word2vec', ...FLAGS);
    writeFileSync(join(folder, 'text'), text);
    const log = run('./word2vec', '-train', 'text', '-output', 'vectors', '-threads', '1', '-debug', '2', ...args);
    // Its own clock starts after the vocabulary is read; the last figure it prints covers the whole epoch.
    const speeds = [...log.matchAll(/Words\/thread\/sec: ([\d.]+)k/g)];
    const last = speeds.at(-1)?.[1];
    if (last === undefined) return { reason: 'word2vec.c printed no speed' };
    return { wordsPerSecond: Number(last) * 1000 };
  } catch (error) {
    return { reason: error instanceof Error ? error.message.split('\n')[0]! : String(error) };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
