// Processor time of the calling thread: blind to busy neighbours, unlike the clock on the wall.
import { existsSync, readFileSync } from 'node:fs';

/** Linux: ns on a processor, ns waiting for one, times scheduled. */
const STATISTICS = '/proc/thread-self/schedstat';

/** ms; of the wall clock where the system does not tell. */
export const threadMs: () => number = existsSync(STATISTICS)
  ? () => Number(readFileSync(STATISTICS, 'utf8').split(' ')[0]) / 1e6
  : () => performance.now();
