// Volunteers within this process: worker threads that speak the same frames as a tab, without a socket.
import { CLOSE } from '../../protocol/limits.ts';
import type { LeaseDesk } from '../leases/lease-desk.ts';
import { startThread } from '../thread-entry.ts';

export interface LocalVolunteers {
  close(): Promise<void>;
}

/** @param failed called when a thread dies of an error, or the desk sends it away; its leases are free already */
export function startLocalVolunteers(desk: LeaseDesk, count: number, failed: (error: Error) => void): LocalVolunteers {
  const workers = Array.from({ length: count }, () => {
    const worker = startThread(import.meta.url, './local-volunteer.worker');
    const one = desk.connect(
      {
        send: (frame) => worker.postMessage(frame),
        close: (code, reason) => {
          if (code === CLOSE.finished) return;
          void worker.terminate();
          if (code === CLOSE.banned) return;
          // Not within the desk's own step: it has not yet forgotten the volunteer.
          queueMicrotask(() => failed(new Error(reason)));
        },
        buffered: 0,
        address: '',
      },
      true,
    );
    worker.on('message', (frame: Uint8Array) => desk.receive(one, frame));
    worker.on('error', (error: Error) => {
      desk.disconnect(one, `its thread failed: ${error.message}`);
      failed(error);
    });
    worker.on('exit', () => desk.disconnect(one, 'its thread ended'));
    return worker;
  });
  return {
    close: async () => {
      await Promise.all(workers.map((worker) => worker.terminate()));
    },
  };
}
