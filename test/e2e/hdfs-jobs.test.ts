// Hadoop's own jobs run on the test cluster: what other tests compare with is really Hadoop's answer.
import { expect, it } from 'vitest';
import { parseHostMap } from '../../coordinator/corpus/host-map.ts';
import { readLines } from '../../coordinator/corpus/lines.ts';
import { openCorpus } from '../../coordinator/corpus/open.ts';
import { sharedHdfs } from '../hdfs/shared.ts';

const hdfs = sharedHdfs();

/** All lines below a path, as the coordinator reads them. */
async function linesOf(path: string): Promise<string[]> {
  const options = { hdfsUser: hdfs.superuser, hdfsHostMap: parseHostMap(hdfs.hostMap) };
  const source = await openCorpus([`${hdfs.url}${path}`], options);
  try {
    const all: string[] = [];
    for (const file of await source.list()) {
      for await (const lines of readLines(source, file, { file: 0, start: 0, end: file.length })) all.push(...lines);
    }
    return all;
  } finally {
    await source.close();
  }
}

it('runs the stock word count', async () => {
  await hdfs.put('/jobs/in/a.txt', Buffer.from('to be or\nnot to be\n'));
  await hdfs.runJob({ mainClass: 'org.apache.hadoop.examples.WordCount', args: ['/jobs/in', '/jobs/count'] });
  expect((await linesOf('/jobs/count')).filter((line) => line !== '')).toEqual(['be\t2', 'not\t1', 'or\t1', 'to\t2']);
});

it('runs a streaming job that tells the offset of each record', async () => {
  await hdfs.put('/jobs/lines/a.txt', Buffer.from('one\r\ntwo\n\nthree'));
  await hdfs.runJob({
    mainClass: 'org.apache.hadoop.streaming.HadoopStreaming',
    args: [
      '-input',
      '/jobs/lines',
      '-output',
      '/jobs/records',
      '-mapper',
      'org.apache.hadoop.mapred.lib.IdentityMapper',
    ],
    properties: { 'mapreduce.job.reduces': 0 },
  });
  expect(await linesOf('/jobs/records')).toEqual(['0\tone', '5\ttwo', '9\t', '10\tthree']);
});

it('says why a job failed', async () => {
  const job = { mainClass: 'org.apache.hadoop.examples.WordCount', args: ['/jobs/nowhere', '/jobs/nothing'] };
  await expect(hdfs.runJob(job)).rejects.toThrow('Input path does not exist');
});
