// Where figures go: bench/results/NAME.json, each entry with its machine, date and commit.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';

/** What every entry says of its circumstances. */
export interface Circumstances {
  readonly date: string;
  /** Short hash; `-dirty` where the tree differs from it. */
  readonly commit: string;
  readonly processor: string;
  readonly cores: number;
  /** Processes that wanted a core over the last minute, before the benchmark began. */
  readonly load: number;
  readonly node: string;
}

export function circumstances(): Circumstances {
  return {
    date: new Date().toISOString(),
    commit: execFileSync('git', ['describe', '--always', '--dirty'], { encoding: 'utf8' }).trim(),
    processor: cpus()[0]?.model ?? 'unknown',
    cores: cpus().length,
    load: loadavg()[0]!,
    node: process.version,
  };
}

/** Appends to bench/results/`name`.json, with the load now: other processes slow what is measured by wall clock. */
export function record(name: string, entry: Circumstances): void {
  mkdirSync(new URL('.', fileOf(name)), { recursive: true });
  const all = [...entries(name), { ...entry, loadAfter: loadavg()[0] }];
  writeFileSync(fileOf(name), `${JSON.stringify(all, null, 2)}\n`);
}

/** What bench/results/`name`.json holds, oldest first. */
export function entries(name: string): readonly Circumstances[] {
  const file = fileOf(name);
  const past: unknown = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : [];
  return Array.isArray(past) ? past : [];
}

function fileOf(name: string): URL {
  return new URL(`results/${name}.json`, import.meta.url);
}
