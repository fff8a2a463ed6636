// Secrets of a test: their files, and the search for them in everything that a run shows and leaves behind.
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { CoordinatorProcess } from './coordinator-process.ts';

/** Texts by where they stand. */
type Places = ReadonlyMap<string, string>;

export class Secrets {
  readonly #folder: string;
  readonly #planted = new Set<string>();

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** From here on it must be found nowhere. */
  plant(secret: string): void {
    for (const form of [secret, encodeURIComponent(secret), Buffer.from(secret).toString('base64')])
      this.#planted.add(form);
  }

  /** Writes a file that only its owner may read, and answers its path. */
  file(name: string, secret: string): string {
    this.plant(secret);
    const path = join(this.#folder, name);
    writeFileSync(path, `${secret}\n`, { mode: 0o600 });
    return path;
  }

  /** The places where one stands; at least the few that every run has must have been looked at. */
  foundIn(places: Places): string[] {
    if (this.#planted.size === 0 || places.size < 3) throw new Error('nothing was looked for, or nowhere');
    return [...places.keys()].filter((place) =>
      [...this.#planted].some((secret) => places.get(place)?.includes(secret) === true),
    );
  }
}

/** What a run shows while it lives: its addresses, and what `ps` and the system tell of it. */
export async function shownBy(run: CoordinatorProcess): Promise<Places> {
  const url = await run.url();
  const get = async (path: string): Promise<string> => (await fetch(new URL(path, url))).text();
  const own = `/proc/${run.child.pid}`;
  return new Map([
    ['/api/run', await get('/api/run')],
    ['/metrics', await get('/metrics')],
    ['its arguments', readFileSync(join(own, 'cmdline'), 'utf8')],
    ['its environment', readFileSync(join(own, 'environ'), 'utf8')],
  ]);
}

/** What a run has said, and every file of its folder. */
export function leftBy(run: CoordinatorProcess, out: string): Places {
  const files = readdirSync(out, { recursive: true, encoding: 'utf8' }).filter((name) =>
    statSync(join(out, name)).isFile(),
  );
  return new Map([
    ['stderr', run.stderr],
    ['stdout', JSON.stringify(run.events)],
    ...files.map((name) => [name, readFileSync(join(out, name), 'latin1')] as const),
  ]);
}
