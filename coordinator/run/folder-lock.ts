// One run a folder: a file with the holder's process id, taken over when that process is gone.
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { TributaryError } from '../errors.ts';

const NAME = 'run.lock';

export interface FolderLock {
  release(): Promise<void>;
}

/** @throws TributaryError FOLDER_LOCKED while another process trains in the folder, OUT_UNUSABLE */
export async function lockFolder(folder: string): Promise<FolderLock> {
  const path = join(folder, NAME);
  // Twice: a lock whose holder is gone is removed, then taken.
  for (let attempt = 0; attempt < 2; attempt++) {
    try {
      await writeFile(path, `${process.pid}\n`, { flag: 'wx' });
      return { release: () => rm(path, { force: true }) };
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code !== 'EEXIST') {
        const message = cause instanceof Error ? cause.message : String(cause);
        throw new TributaryError('OUT_UNUSABLE', `cannot write in ${folder}: ${message}`, {
          hint: 'Give a folder that this user may write in.',
          cause,
        });
      }
    }
    const holder = Number(await readFile(path, 'utf8').catch(() => ''));
    if (isAlive(holder)) break;
    await rm(path, { force: true });
  }
  throw new TributaryError('FOLDER_LOCKED', `another process is training in ${folder} (${path})`, {
    hint: 'End it first. If there is none, delete that file.',
  });
}

/** Our own number can only stand there from before a restart of the machine or container. */
function isAlive(pid: number): boolean {
  if (!Number.isSafeInteger(pid) || pid <= 0 || pid === process.pid) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
