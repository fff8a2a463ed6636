// Entry of a compute thread: the leases of the volunteers pinned to it, decoded, planned, trained and encoded in order.
import { parentPort } from 'node:worker_threads';
import { decodeToVolunteer } from '../../protocol/to-volunteer.ts';
import type { Welcome } from '../../protocol/to-volunteer.ts';
import { LeaseTools, LeaseWorker } from '../../volunteer/lease-work.ts';
import { CpuEngine } from '../../word2vec/cpu-engine.ts';
import type { Engine, LeaseLoss } from '../../word2vec/engine.ts';
import { threadMs } from './thread-time.ts';
import type { ComputedLease, FrameFor, FromComputeThread } from './compute-messages.ts';

interface Session {
  readonly welcome: Welcome;
  readonly worker: LeaseWorker;
}

const port = parentPort!;
const sessions = new Map<number, Session>();
const engine = await CpuEngine.create();
/** Every real volunteer derives its own once; all of this thread are of one run, and train in turn. */
let tools: LeaseTools | null = null;
let engineMs = 0;
/** Notes the processor time of what it runs. */
async function timing(work: () => Promise<LeaseLoss>): Promise<LeaseLoss> {
  const begun = threadMs();
  const loss = await work();
  engineMs = threadMs() - begun;
  return loss;
}
const timed: Engine = {
  kind: engine.kind,
  device: engine.device,
  train: (plan, rows, step) => timing(() => engine.train(plan, rows, step)),
  trainBags: (plan, rows, step) => timing(() => engine.trainBags(plan, rows, step)),
  dispose: () => engine.dispose(),
};

async function handle({ session, frame }: FrameFor): Promise<void> {
  if (frame === null) {
    sessions.delete(session);
    return;
  }
  const known = sessions.get(session);
  const shape = { format: known?.welcome.rowsDown ?? 'f32', dim: known?.welcome.dim ?? 0 };
  const message = decodeToVolunteer(frame, shape);
  if (message.tag === 'welcome') {
    tools ??= new LeaseTools(message);
    sessions.set(session, { welcome: message, worker: new LeaseWorker(message, tools) });
  } else if (message.tag === 'cancel') known?.worker.reset();
  else if (message.tag === 'lease' && known !== undefined) {
    const prepared = known.worker.prepare(message, []);
    // What the clock shows is not used by the coordinator; a constant keeps results a function of the lease.
    const result = await known.worker.train(
      prepared,
      timed,
      () => 0,
      () => true,
    );
    const { lease, pairs } = message;
    const answer: ComputedLease = { lease, result: result!, pairs, engineMs };
    port.postMessage(answer, [answer.result.buffer]);
  }
}

// One after the other: leases build on each other's rows.
let last = Promise.resolve();
port.postMessage('ready' satisfies FromComputeThread);
port.on('message', (message: FrameFor) => {
  last = last.then(() => handle(message));
});
