// The run as the page knows it before the volunteer starts: one look at GET /api/run.
import type { RunStatus } from '../../protocol/status.ts';
import { callCoordinator, type Fetch } from '../ui/coordinator-call.ts';
import type { WorkerStatus } from '../worker/api.ts';

export type RunGlance =
  | { readonly kind: 'asking' }
  | {
      readonly kind: 'known';
      readonly state: RunStatus['state'];
      readonly sentence: string;
      readonly run: WorkerStatus['run'];
    }
  | { readonly kind: 'unreachable'; readonly message: string };

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
  return result.ok ? glanceOf(result.body) : { kind: 'unreachable', message: result.failure.message };
}
