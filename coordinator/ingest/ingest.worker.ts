// Entry of the ingest thread: answers one request at a time.
import { randomInt } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { parentPort } from 'node:worker_threads';
import { failureOf } from './failure.ts';
import { Ingest } from './ingest.ts';
import type { IngestAnswer, IngestMessage, IngestRequest, Interruption, Return } from './requests.ts';

const port = parentPort!;

function post(message: IngestMessage, transfer: ArrayBuffer[] = []): void {
  port.postMessage(message, transfer);
}

const ingest = new Ingest(
  {
    now: () => performance.now(),
    wait: (ms) => sleep(ms, undefined, { ref: false }),
    progress: (bytes) => post({ kind: 'progress', bytes }),
    note: (level, text) => post({ kind: 'note', level, text }),
  },
  randomInt(2 ** 32),
);

async function answer(request: IngestRequest): Promise<IngestAnswer> {
  switch (request.kind) {
    case 'open':
      return ingest.open(request);
    case 'count':
      return ingest.count(request);
    case 'train':
      ingest.train(request);
      return null;
    case 'prepare':
      return ingest.prepare(request);
  }
}

async function handle(request: IngestRequest): Promise<void> {
  try {
    const result = await answer(request);
    const transfer =
      result !== null && 'inputs' in result ? [result.inputs.buffer, result.outputs.buffer, result.offsets.buffer] : [];
    post({ kind: 'answer', answer: result }, transfer);
  } catch (error) {
    post({ kind: 'failure', failure: failureOf(error) });
  }
}

port.on('message', (request: IngestRequest | Interruption | Return) => {
  if (request.kind === 'interrupt') ingest.interrupt();
  else if (request.kind === 'return') ingest.giveBack(request.memory);
  else void handle(request);
});
