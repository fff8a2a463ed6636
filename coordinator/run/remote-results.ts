// The results of a run in HDFS: a directory is claimed before training, and takes the files when the run ends.
import { createReadStream } from 'node:fs';
import { basename } from 'node:path';
import { type HdfsLocation, hdfsClient, parseHdfsSpec } from '../corpus/hdfs.ts';
import type { CorpusOptions } from '../corpus/source.ts';
import { HdfsError } from '../corpus/webhdfs/failure.ts';
import { SYSTEM, type WebHdfsClient } from '../corpus/webhdfs/client.ts';
import { WaitAnnouncer, type WaitReport } from '../corpus/webhdfs/waits.ts';
import { writeFile } from '../corpus/webhdfs/writing.ts';
import { EXIT, TributaryError } from '../errors.ts';
import type { ResultPaths } from './results.ts';

// Sent at once; two are in memory.
const PIECE_BYTES = 1 << 18;

/** Written to see whether it can be, and removed again. */
const TRIAL = '.tributary-trial';

async function withClient<T>(
  spec: string,
  options: CorpusOptions,
  work: (client: WebHdfsClient, folder: string) => Promise<T>,
  heard?: WaitReport,
): Promise<T> {
  const location = locate(spec);
  const announcer = options.hdfsWaits === undefined ? null : new WaitAnnouncer(options.hdfsWaits);
  const announce = heard ?? announcer?.report;
  const environment = announce === undefined ? SYSTEM : { ...SYSTEM, announce };
  try {
    const client = hdfsClient(location, options, environment);
    try {
      return await work(client, location.path);
    } finally {
      client.close();
    }
  } finally {
    announcer?.close();
  }
}

function locate(spec: string): HdfsLocation {
  const location = parseHdfsSpec(spec);
  if (location === undefined) throw new Error(`${spec} is not in HDFS`);
  return { ...location, path: location.path.replace(/\/+$/, '') };
}

/** Null when nothing is there. */
async function entries(client: WebHdfsClient, folder: string): Promise<number | null> {
  try {
    return (await client.list(folder)).length;
  } catch (error) {
    if (error instanceof HdfsError && error.code === 'CORPUS_NOT_FOUND') return null;
    throw error;
  }
}

/** A last courtesy is not worth minutes of waiting. */
const FAREWELL = { hdfsAttempts: 2, hdfsAwaitedAttempts: 2, hdfsConnectMs: 5_000, hdfsHeadersMs: 5_000 } as const;

/**
 * Removes the directory that `claimRemote` made when the run came to nothing. One with anything in it stays; one
 * that cannot be removed is told on stderr.
 */
export async function removeRemoteIfEmpty(spec: string, options: CorpusOptions): Promise<void> {
  try {
    await withClient(spec, { ...options, ...FAREWELL }, (client, folder) =>
      client.change('DELETE', folder, { op: 'DELETE', recursive: false }),
    );
  } catch (error) {
    if (!(error instanceof TributaryError)) throw error;
    if (/PathIsNotEmpty/.test(error.message)) return;
    process.stderr.write(`${spec} is empty and could not be removed (${error.code}: ${error.message})\n`);
  }
}

/**
 * Makes the directory and writes a trial file to it, through a data node as the results will be; one with
 * anything in it is somebody's work. Resolves with whether it was made, and was not there before.
 * There is no run yet that would say what is waited for, so stderr has it, once.
 * @throws TributaryError OUT_EXISTS, CORPUS_BAD_SPEC, HDFS_ codes; then a directory that was made is removed
 */
export async function claimRemote(spec: string, options: CorpusOptions): Promise<boolean> {
  let made = false;
  let told = false;
  const tell: WaitReport = (_operation, reason) => {
    if (!told && reason !== null) process.stderr.write(`waiting for HDFS: ${reason}\n`);
    told ||= reason !== null;
  };
  const claim = async (client: WebHdfsClient, folder: string): Promise<void> => {
    const found = await entries(client, folder || '/');
    // A file lists itself.
    if (found !== null && found > 0) {
      throw new TributaryError('OUT_EXISTS', `${spec} exists and is not empty`, {
        hint: 'Give --out another directory, or empty that one.',
        exit: EXIT.failed,
      });
    }
    await client.change('PUT', folder || '/', { op: 'MKDIRS' });
    made = found === null;
    await writeFile(client, `${folder}/${TRIAL}`, () => [Buffer.from('removed at once\n')]);
    await client.change('DELETE', `${folder}/${TRIAL}`, { op: 'DELETE' });
  };
  try {
    await withClient(spec, options, claim, tell);
  } catch (error) {
    if (made) await removeRemoteIfEmpty(spec, options);
    throw error;
  }
  return made;
}

/**
 * Copies the results into the directory, over those of an earlier attempt; run.json comes last, so that where it
 * stands all of them do. Resolves with their addresses.
 * @throws TributaryError UPLOAD_FAILED; the local files stay
 */
export async function uploadResults(
  spec: string,
  options: CorpusOptions,
  local: ResultPaths,
  out: string,
): Promise<ResultPaths> {
  try {
    return await withClient(spec, options, async (client, folder) => {
      const upload = async (file: string): Promise<string> => {
        const path = `${folder}/${basename(file)}`;
        await writeFile(client, path, () => createReadStream(file, { highWaterMark: PIECE_BYTES }));
        return client.shown(path);
      };
      return {
        vectors: await upload(local.vectors),
        vectorsText: await upload(local.vectorsText),
        vocabulary: await upload(local.vocabulary),
        run: await upload(local.run),
      };
    });
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause);
    const hint = cause instanceof HdfsError && cause.hint !== undefined ? `${cause.hint} ` : '';
    throw new TributaryError('UPLOAD_FAILED', `the results are not all in ${spec}: ${message}`, {
      hint: `${hint}Nothing is lost: ${Object.values(local).join(', ')} are whole. To write them there once it can be done: --resume ${out}`,
      cause,
    });
  }
}
