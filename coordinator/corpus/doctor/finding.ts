// What doctor finds: one line of its report, and the making of such lines.
import { TributaryError } from '../../errors.ts';

export interface Finding {
  /** The machine or thing that was looked at: `name node nn1:9870`. Findings of a group follow each other. */
  readonly group: string;
  /** What was looked at there. */
  readonly step: string;
  readonly ok: boolean;
  /** It works, but something about it should be changed. */
  readonly warning?: true;
  /** What was found. */
  readonly detail: string;
  /** What to change, when it is not ok or a warning. */
  readonly hint?: string;
  /** How long it took, ms. */
  readonly ms?: number;
}

/** Milliseconds since `began` on `performance.now`, rounded. */
export function since(began: number): number {
  return Math.round(performance.now() - began);
}

export function passed(group: string, step: string, detail: string, ms?: number): Finding {
  return { group, step, ok: true, detail, ...(ms === undefined ? {} : { ms }) };
}

export function warned(group: string, step: string, detail: string, hint: string, ms?: number): Finding {
  return { ...passed(group, step, detail, ms), warning: true, hint };
}

export function refused(group: string, step: string, detail: string, hint: string | undefined, ms?: number): Finding {
  return { ...passed(group, step, detail, ms), ok: false, ...(hint === undefined ? {} : { hint }) };
}

/** The finding for a coded error; whatever else was thrown is a bug and goes on. */
export function failed(group: string, step: string, error: unknown, ms?: number): Finding {
  if (!(error instanceof TributaryError)) throw error;
  return refused(group, step, `${error.code}: ${error.message}`, error.hint, ms);
}

/** A number of bytes as people say it. */
export function bytesText(bytes: number): string {
  if (bytes < 1000) return `${bytes} ${bytes === 1 ? 'byte' : 'bytes'}`;
  for (const [unit, size] of [
    ['TB', 1e12],
    ['GB', 1e9],
    ['MB', 1e6],
  ] as const) {
    if (bytes >= size) return `${(bytes / size).toFixed(1)} ${unit}`;
  }
  return `${(bytes / 1e3).toFixed(1)} kB`;
}

/** `1 file`, `2 files`. */
export function counted(count: number, noun: string): string {
  return `${count.toLocaleString('en')} ${noun}${count === 1 ? '' : 's'}`;
}

/** `task` of every item, at most `width` at a time; the results in the items' order. */
export async function inParallel<Item, Result>(
  items: readonly Item[],
  width: number,
  task: (item: Item) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = [];
  const entries = items.entries();
  const worker = async (): Promise<void> => {
    for (const [index, item] of entries) results[index] = await task(item);
  };
  await Promise.all(Array.from({ length: Math.min(width, items.length) }, worker));
  return results;
}
