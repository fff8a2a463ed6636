// Which events of the log are shown. Pure.
import type { RunEvent, RunEventCategory, RunEventLevel } from '../../../protocol/status.ts';

export interface LogFilter {
  /** This level and the graver ones. */
  readonly level: RunEventLevel;
  readonly category: RunEventCategory | 'all';
  /** Each word must occur in the text, or in who did it; case does not count. */
  readonly text: string;
}

export const EVERYTHING: LogFilter = { level: 'info', category: 'all', text: '' };

export const LEVELS: readonly RunEventLevel[] = ['info', 'warning', 'error'];

export const CATEGORIES: readonly RunEventCategory[] = [
  'run',
  'volunteer',
  'lease',
  'corpus',
  'model',
  'checkpoint',
  'operator',
  'server',
];

export function filtered(events: readonly RunEvent[], { level, category, text }: LogFilter): readonly RunEvent[] {
  const least = LEVELS.indexOf(level);
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  return events.filter(
    (event) =>
      LEVELS.indexOf(event.level) >= least &&
      (category === 'all' || event.category === category) &&
      words.every((word) => `${event.text} ${event.who}`.toLowerCase().includes(word)),
  );
}
