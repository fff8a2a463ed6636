// Results on their way into HDFS: while they wait for it, that is said.
import { expect, it } from 'vitest';
import { WaitBoard } from '../../../coordinator/corpus/webhdfs/waits.ts';
import { uploadResults } from '../../../coordinator/run/remote-results.ts';

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
