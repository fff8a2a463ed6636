// Writes a whole file into HDFS: beside its place first, under a hidden name, so that a name always means a whole file.
import { randomBytes } from 'node:crypto';
import type { WebHdfsClient } from './client.ts';
import { HdfsError } from './failure.ts';
import type { Patience } from './patience.ts';

/** Makes the file's bytes from the start, in pieces; called once for each attempt. */
export type Pieces = () => AsyncIterable<Uint8Array> | Iterable<Uint8Array>;

/** Jobs pass over names that begin with a dot; two writers never meet. */
function hiddenName(path: string): string {
  const slash = path.lastIndexOf('/');
  return `${path.slice(0, slash + 1)}.${path.slice(slash + 1)}.${randomBytes(6).toString('hex')}.tmp`;
}

/**
 * Writes `path`, in place of a file that stands there; parents are made. Memory is a few pieces. When a
 * connection fails, the whole of it is written again, within one retry budget.
 * @throws HdfsError, TributaryError; then the hidden file is removed, or named in the error's hint
 */
export async function writeFile(
  client: WebHdfsClient,
  path: string,
  pieces: Pieces,
  signal?: AbortSignal,
): Promise<void> {
  const patience = client.patience();
  try {
    await refuseDirectory(client, path, patience, signal);
    await writePatiently(client, { path, hidden: hiddenName(path), pieces, patience, begun: false }, signal);
  } finally {
    patience.relieve();
  }
}

async function writePatiently(client: WebHdfsClient, task: Task, signal: AbortSignal | undefined): Promise<void> {
  for (;;) {
    try {
      await writeOnce(client, task, signal);
      return;
    } catch (error) {
      try {
        await client.recover(error, task.patience, signal);
      } catch (final) {
        throw task.begun ? await withoutLeftover(client, task, final) : final;
      }
    }
  }
}

/** Told before anything is sent: a name node says so in the end only, and as if it could be tried again. */
async function refuseDirectory(
  client: WebHdfsClient,
  path: string,
  patience: Patience,
  signal: AbortSignal | undefined,
): Promise<void> {
  try {
    const { type } = await client.stat(path, signal, patience);
    if (type === 'FILE') return;
  } catch (error) {
    if (error instanceof HdfsError && error.code === 'CORPUS_NOT_FOUND') return;
    throw error;
  }
  throw new HdfsError('HDFS_WRITE_PLACE', `${client.shown(path)} is there, and no file`, {
    hint: 'Write under another name, or remove it.',
  });
}

interface Task {
  readonly path: string;
  readonly hidden: string;
  readonly pieces: Pieces;
  readonly patience: Patience;
  /** A data node has been sent to: the hidden file may be there. */
  begun: boolean;
}

async function writeOnce(client: WebHdfsClient, task: Task, signal: AbortSignal | undefined): Promise<void> {
  const { path, hidden, pieces, patience } = task;
  let sent = 0;
  async function* counted(): AsyncGenerator<Uint8Array> {
    task.begun = true;
    try {
      for await (const piece of pieces()) {
        sent += piece.length;
        yield piece;
      }
    } catch (cause) {
      throw new HdfsError(
        'HDFS_WRITE_SOURCE',
        `what was to be written to ${client.shown(path)} cannot be read: ${cause instanceof Error ? cause.message : String(cause)}`,
        { cause },
      );
    }
  }
  await client.create(hidden, counted(), { overwrite: true }, signal, patience);
  const written = await client.stat(hidden, signal, patience);
  if (written.length !== sent) {
    throw new HdfsError('HDFS_WRITE_SHORT', `${client.shown(path)} has ${written.length} of ${sent} bytes`, {
      hint: 'See the logs of the data nodes.',
      remedy: 'again',
    });
  }
  await rename(client, hidden, path, signal, patience);
  // An answer may get lost with the renaming done, and gateways may not know how to replace: what is there now decides.
  const now = await client.stat(path, signal, patience);
  if (now.length === written.length && now.fileId === written.fileId) return;
  throw new HdfsError('HDFS_WRITE_PLACE', `${client.shown(hidden)} could not be renamed to ${client.shown(path)}`, {
    hint: 'Does somebody else write there?',
  });
}

async function rename(
  client: WebHdfsClient,
  from: string,
  to: string,
  signal: AbortSignal | undefined,
  patience: Patience,
): Promise<void> {
  const move = { op: 'RENAME', destination: to };
  try {
    if (await client.change('PUT', from, { ...move, renameoptions: 'OVERWRITE' }, signal, patience)) return;
    // HttpFS knows no options and replaces nothing. Only what is still to be renamed may take another file's place.
    await client.stat(from, signal, patience);
    await client.change('DELETE', to, { op: 'DELETE' }, signal, patience);
    await client.change('PUT', from, move, signal, patience);
  } catch (error) {
    // The second attempt after a lost answer finds nothing to rename.
    if (!(error instanceof HdfsError) || error.code !== 'CORPUS_NOT_FOUND') throw error;
  }
}

/** The error, and in its hint the hidden file when it cannot be removed. */
async function withoutLeftover(client: WebHdfsClient, task: Task, failure: unknown): Promise<unknown> {
  if (!(await isLeft(client, task)) || !(failure instanceof HdfsError)) return failure;
  const { code, message, hint, cause } = failure;
  const left = `${client.shown(task.hidden)} may be left over.`;
  return new HdfsError(code, message, { hint: hint === undefined ? left : `${hint} ${left}`, cause });
}

/** Removes the hidden file. Whatever stands in the way of that is told with the failure that it follows from. */
async function isLeft(client: WebHdfsClient, { hidden, patience }: Task): Promise<boolean> {
  try {
    await client.change('DELETE', hidden, { op: 'DELETE' }, undefined, patience);
    return false;
  } catch {
    return exists(client, hidden, patience);
  }
}

async function exists(client: WebHdfsClient, path: string, patience: Patience): Promise<boolean> {
  try {
    await client.stat(path, undefined, patience);
    return true;
  } catch (error) {
    return !(error instanceof HdfsError) || error.code !== 'CORPUS_NOT_FOUND';
  }
}
