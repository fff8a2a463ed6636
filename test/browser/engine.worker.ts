// The worker of the worker test: trains the one lease that it is sent and answers with rows and loss.
import { WebGpuEngine } from '../../client/worker/webgpu-engine.ts';
import type { LeaseRows } from '../../word2vec/engine.ts';
import type { Plan } from '../../word2vec/plan.ts';

globalThis.onmessage = async (event: MessageEvent<{ plan: Plan; rows: LeaseRows }>) => {
  const { plan, rows } = event.data;
  const engine = await WebGpuEngine.create();
  const loss = await engine.train(plan, rows, { alpha: 0.06, damping: 0.25 });
  engine.dispose();
  globalThis.postMessage({ ...rows, ...loss });
};
