// What this page fetches beside the compute worker's traffic: counted, so that the volunteer sees every byte of it.
import type { CallAnswer, Fetch } from '../ui/coordinator-call.ts';
import type { FetchBytes } from '../ui/word-map.ts';

export interface Traffic {
  /** Bytes of answers so far, headers left out. */
  readonly bytes: number;
  readonly text: Fetch;
  readonly binary: FetchBytes;
}

export class PageTraffic implements Traffic {
  #bytes = 0;

  get bytes(): number {
    return this.#bytes;
  }

  readonly text: Fetch = async (url, init): Promise<CallAnswer> => {
    const answer = await fetch(url, init);
    return {
      ok: answer.ok,
      status: answer.status,
      text: async () => {
        const body = await answer.arrayBuffer();
        this.#bytes += body.byteLength;
        return new TextDecoder().decode(body);
      },
    };
  };

  readonly binary: FetchBytes = async (url, init) => {
    const answer = await fetch(url, init);
    return {
      ok: answer.ok,
      status: answer.status,
      arrayBuffer: async () => {
        const body = await answer.arrayBuffer();
        this.#bytes += body.byteLength;
        return body;
      },
    };
  };
}
