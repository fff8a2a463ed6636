// The corpus as its operator sees it, for the tests of the dashboard's sections.
import type { CorpusReport, CorpusStatus } from '../../protocol/corpus.ts';
import { HOSTILE } from './pages-fixture.ts';

export const corpusStatus: CorpusStatus = {
  description: 'novels',
  files: 12,
  bytes: 3e9,
  splits: 24,
  bytesRead: 1e9,
  bytesPerSecond: 4e6,
  pass: 'training',
  position: { epoch: 2, split: 7, line: 4321 },
  reading: [{ path: HOSTILE, since: 1e12 }],
  states: { waiting: 6, reading: 1, done: 4, failed: 1 },
  nodes: [
    {
      role: 'data node',
      node: HOSTILE,
      bytes: 5e8,
      failures: 3,
      codes: [{ code: 'HDFS_DATA_NODE_UNREACHABLE', count: 3 }],
      retries: 2,
      last: 'cannot connect to data node dn3:9864 (ECONNREFUSED)',
      time: 1e12,
    },
  ],
  waiting: 'It waits for a data node.',
  waits: ['It waits for a data node.'],
};

/** So many files, of which the page asked for is told. */
export function corpusReport(files: number, query: string): CorpusReport {
  const asked = new URLSearchParams(query.split('?')[1]);
  const from = Number(asked.get('from'));
  const lines = Array.from({ length: Math.max(0, Math.min(Number(asked.get('count')), files - from)) }, (_, k) => ({
    number: from + k + 1,
    path: from + k === 0 ? HOSTILE : `webhdfs://nn:9870/corpus/part-${from + k}`,
    bytes: 1500,
    splits: 2,
    done: 1,
    state: (['reading', 'waiting', 'done', 'failed'] as const)[k % 4]!,
    error: k % 4 === 3 ? 'HDFS_NO_REPLICA: no data node gives it' : '',
  }));
  return { corpus: corpusStatus, found: files, from, lines };
}
