// Events on the plots: what in the log is a mark, and where it stands.
import type { HistoryPoint, RunEvent } from '../../../protocol/status.ts';
import { type Over, placeOfTime } from './plot-data.ts';

export type MarkKind = 'checkpoint' | 'operator' | 'run';

export interface Mark {
  readonly kind: MarkKind;
  readonly x: number;
  /** Milliseconds since 1970. */
  readonly time: number;
  readonly text: string;
}

export const MARK_NAMES: Readonly<Record<MarkKind, string>> = {
  checkpoint: 'checkpoint',
  operator: 'change by the operator',
  run: 'start, end or restart',
};

const isKind = (category: string): category is MarkKind => Object.hasOwn(MARK_NAMES, category);

/** Checkpoints, what the operator did (learning rate, roll-back, pause), and starts and ends of the run. */
export function marksOf(log: readonly RunEvent[], points: readonly HistoryPoint[], over: Over): readonly Mark[] {
  const marks: Mark[] = [];
  for (const { category, time, text } of log) {
    if (!isKind(category)) continue;
    const x = placeOfTime(points, over, time);
    if (x !== null) marks.push({ kind: category, x, time, text });
  }
  return marks.sort((a, b) => a.x - b.x);
}
