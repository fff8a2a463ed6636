// The run as the page knows it before the volunteer starts: one look at GET /api/run.
import type { RunStatus } from '../../protocol/status.ts';
import { callCoordinator, type Fetch } from '../ui/coordinator-call.ts';
import { CAP_MET } from './page-traffic.ts';
import type { WorkerStatus } from '../worker/api.ts';

export type RunGlance =
  | { readonly kind: 'asking' }
  | {
      readonly kind: 'known';
      readonly state: RunStatus['state'];
      readonly sentence: string;
      readonly run: WorkerStatus['run'];
    }
  /** The data cap is met: the page did not ask. */
  | { readonly kind: 'capped'; readonly message: string }
  | { readonly kind: 'unreachable'; readonly message: string };

/** Before the first piece is made there are no vectors to ask for. */
export function hasVectors(glance: RunGlance): boolean {
  return glance.kind === 'known' && glance.state !== 'counting' && glance.state !== 'preparing';
}

export function glanceOf(status: RunStatus): RunGlance {
  const { progress, wordsPerSecond, volunteers, etaSeconds, loss } = status;
  // While words are counted the progress is in bytes: no measure of the training.
  const run =
    progress.unit === 'tokens'
      ? {
          tokensDone: progress.done,
          tokensTotal: progress.total,
          wordsPerSecond,
          volunteers: volunteers.length,
          etaSeconds,
          loss,
          rank: 0,
          ranked: 0,
          ownWords: 0,
          allWords: 0,
        }
      : null;
  return { kind: 'known', state: status.state, sentence: status.reason, run };
}

export async function lookAtRun(send?: Fetch): Promise<RunGlance> {
  const result = await callCoordinator<RunStatus>('api/run', {}, send);
  if (result.ok) return glanceOf(result.body);
  const { code, message } = result.failure;
  return { kind: code === CAP_MET ? 'capped' : 'unreachable', message };
}
