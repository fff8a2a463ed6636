// What this page fetches beside the compute worker's traffic: counted, so that the volunteer sees every byte of it, and
// held back where it would pass the data cap.
import type { ErrorBody } from '../../protocol/status.ts';
import type { CallAnswer, Fetch } from '../ui/coordinator-call.ts';
import type { FetchBytes } from '../ui/word-map.ts';

const REFUSAL: ErrorBody = {
  error: {
    code: 'DATA_CAP',
    message: 'Your data cap is met, so this page asks for nothing more: raise it under Limits.',
  },
};

/** The code of a call that was not made because of the data cap. */
export const CAP_MET = REFUSAL.error.code;

export interface Traffic {
  /** Bytes of answers so far, headers left out. */
  readonly bytes: number;
  readonly text: Fetch;
  readonly binary: FetchBytes;
}

export interface TrafficLimits {
  /** Whether the data cap leaves room for `bytes` more. */
  affords(bytes: number): boolean;
  /** Bytes were added. */
  counted(): void;
}

export class PageTraffic implements Traffic {
  readonly #limits: TrafficLimits;
  readonly #send: typeof fetch;
  #bytes = 0;
  /** The largest answer of each path: what the next one may take. */
  readonly #largest = new Map<string, number>();

  constructor(limits: TrafficLimits, send: typeof fetch = (url, init) => fetch(url, init)) {
    this.#limits = limits;
    this.#send = send;
  }

  get bytes(): number {
    return this.#bytes;
  }

  async #ask(url: string, init?: RequestInit): Promise<{ ok: boolean; status: number; body: ArrayBuffer }> {
    const path = url.split('?', 1)[0] ?? url;
    if (!this.#limits.affords(this.#largest.get(path) ?? 0))
      return { ok: false, status: 0, body: new TextEncoder().encode(JSON.stringify(REFUSAL)).buffer };
    const answer = await this.#send(url, init);
    const body = await answer.arrayBuffer();
    this.#bytes += body.byteLength;
    this.#largest.set(path, Math.max(this.#largest.get(path) ?? 0, body.byteLength));
    this.#limits.counted();
    return { ok: answer.ok, status: answer.status, body };
  }

  readonly text: Fetch = async (url, init): Promise<CallAnswer> => {
    const { ok, status, body } = await this.#ask(url, init);
    return { ok, status, text: async () => new TextDecoder().decode(body) };
  };

  readonly binary: FetchBytes = async (url, init) => {
    const { ok, status, body } = await this.#ask(url, init);
    return { ok, status, arrayBuffer: async () => body };
  };
}
