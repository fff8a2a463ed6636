// Results on their way into HDFS: while they wait for it, that is said.
import { afterEach, expect, it, vi } from 'vitest';
import { WaitBoard } from '../../../coordinator/corpus/webhdfs/waits.ts';
import { claimRemote, uploadResults } from '../../../coordinator/run/remote-results.ts';

afterEach(() => void vi.restoreAllMocks());

it('tell what they wait for, and that it is over', async () => {
  const heard: (string | null)[] = [];
  const board = new WaitBoard('remote-results-test', (reason) => heard.push(reason));
  const local = { vectors: '/none', vectorsText: '/none', vocabulary: '/none', run: '/none' };
  // Nothing listens there.
  const target = 'webhdfs://127.0.0.1:1/x';
  const options = { hdfsUser: 'ann', hdfsAttempts: 2, hdfsWaits: 'remote-results-test' };
  await expect(uploadResults(target, options, local, 'out')).rejects.toMatchObject({ code: 'UPLOAD_FAILED' });
  await expect.poll(() => heard).toEqual([expect.stringContaining('cannot connect to name node 127.0.0.1:1'), null]);
  board.close();
});

it('have their directory waited for with a word on stderr, and one alone', async () => {
  const said: unknown[] = [];
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => said.push(text) > 0);
  const options = { hdfsUser: 'ann', hdfsAttempts: 3 };
  await expect(claimRemote('webhdfs://127.0.0.1:1/x', options)).rejects.toMatchObject({
    code: 'HDFS_NAME_NODE_UNREACHABLE',
  });
  expect(said).toEqual([expect.stringMatching(/^waiting for HDFS: cannot connect to name node 127\.0\.0\.1:1/)]);
});
