// Books of what each node gave and how often it failed, bounded whatever a cluster calls its nodes.
import type { CorpusNode } from '../../../protocol/corpus.ts';
import type { Giver, NodeTally } from './reports.ts';

/** Nodes that are told apart; those beyond are summed up under one name. */
const MOST_NODES = 256;
const OTHERS = 'others';
/** Failures of the last minute that are kept. */
const MOST_RECENT = 1000;
const RECENT_MS = 60_000;
/** Characters of a message. */
const LONGEST_TEXT = 500;

/** Failed attempts of the last minute, and the node and code that most of them have. */
export interface RecentFailures {
  readonly count: number;
  readonly at: Giver;
  readonly code: string;
}

interface Entry extends Giver {
  bytes: number;
  retries: number;
  readonly codes: Map<string, number>;
  last: string;
  time: number | null;
}

export class NodeBook {
  readonly #nodes = new Map<string, Entry>();
  /** Oldest first; times in ms on a steady clock. */
  readonly #recent: { readonly time: number; readonly at: Giver; readonly code: string; readonly count: number }[] = [];

  /** @param now ms on a steady clock */
  add(tally: NodeTally, now: number): void {
    const entry = this.#entry(tally);
    entry.bytes += tally.bytes;
    entry.retries += tally.retries;
    const { role, node } = entry;
    for (const [code, { count, last, time }] of tally.failures) {
      entry.codes.set(code, (entry.codes.get(code) ?? 0) + count);
      entry.last = last.slice(0, LONGEST_TEXT);
      entry.time = Math.max(time, entry.time ?? 0);
      this.#recent.push({ time: now, at: { role, node }, code, count });
      if (this.#recent.length > MOST_RECENT) this.#recent.shift();
    }
  }

  /** Most failures first, then most bytes. */
  get nodes(): CorpusNode[] {
    const nodes = [...this.#nodes.values()].map(({ role, node, bytes, retries, codes, last, time }) => {
      const counted = [...codes].map(([code, count]) => ({ code, count })).sort((a, b) => b.count - a.count);
      const failures = counted.reduce((sum, { count }) => sum + count, 0);
      return { role, node, bytes, failures, codes: counted, retries, last, time };
    });
    return nodes.sort((a, b) => b.failures - a.failures || b.bytes - a.bytes);
  }

  /** null when none failed. @param now ms on a steady clock */
  recent(now: number): RecentFailures | null {
    const recent = this.#recent;
    while (recent.length > 0 && now - recent[0]!.time > RECENT_MS) recent.shift();
    const counts = new Map<string, { count: number; at: Giver; code: string }>();
    for (const { at, code, count } of recent) {
      const key = `${at.role} ${at.node} ${code}`;
      const sum = counts.get(key) ?? { count: 0, at, code };
      counts.set(key, { ...sum, count: sum.count + count });
    }
    const [most] = [...counts.values()].sort((a, b) => b.count - a.count);
    if (most === undefined) return null;
    return { ...most, count: recent.reduce((sum, { count }) => sum + count, 0) };
  }

  #entry({ role, node }: Giver): Entry {
    const isTold = this.#nodes.has(`${role} ${node}`) || this.#nodes.size < MOST_NODES;
    const name = isTold ? node : OTHERS;
    const key = `${role} ${name}`;
    let entry = this.#nodes.get(key);
    if (entry === undefined) {
      entry = { role, node: name, bytes: 0, retries: 0, codes: new Map(), last: '', time: null };
      this.#nodes.set(key, entry);
    }
    return entry;
  }
}
