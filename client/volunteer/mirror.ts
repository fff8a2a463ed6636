// The volunteer's state for programs that drive the page: window.tributary and <html data-state>.
import type { WorkerStatus } from '../worker/api.ts';

export interface VolunteerMirror {
  state: WorkerStatus['state'];
  reason: string;
  engine: WorkerStatus['engine'];
  device: string;
  /** Corpus words per second. */
  wordsPerSecond: number;
  accepted: number;
  rejected: number;
  bytesUp: number;
  bytesDown: number;
  /** Duty cycle in percent: allowed, and measured over the last seconds. */
  power: WorkerStatus['power'];
  /** The reason when the state is `error`; null otherwise. */
  error: string | null;
}

declare global {
  interface Window {
    tributary?: VolunteerMirror;
  }
}

/** Brings the one mirror object up to date in place, so that a reference taken early stays good. */
export function mirrorStatus(target: Window, status: WorkerStatus): void {
  const { state, reason, engine, device, wordsPerSecond, accepted, rejected, bytesUp, bytesDown, power } = status;
  const error = state === 'error' ? reason : null;
  const now = { state, reason, engine, device, wordsPerSecond, accepted, rejected, bytesUp, bytesDown, power, error };
  if (target.tributary === undefined) target.tributary = now;
  else Object.assign(target.tributary, now);
  target.document.documentElement.dataset['state'] = state;
}
