// Local volunteers whose thread ends before the run does: nobody waits for them in silence.
import { expect, it, vi } from 'vitest';
import { startLocalVolunteers } from '../../../coordinator/local/local-volunteers.ts';
import { SmallRun } from '../leases/harness.ts';

it('a local volunteer that the desk sends away is gone, and its failure is told', async () => {
  const run = new SmallRun();
  const told: string[] = [];
  const local = startLocalVolunteers(run.desk, 1, (error) => {
    told.push(`${error.message}; ${run.desk.volunteers.length} left`);
  });
  run.desk.receive(run.desk.volunteers[0]!, Uint8Array.of(200));
  await vi.waitUntil(() => told.length > 0);
  expect(told).toEqual([expect.stringMatching(/^BAD_TAG: .*; 0 left$/)]);
  await local.close();
});
