// Scenes that the tests of faults and of strangers begin and end with.
import { expect } from 'vitest';
import type { Result } from '../../../protocol/to-coordinator.ts';
import { decodeToCoordinator } from '../../../protocol/to-coordinator.ts';
import { play, SmallRun, Tab } from './harness.ts';

/** A run with one lease in the engine of each tab, and the rest of the traffic delivered. */
export async function inTraining(
  count = 1,
  options: ConstructorParameters<typeof SmallRun>[0] = {},
): Promise<{ run: SmallRun; tabs: Tab[] }> {
  const run = new SmallRun(options);
  const tabs = Array.from({ length: count }, () => new Tab(run));
  for (const tab of tabs) tab.engine.hold();
  await play(run, tabs);
  for (const tab of tabs) expect(tab.volunteer.leases.length).toBeGreaterThan(0);
  return { run, tabs };
}

/** The result that waits on its way up. */
export function resultIn(tab: Tab, run: SmallRun): Result {
  const frame = tab.up.find((bytes) => bytes[0] === 3);
  const message = decodeToCoordinator(frame!, { format: run.constants.rowsUp, dim: run.constants.dim });
  if (message.tag !== 'result') throw new Error(`a result was expected, not ${message.tag}`);
  return message;
}

/** Plays to the end: every chunk applied once, no lease open. */
export async function finish(run: SmallRun, tabs: readonly Tab[]): Promise<void> {
  for (const tab of tabs) tab.engine.release();
  await play(run, tabs);
  expect(run.done).toBe(true);
  expect(run.journal.chunksApplied).toBe(run.chunks);
  expect(run.journal.open).toBe(0);
}
