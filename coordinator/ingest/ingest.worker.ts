// Entry of the ingest thread: answers one request at a time.
import { randomInt } from 'node:crypto';
import { parentPort } from 'node:worker_threads';
import { redact } from '../corpus/webhdfs/redaction.ts';
import { TributaryError } from '../errors.ts';
import { Ingest } from './ingest.ts';
import type { IngestAnswer, IngestMessage, IngestRequest } from './requests.ts';

const port = parentPort!;

function post(message: IngestMessage, transfer: ArrayBuffer[] = []): void {
  port.postMessage(message, transfer);
}

const ingest = new Ingest((bytes) => post({ kind: 'progress', bytes }), randomInt(2 ** 32));

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
    const known = error instanceof TributaryError;
    post({
      kind: 'failure',
      failure: {
        code: known ? error.code : 'INTERNAL',
        message: redact(
          known ? error.message : error instanceof Error ? (error.stack ?? error.message) : String(error),
        ),
        hint: known ? error.hint : undefined,
        exit: known ? error.exit : 1,
      },
    });
  }
}

port.on('message', (request: IngestRequest) => void handle(request));
