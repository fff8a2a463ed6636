// What the operator says this run is for: GET /api/about, asked once.
import type { About } from '../../protocol/status.ts';
import { callCoordinator, type Fetch } from './coordinator-call.ts';

/** null when it cannot be had: the page then speaks for itself. */
export async function lookAtAbout(send?: Fetch): Promise<About | null> {
  const result = await callCoordinator<About>('api/about', {}, send);
  return result.ok ? result.body : null;
}
