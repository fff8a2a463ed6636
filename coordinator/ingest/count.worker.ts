// Entry of a counting thread: reads the corpus by itself, and answers with the counts of one part at a time.
import { parentPort } from 'node:worker_threads';
import { openCorpus } from '../corpus/open.ts';
import type { LaneMessage, LaneRequest } from './count-lane.ts';
import { failureOf } from './failure.ts';
import type { CountPlace } from './part-counter.ts';
import { PartCounter } from './part-counter.ts';

/** Bytes between two reports of what was read. */
const REPORT_BYTES = 1 << 20;

const port = parentPort!;
let counter: Promise<PartCounter> | null = null;
let unreported = 0;

function post(message: LaneMessage, transfer: ArrayBuffer[] = []): void {
  port.postMessage(message, transfer);
}

function report(least: number): void {
  if (unreported < least) return;
  post({ kind: 'read', bytes: unreported });
  unreported = 0;
}

async function open({ corpus, options, plan }: Extract<LaneRequest, { kind: 'open' }>): Promise<PartCounter> {
  const source = await openCorpus(corpus, options);
  return new PartCounter(source, plan, {
    now: () => performance.now(),
    read: (bytes) => {
      unreported += bytes;
      report(REPORT_BYTES);
    },
  });
}

async function count(place: CountPlace): Promise<void> {
  try {
    const part = await (await counter!).count(place);
    report(1);
    const { bytes, ends, counts } = part.counts;
    post({ kind: 'part', part }, [bytes.buffer, ends.buffer, counts.buffer]);
  } catch (error) {
    post({ kind: 'failure', failure: failureOf(error) });
  }
}

port.on('message', (request: LaneRequest) => {
  switch (request.kind) {
    case 'open':
      counter = open(request);
      // Why it failed is told where a part is asked for.
      counter.catch(() => undefined);
      return;
    case 'count':
      void count(request.place);
      return;
    case 'hurry':
      void counter?.then(
        (opened) => opened.hurry(),
        () => undefined,
      );
      return;
  }
});
