// The history of a run: what its plots are drawn from, as columns. GET /api/history, and the feed's `history`, `point`.
import type { HistoryPoint } from './status.ts';

export const HISTORY_FIELDS = [
  'time',
  'tokens',
  'wordsPerSecond',
  'loss',
  'heldOut',
  'analogies',
  'volunteers',
  'bytesDown',
  'bytesUp',
  'alpha',
  'lagMs',
  'memory',
] as const satisfies readonly (keyof HistoryPoint)[];

type Field = (typeof HISTORY_FIELDS)[number];

/** Columns of the same length, oldest first; `probe` has one for each probe. */
export type HistoryTable = { readonly [Name in Field]: readonly HistoryPoint[Name][] } & {
  readonly probe: readonly (readonly (number | null)[])[];
};

/** @param probes how many columns `probe` has */
export function tableOf(points: readonly HistoryPoint[], probes: number): HistoryTable {
  const columns = Object.fromEntries(HISTORY_FIELDS.map((name) => [name, points.map((point) => point[name])]));
  const probe = Array.from({ length: probes }, (_, k) => points.map((point) => point.probe[k] ?? null));
  return { ...columns, probe } as unknown as HistoryTable;
}

export function pointsOf(table: HistoryTable): HistoryPoint[] {
  return table.time.map((_, at) => {
    const fields = Object.fromEntries(HISTORY_FIELDS.map((name) => [name, table[name][at]]));
    return { ...fields, probe: table.probe.map((column) => column[at] ?? null) } as unknown as HistoryPoint;
  });
}
