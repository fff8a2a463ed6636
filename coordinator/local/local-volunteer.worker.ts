// Entry of a local volunteer's thread: the same session as in a tab, over a message port, on the CPU engine.
import { parentPort } from 'node:worker_threads';
import { CpuEngine } from '../../word2vec/cpu-engine.ts';
import type { Engine } from '../../word2vec/engine.ts';
import { VolunteerSession } from '../../volunteer/session.ts';

/** MiB of rows that a local volunteer caches. */
const CACHE_MIB = 1024;

const port = parentPort!;
let made: Promise<Engine> | null = null;
const engine = (): Promise<Engine> => (made ??= CpuEngine.create());

const session = new VolunteerSession(
  {
    send: (frame) => port.postMessage(frame, frame.byteLength === frame.buffer.byteLength ? [frame.buffer] : []),
    now: () => performance.now(),
    engine,
    engineFailed: (error) => {
      throw error;
    },
  },
  (event) => {
    if (event.kind === 'failed') throw event.error;
    if (event.kind === 'finished' || event.kind === 'left') port.close();
  },
);

port.on('message', (frame: Uint8Array) => session.receive(frame));
session.open({ engine: 'cpu', device: (await engine()).device, cacheMiB: CACHE_MIB, name: '', browser: '' });
