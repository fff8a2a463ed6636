// A run's folder belongs to one process at a time.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { lockFolder } from '../../../coordinator/run/folder-lock.ts';

const folder = mkdtempSync(join(tmpdir(), 'tributary-lock-'));
const file = join(folder, 'run.lock');
afterAll(() => rmSync(folder, { recursive: true, force: true }));

it('is taken, names its holder, and is released', async () => {
  const lock = await lockFolder(folder);
  expect(readFileSync(file, 'utf8')).toBe(`${process.pid}\n`);
  await lock.release();
  expect(existsSync(file)).toBe(false);
});

it('is refused while its holder lives, and taken over when it is gone', async () => {
  const holder = spawn(process.execPath, ['-e', 'setTimeout(() => {}, 60_000)']);
  writeFileSync(file, `${holder.pid}\n`);
  await expect(lockFolder(folder)).rejects.toMatchObject({ code: 'FOLDER_LOCKED' });
  holder.kill('SIGKILL');
  await once(holder, 'exit');
  await (await lockFolder(folder)).release();
});

it('is taken over from a process of our own number, and from a file cut short', async () => {
  for (const text of [`${process.pid}\n`, '', 'x']) {
    writeFileSync(file, text);
    const lock = await lockFolder(folder);
    expect(readFileSync(file, 'utf8')).toBe(`${process.pid}\n`);
    await lock.release();
  }
});

it('says when the folder cannot be written', async () => {
  await expect(lockFolder(join(folder, 'missing'))).rejects.toMatchObject({ code: 'OUT_UNUSABLE' });
});
