// Decodes zstd, frame by frame: by Node's zlib where it has it (22.15 and later), else by fzstd.
import type { Transform } from 'node:stream';
import zlib from 'node:zlib';
import { Decompress } from 'fzstd';
import xxhash from 'xxhash-wasm';
import { throughStream } from './stream-decoding.ts';
import type { ZstdFrame } from './zstd-frames.ts';
import { LONGEST_WINDOW_BYTES, ZstdError, zstdFrames } from './zstd-frames.ts';

type DecodeFrame = (frame: ZstdFrame) => AsyncIterable<Uint8Array>;

/** Node 20 has neither these nor types for them. */
const { createZstdDecompress, constants } = zlib as unknown as {
  readonly createZstdDecompress?: (options: object) => Transform;
  readonly constants: Readonly<Record<string, number>>;
};

function native(create: (options: object) => Transform): DecodeFrame {
  const windowLog = constants['ZSTD_d_windowLogMax'] as number;
  return ({ pieces }) =>
    throughStream(
      pieces,
      create({ params: { [windowLog]: Math.log2(LONGEST_WINDOW_BYTES) } }),
      (error) => new ZstdError(error.message, { cause: error }),
    );
}

/** fzstd knows no checksums, so they are checked here. */
async function* portable(frame: ZstdFrame): AsyncGenerator<Uint8Array> {
  const blocks: Uint8Array[] = [];
  const decoder = new Decompress((block) => {
    if (block.length > 0) blocks.push(block);
  });
  const hash = frame.checksum ? (await xxhash()).create64() : undefined;
  const push = (piece: Uint8Array, last: boolean): readonly Uint8Array[] => {
    try {
      decoder.push(piece, last);
    } catch (error) {
      // Besides its own errors, damaged data makes it read past its tables' ends.
      throw new ZstdError(error instanceof Error ? error.message : String(error), { cause: error });
    }
    const decoded = blocks.splice(0);
    for (const block of decoded) hash?.update(block);
    return decoded;
  };
  let end = Buffer.alloc(0); // the frame's last bytes as far as they have come, four at most
  for await (const piece of frame.pieces) {
    yield* push(piece, false);
    end = Buffer.concat([end, piece.subarray(-4)]).subarray(-4);
  }
  yield* push(new Uint8Array(0), true);
  if (hash !== undefined && Number(hash.digest() & 0xffffffffn) !== end.readUInt32LE())
    throw new ZstdError('a checksum is wrong');
}

/** Every decoder that this Node can run, by its name; the first is taken. */
export const ZSTD_DECODERS: ReadonlyMap<string, DecodeFrame> = new Map([
  ...(createZstdDecompress === undefined ? [] : [['node', native(createZstdDecompress)] as const]),
  ['fzstd', portable],
]);

/**
 * The text of a whole file: several frames, checksums where it has them. Throws ZstdError when it is no whole zstd
 * file, and what `bytes` throws.
 */
export async function* unzstd(
  bytes: AsyncIterable<Uint8Array>,
  decode: DecodeFrame = [...ZSTD_DECODERS.values()][0] as DecodeFrame,
): AsyncGenerator<Uint8Array> {
  for await (const frame of zstdFrames(bytes)) {
    let decoded = 0;
    for await (const chunk of decode(frame)) {
      decoded += chunk.length;
      yield chunk;
    }
    if (decoded !== (frame.contentBytes ?? decoded))
      throw new ZstdError(`a frame holds ${decoded} bytes and promises ${frame.contentBytes}`);
  }
}
