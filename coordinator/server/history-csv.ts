// The history as a table for spreadsheets: one line a point, times as people and programs read them.
import { HISTORY_FIELDS } from '../../protocol/history.ts';
import type { HistoryPoint } from '../../protocol/status.ts';

/** @param probes names of the probe files, one column each */
export function historyCsv(points: readonly HistoryPoint[], probes: readonly string[]): string {
  const names = HISTORY_FIELDS.filter((name) => name !== 'time');
  const lines = [['time', ...names, ...probes.map((file) => `probe ${file}`)].map(cell).join(',')];
  for (const point of points) {
    const fields = [new Date(point.time).toISOString(), ...names.map((name) => point[name])];
    lines.push([...fields, ...probes.map((_, k) => point.probe[k] ?? null)].map(cell).join(','));
  }
  return `${lines.join('\n')}\n`;
}

/** Names of files may hold anything: a cell that a spreadsheet would compute is made text. */
function cell(value: string | number | null): string {
  if (value === null) return '';
  if (typeof value === 'number') return String(value);
  const plain = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
  return /[",\n\r]/.test(plain) ? `"${plain.replaceAll('"', '""')}"` : plain;
}
