// Entry of the auditing thread: replays leases one after the other on the CPU engine.
import { parentPort } from 'node:worker_threads';
import type { Welcome } from '../../protocol/to-volunteer.ts';
import { CpuEngine } from '../../word2vec/cpu-engine.ts';
import { Replayer } from './replayer.ts';
import type { AuditAnswer, AuditMessage } from './auditor.ts';

const port = parentPort!;
let replayer: Replayer | null = null;

async function start(welcome: Welcome): Promise<void> {
  replayer = new Replayer(welcome, await CpuEngine.create());
}

let last: Promise<void> = Promise.resolve();
port.on('message', (message: AuditMessage) => {
  last = last.then(async () => {
    if (message.kind === 'start') return start(message.welcome);
    const answer: AuditAnswer = { lease: message.lease, comparison: await replayer!.replay(message.task) };
    port.postMessage(answer);
  });
});
