// Points of a history and lines of a log for tests: whole, with what a test says.
import type { HistoryPoint, RunEvent } from '../../../protocol/status.ts';

export function point(given: Partial<HistoryPoint>): HistoryPoint {
  return {
    time: 0,
    tokens: 0,
    wordsPerSecond: 1,
    loss: null,
    heldOut: null,
    probe: [],
    analogies: null,
    volunteers: 1,
    bytesDown: 0,
    bytesUp: 0,
    alpha: 0.06,
    lagMs: 0,
    memory: 0,
    ...given,
  };
}

export function line(given: Partial<RunEvent>): RunEvent {
  return { seq: 1, time: 1e12, level: 'info', category: 'run', who: 'coordinator', text: '', ...given };
}
