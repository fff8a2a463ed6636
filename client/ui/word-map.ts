// GET /api/vectors: the most frequent words and their vectors, fetched and checked byte by byte.
import { ProtocolError } from '../../protocol/bytes.ts';
import { decodeWordMap, type WordMap } from '../../protocol/vectors.ts';
import { type CallResult, readFailure } from './coordinator-call.ts';

/** The parts of an answer that are used: a test may hand one in without a server. */
export interface BytesAnswer {
  readonly ok: boolean;
  readonly status: number;
  arrayBuffer(): Promise<ArrayBuffer>;
}

export type FetchBytes = (url: string, init?: RequestInit) => Promise<BytesAnswer>;

/** `top`: how many words, the most frequent first. Failures are values; only an abort throws. */
export async function fetchWordMap(
  top: number,
  signal: AbortSignal,
  send: FetchBytes = fetch,
): Promise<CallResult<WordMap>> {
  let answer: BytesAnswer;
  let bytes: Uint8Array;
  try {
    answer = await send(`api/vectors?top=${top}`, { signal, cache: 'no-store' });
    bytes = new Uint8Array(await answer.arrayBuffer());
  } catch (error) {
    if (signal.aborted) throw error;
    const cause = error instanceof Error ? error.message : String(error);
    return { ok: false, failure: { code: 'UNREACHABLE', message: `The coordinator does not answer (${cause}).` } };
  }
  if (!answer.ok) return { ok: false, failure: readFailure(answer.status, new TextDecoder().decode(bytes)) };
  try {
    return { ok: true, body: decodeWordMap(bytes) };
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
    return { ok: false, failure: { code: error.code, message: `The map cannot be read: ${error.message}.` } };
  }
}
