// Runs bytes through one of Node's decoding streams, and keeps the reader's errors apart from the decoder's.
import { pipeline, Readable, type Transform } from 'node:stream';

/**
 * What `decoder` makes of `bytes`. Errors of the reader come out as they are.
 * @param refuse makes what is thrown of an error of the decoder
 */
export async function* throughStream(
  bytes: AsyncIterable<Uint8Array>,
  decoder: Transform,
  refuse: (error: Error) => Error,
): AsyncGenerator<Uint8Array> {
  let failed: { readonly error: unknown } | undefined;
  const input = async function* (): AsyncGenerator<Uint8Array> {
    try {
      yield* bytes;
    } catch (error) {
      failed = { error };
      throw error;
    }
  };
  // Errors come out of the iteration below; the callback keeps pipeline from raising them a second time.
  pipeline(Readable.from(input(), { objectMode: true, highWaterMark: 2 }), decoder, () => undefined);
  try {
    for await (const chunk of decoder) yield chunk as Buffer;
  } catch (error) {
    if (failed !== undefined) throw failed.error;
    throw error instanceof Error ? refuse(error) : error;
  }
}
