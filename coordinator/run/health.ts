// How a run does, in one word and its reason: a pure function of figures.
import type { Health, RunState } from '../../protocol/status.ts';

export interface HealthFigures {
  readonly state: RunState;
  readonly reason: string;
  /** That the run diverges and what to change; null while all is well. */
  readonly warning: string | null;
  /** What reading the corpus waits for; null while it goes on. */
  readonly waiting: string | null;
  /** Attempts to read the corpus that failed in the last minute, and where most did; null when none did. */
  readonly readFailures: { readonly count: number; readonly where: string; readonly code: string } | null;
  /**
   * How late the event loop was over the window, in ms: the median of the seconds' 99th percentiles. Half a minute of
   * late seconds is a fault, a burst is not, and the word does not flicker.
   */
  readonly lagMs: number;
  /** Leases that ended within the window. */
  readonly ended: {
    readonly applied: number;
    readonly expired: number;
    readonly rejected: number;
  };
  /** Volunteers that could train, and those of them that want a lease and had none for HUNGRY_MS. */
  readonly willing: number;
  readonly hungry: number;
  /** Chunks that wait for a volunteer. */
  readonly waitingChunks: number;
  /** That the last checkpoint failed; null while they succeed. */
  readonly checkpointError: string | null;
}

/** The window of what is called recent, in ms. */
export const HEALTH_WINDOW_MS = 60_000;
/** Milliseconds without work after which a volunteer counts as kept waiting. */
export const HUNGRY_MS = 10_000;

/** Beyond so many ms of lag, volunteers wait for the coordinator. */
const LAG_MS = 250;
/** Failed attempts to read within a minute that are more than a passing trouble. */
const READ_FAILURES = 3;
/** Share of ended leases that may expire or be rejected, and how many must have ended before it is judged. */
const LOST_SHARE = 0.1;
const LEAST_ENDED = 10;
/** Share of the volunteers that may be kept waiting while chunks wait. */
const HUNGRY_SHARE = 0.5;

/** The first of these that holds, worst first. */
export function healthOf(figures: HealthFigures): Health {
  const { state, reason, warning } = figures;
  switch (state) {
    case 'failed':
    case 'done':
      return { word: state, reason };
    case 'paused':
      return { word: 'halted', reason: `paused ${reason}` };
    case 'stopping':
      return { word: 'halted', reason };
    case 'starved':
      return warning === null ? { word: 'starved', reason } : { word: 'diverging', reason: warning };
    case 'counting':
    case 'preparing':
    case 'training': {
      if (warning !== null) return { word: 'diverging', reason: warning };
      const fault = faultOf(figures);
      return fault === null ? { word: 'healthy', reason } : { word: 'degraded', reason: fault };
    }
  }
}

/** What costs speed or data, and what to look at; null while nothing does. */
function faultOf(figures: HealthFigures): string | null {
  const { waiting, readFailures, lagMs, ended, willing, hungry, waitingChunks, checkpointError } = figures;
  if (checkpointError !== null) return `checkpoints fail: ${checkpointError}`;
  if (waiting !== null) return `the corpus cannot be read: ${waiting}`;
  if (readFailures !== null && readFailures.count >= READ_FAILURES) {
    const { count, where, code } = readFailures;
    return `${count} attempts to read the corpus failed in the last minute, most of them at ${where} (${code}); reading goes on elsewhere: see the corpus`;
  }
  if (lagMs > LAG_MS) {
    return `the coordinator was late by ${Math.round(lagMs)} ms in half of the last minute: its machine is busy, or there are too many volunteers for it`;
  }
  const lost = ended.expired + ended.rejected;
  const all = ended.applied + lost;
  if (all >= LEAST_ENDED && lost > LOST_SHARE * all) {
    return `${ended.expired} of ${all} leases expired and ${ended.rejected} were rejected in the last minute; see the volunteers`;
  }
  if (waitingChunks > 0 && willing > 1 && hungry > HUNGRY_SHARE * willing) {
    return `${hungry} of ${willing} volunteers wait while ${waitingChunks} chunks do: the grid has no free block for them yet`;
  }
  return null;
}
