// Reads a run's journal and holds it to the promises: each chunk applied once; on the grid no two leases sharing a row.
import { readFileSync } from 'node:fs';
import type { JournalEntry, JournalPlace } from '../../coordinator/run/journal.ts';

export type Entry = JournalEntry & { readonly seq: number; readonly time: number };

export interface Audit {
  readonly entries: readonly Entry[];
  /** Everything that breaks a promise, in words. Empty for a sound journal. */
  readonly faults: readonly string[];
  readonly chunks: number;
  readonly applied: number;
  /** Most leases of different sessions held at one time. */
  readonly concurrency: number;
  readonly sessions: ReadonlySet<number>;
}

/** A line cut by kill -9 is passed over; anything else that is no JSON is a fault. */
export function readJournal(path: string): { entries: Entry[]; faults: string[] } {
  const entries: Entry[] = [];
  const faults: string[] = [];
  const lines = readFileSync(path, 'utf8').split('\n');
  for (const [number, line] of lines.entries()) {
    if (line === '') continue;
    try {
      entries.push(JSON.parse(line) as Entry);
    } catch {
      // Only a resumed journal may hold one: the process died while writing it.
      if (lines[number + 1] !== '' && number + 1 < lines.length)
        faults.push(`line ${number + 1} is no JSON: ${line.slice(0, 80)}`);
    }
  }
  return { entries, faults };
}

/** The entries that count: after a resumption, what the checkpoint did not know is gone. */
function lineage(entries: readonly Entry[]): Entry[] {
  let kept: Entry[] = [];
  for (const entry of entries) {
    if (entry.kind === 'resumed') kept = kept.filter((earlier) => earlier.seq <= entry.upTo);
    kept.push(entry);
  }
  return kept;
}

export function auditJournal(path: string): Audit {
  const { entries, faults } = readJournal(path);
  for (let at = 1; at < entries.length; at++) {
    if (entries[at]!.seq <= entries[at - 1]!.seq)
      faults.push(`entry ${entries[at]!.seq} follows ${entries[at - 1]!.seq}`);
  }
  const sessions = new Set<number>();
  const open = new Map<number, JournalPlace>();
  let concurrency = 0;
  const downpour = entries.some((entry) => entry.kind === 'run' && entry.schedule === 'downpour');
  for (const entry of entries) {
    if (entry.kind === 'resumed') open.clear();
    if (entry.kind === 'granted') {
      for (const other of open.values()) {
        if (downpour ? shareChunks(other, entry) : other.session !== entry.session && shareRows(other, entry))
          faults.push(`leases ${other.lease} (${placeOf(other)}) and ${entry.lease} (${placeOf(entry)}) overlap`);
      }
      open.set(entry.lease, entry);
      sessions.add(entry.session);
      concurrency = Math.max(concurrency, new Set([...open.values()].map((place) => place.session)).size);
    }
    if (
      entry.kind === 'applied' ||
      entry.kind === 'expired' ||
      entry.kind === 'returned' ||
      entry.kind === 'rejected'
    ) {
      if (!open.delete(entry.lease)) faults.push(`lease ${entry.lease} ended (${entry.kind}) without being held`);
    }
  }
  const counts = countChunks(lineage(entries), faults);
  return { entries, faults, concurrency, sessions, ...counts };
}

function placeOf({ episode, i, j, parts, firstChunk, chunks }: JournalPlace): string {
  return `episode ${episode}, block ${i}, ${j} of ${parts}, chunks ${firstChunk} + ${chunks}`;
}

/** Parts of another P are another partition: its rows cannot be told apart by part numbers. */
function shareRows(a: JournalPlace, b: JournalPlace): boolean {
  return a.parts !== b.parts || a.i === b.i || a.j === b.j;
}

/** Of one block: downpour has no other. */
function shareChunks(a: JournalPlace, b: JournalPlace): boolean {
  return a.episode === b.episode && a.firstChunk < b.firstChunk + b.chunks && b.firstChunk < a.firstChunk + a.chunks;
}

function countChunks(entries: readonly Entry[], faults: string[]): { chunks: number; applied: number } {
  const episodes = new Map<number, number>();
  const done = new Set<string>();
  for (const entry of entries) {
    if (entry.kind === 'episode') episodes.set(entry.episode, entry.chunks);
    if (entry.kind !== 'applied') continue;
    for (let chunk = entry.firstChunk; chunk < entry.firstChunk + entry.chunks; chunk++) {
      const name = `episode ${entry.episode}, block ${entry.i}, ${entry.j}, chunk ${chunk}`;
      if (done.has(name)) faults.push(`${name} was applied twice`);
      done.add(name);
    }
  }
  const chunks = [...episodes.values()].reduce((sum, count) => sum + count, 0);
  const finished = entries.some((entry) => entry.kind === 'done');
  if (finished && done.size !== chunks) faults.push(`${chunks} chunks were made, ${done.size} applied`);
  return { chunks, applied: done.size };
}
