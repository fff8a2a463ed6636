// Reads the small JSON body of a request.
import type { IncomingMessage } from 'node:http';

/** Bytes of a request's body; actions take a few values. */
export const MOST_BODY = 4096;

/** The body's JSON, {} when it is empty; null when it is none, or too long, or its sender hung up before its end. */
export async function readBody(request: IncomingMessage): Promise<{ readonly value: unknown } | null> {
  const pieces: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const piece of request as AsyncIterable<Buffer>) {
      bytes += piece.length;
      // Read to its end, so that the connection stays usable.
      if (bytes <= MOST_BODY) pieces.push(piece);
    }
  } catch (error) {
    // No fault of ours, and nobody is left to be answered: a stranger could fill the log with it.
    if (!request.complete) return null;
    throw error;
  }
  if (bytes > MOST_BODY) return null;
  if (bytes === 0) return { value: {} };
  try {
    return { value: JSON.parse(Buffer.concat(pieces).toString('utf8')) as unknown };
  } catch {
    return null;
  }
}
