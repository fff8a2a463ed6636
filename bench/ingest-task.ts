// One measurement of `bench -- ingest`, in a process of its own: reads, counts or encodes, and prints its figures as JSON.
import { readFileSync } from 'node:fs';
import { readLineBlocks, type LineBlock } from '../coordinator/corpus/lines.ts';
import { parseHostMap } from '../coordinator/corpus/host-map.ts';
import { openCorpus } from '../coordinator/corpus/open.ts';
import type { CorpusFile, CorpusOptions, CorpusSource } from '../coordinator/corpus/source.ts';
import { planSplits } from '../coordinator/corpus/splits.ts';
import { Encoder } from '../coordinator/ingest/encoder.ts';
import { AS_IT_STANDS } from '../coordinator/ingest/normalisation.ts';
import { WordCounter } from '../coordinator/ingest/word-counter.ts';
import type { OpenedCorpus } from '../coordinator/ingest/code-feed.ts';
import { SCHEDULE } from '../coordinator/run/config.ts';
import type { Task, TaskFigures } from './ingest-tasks.ts';

const MIN_COUNT = 5;
/** Memory for tables of words. */
const WORDS_BYTES = 256 << 20;
/** Text that is counted and encoded; all of it in memory, so that no reading is measured. */
const TEXT_BYTES = 64 << 20;

function optionsOf(task: { readonly user: string; readonly hostMap: string }): CorpusOptions {
  return { hdfsUser: task.user, hdfsHostMap: parseHostMap(task.hostMap) };
}

/** Reads every `parts`th split, `streams` at a time, and throws the bytes away. */
async function read(task: Extract<Task, { kind: 'read' }>, opened: OpenedCorpus): Promise<number> {
  const { source, files } = opened;
  const splits = opened.splits.filter((_, k) => k % task.parts === task.part).values();
  let bytes = 0;
  const lane = async (): Promise<void> => {
    for (const { file, start, end } of splits)
      for await (const chunk of source.read(files[file]!, start, end - start)) bytes += chunk.length;
  };
  await Promise.all(Array.from({ length: task.streams }, lane));
  return bytes;
}

async function openRemote(task: Extract<Task, { kind: 'read' }>): Promise<OpenedCorpus> {
  const source = await openCorpus([task.corpus], optionsOf(task));
  const files = await source.list();
  const splits = await planSplits(source, files, SCHEDULE.splitBytes);
  // Code is compiled before it is measured, as in a run that takes hours.
  const { file, start, end } = splits[0]!;
  for await (const chunk of source.read(files[file]!, start, end - start)) void chunk;
  return { source, files, splits };
}

/** The first lines of a local file, of about TEXT_BYTES, in the blocks that a run reads. */
async function blocksOf(path: string): Promise<LineBlock[]> {
  const bytes = readFileSync(path).subarray(0, TEXT_BYTES);
  const whole = bytes.subarray(0, bytes.lastIndexOf(0x0a) + 1);
  const chunkBytes = 64 << 10; // as a socket gives them
  const source: Pick<CorpusSource, 'read'> = {
    async *read() {
      for (let at = 0; at < whole.length; at += chunkBytes) yield whole.subarray(at, at + chunkBytes);
    },
  };
  const file: CorpusFile = { path, length: whole.length, modified: 0, id: '', codec: 'plain' };
  const blocks: LineBlock[] = [];
  const split = { file: 0, start: 0, end: whole.length };
  for await (const block of readLineBlocks(source as CorpusSource, file, split)) blocks.push(block);
  return blocks;
}

async function work(task: Task): Promise<TaskFigures> {
  const blocks = task.kind === 'count' || task.kind === 'encode' ? await blocksOf(task.file) : [];
  const opened = task.kind === 'read' ? await openRemote(task) : undefined;
  const counter = new WordCounter(AS_IT_STANDS, WORDS_BYTES);
  let encoder: Encoder | undefined;
  if (task.kind === 'encode') {
    for (const block of blocks) counter.add(block);
    const kept = [...counter.entries()].filter(([, count]) => count >= MIN_COUNT).toSorted((a, b) => b[1] - a[1]);
    const words = kept.map(([word]) => word);
    encoder = new Encoder({ words, normalisation: AS_IT_STANDS, heldOutLimit: 0, hashSeed: 1 });
    // Compiled before it is measured, as in a run that takes minutes.
    for (const block of blocks.slice(0, 100)) encoder.encode(block.bytes);
  }
  const began = performance.now();
  const cpu = process.cpuUsage();
  let done = 0;
  if (task.kind === 'read') done = await read(task, opened!);
  else if (encoder === undefined) {
    for (const block of blocks) counter.add(block);
    done = counter.tokens;
  } else {
    for (const block of blocks) encoder.encode(block.bytes);
    done = counter.tokens;
  }
  const { user, system } = process.cpuUsage(cpu);
  const seconds = (performance.now() - began) / 1000;
  await opened?.source.close();
  return {
    done,
    seconds,
    cpuSeconds: (user + system) / 1e6,
    peakRssMiB: process.resourceUsage().maxRSS / 1024,
  };
}

process.stdout.write(JSON.stringify(await work(JSON.parse(process.argv[2]!) as Task)));
