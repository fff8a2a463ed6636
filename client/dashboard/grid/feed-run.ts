// What the grid's parts read of the run's status.
import type { RunStatus } from '../../../protocol/status.ts';

export type FeedRun = Pick<RunStatus, 'chunks' | 'leases'>;
