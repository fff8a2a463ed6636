// Volunteers within this process: worker threads that speak the same frames as a tab, without a socket.
import { Worker } from 'node:worker_threads';
import type { LeaseDesk } from '../leases/lease-desk.ts';
import { threadEntry } from '../thread-entry.ts';

export interface LocalVolunteers {
  close(): Promise<void>;
}

/** @param failed called when a thread dies of an error; its leases are returned already */
export function startLocalVolunteers(desk: LeaseDesk, count: number, failed: (error: Error) => void): LocalVolunteers {
  const workers = Array.from({ length: count }, () => {
    const worker = new Worker(threadEntry(import.meta.url, './local-volunteer.worker'));
    const one = desk.connect(
      {
        send: (frame) => worker.postMessage(frame),
        close: () => undefined,
        buffered: 0,
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
