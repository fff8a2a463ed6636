// Files of what the plots show: the points as CSV, the pictures as one PNG.
import type { HistoryPoint } from '../../../protocol/status.ts';
import { HISTORY_FIELDS } from '../../../protocol/history.ts';
import { cssColor } from '../../ui/theme.ts';

/** A cell that no spreadsheet takes for a formula: names of files are text. */
function cell(text: string): string {
  return `"${(/^[=+\-@\t]/.test(text) ? `'${text}` : text).replaceAll('"', '""')}"`;
}

/** One line a point, the raw values; times also as ISO 8601. `probes` names the columns of `probe`. */
export function csvOf(points: readonly HistoryPoint[], probes: readonly string[]): string {
  const head = ['date', ...HISTORY_FIELDS, ...probes.map((file) => cell(file))];
  const lines = points.map((point) =>
    [
      new Date(point.time).toISOString(),
      ...HISTORY_FIELDS.map((name) => point[name] ?? ''),
      ...probes.map((_, k) => point.probe[k] ?? ''),
    ].join(','),
  );
  return `${[head.join(','), ...lines].join('\r\n')}\r\n`;
}

export interface Picture {
  readonly title: string;
  readonly canvas: HTMLCanvasElement;
}

/** The pictures one below the other with their titles, on the page's surface. */
export function pngOf(pictures: readonly Picture[]): Promise<Blob | null> {
  const gap = Math.round(32 * devicePixelRatio);
  const all = document.createElement('canvas');
  all.width = Math.max(1, ...pictures.map(({ canvas }) => canvas.width));
  all.height = pictures.reduce((sum, { canvas }) => sum + canvas.height + gap, 0);
  const context = all.getContext('2d');
  if (context === null) return Promise.resolve(null);
  context.fillStyle = cssColor('--surface');
  context.fillRect(0, 0, all.width, all.height);
  context.font = `600 ${Math.round(15 * devicePixelRatio)}px system-ui, sans-serif`;
  context.textBaseline = 'middle';
  let top = 0;
  for (const { title, canvas } of pictures) {
    context.fillStyle = cssColor('--text');
    context.fillText(title, gap / 2, top + gap / 2);
    context.drawImage(canvas, 0, top + gap);
    top += canvas.height + gap;
  }
  return new Promise((done) => all.toBlob(done, 'image/png'));
}

/** Hands the file to the browser's downloads. */
export function download(blob: Blob, name: string): void {
  const address = URL.createObjectURL(blob);
  const link = document.createElement('a');
  link.href = address;
  link.download = name;
  link.click();
  // Later: some browsers read the address only after the click was handled.
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}

/** tributary-history-2026-01-31T12-00-00.csv */
export function fileName(kind: 'csv' | 'png', time: number): string {
  return `tributary-history-${new Date(time).toISOString().slice(0, 19).replaceAll(':', '-')}.${kind}`;
}
