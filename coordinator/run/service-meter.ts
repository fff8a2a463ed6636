// How the process itself does: event-loop lag, processor, memory, bytes a second. Node's own clocks and counters, sampled.
import { monitorEventLoopDelay } from 'node:perf_hooks';

export interface ServiceFigures {
  /** How late the event loop was over the last second, in ms. */
  readonly lagMs: { readonly p50: number; readonly p99: number; readonly most: number };
  /** Share of one core. */
  readonly cpu: number;
  /** Bytes. */
  readonly memory: { readonly resident: number; readonly heap: number; readonly buffers: number };
  readonly bytesDown: number;
  readonly bytesUp: number;
}

/** The timer that measures lag fires so often, in ms: what it reports beyond that is lag. */
const RESOLUTION_MS = 10;

const STILL: ServiceFigures = {
  lagMs: { p50: 0, p99: 0, most: 0 },
  cpu: 0,
  memory: { resident: 0, heap: 0, buffers: 0 },
  bytesDown: 0,
  bytesUp: 0,
};

export class ServiceMeter {
  readonly #delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  #cpu = process.cpuUsage();
  #at: number;
  #down = 0;
  #up = 0;
  #figures = STILL;

  /** @param now milliseconds on a steady clock */
  constructor(now: number) {
    this.#at = now;
    this.#delay.enable();
  }

  /** As last sampled. */
  get figures(): ServiceFigures {
    return this.#figures;
  }

  /** Once a second. @param traffic bytes in all, so far */
  sample(now: number, traffic: { readonly down: number; readonly up: number }): ServiceFigures {
    const seconds = Math.max(0.001, (now - this.#at) / 1000);
    const cpu = process.cpuUsage(this.#cpu);
    const late = (nanoseconds: number): number => Math.max(0, nanoseconds / 1e6 - RESOLUTION_MS);
    const { rss, heapUsed, arrayBuffers } = process.memoryUsage();
    this.#figures = {
      lagMs: {
        p50: late(this.#delay.percentile(50)),
        p99: late(this.#delay.percentile(99)),
        // Before the first measurement the histogram's largest value is 0.
        most: late(this.#delay.max),
      },
      cpu: (cpu.user + cpu.system) / 1e6 / seconds,
      memory: { resident: rss, heap: heapUsed, buffers: arrayBuffers },
      bytesDown: Math.max(0, traffic.down - this.#down) / seconds,
      bytesUp: Math.max(0, traffic.up - this.#up) / seconds,
    };
    this.#delay.reset();
    this.#cpu = process.cpuUsage();
    this.#at = now;
    this.#down = traffic.down;
    this.#up = traffic.up;
    return this.#figures;
  }

  close(): void {
    this.#delay.disable();
  }
}
