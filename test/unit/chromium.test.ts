// Where Chromium is looked for, in which order, and what is said where there is none.

import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findChromium } from '../../coordinator/browser/chromium.ts';
import { isLoopback } from '../../coordinator/browser/volunteers.ts';

describe('the search for Chromium', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tributary-chromium-'));
    for (const name of ['google-chrome', 'chromium', 'mine']) {
      await writeFile(join(folder, name), '');
      await chmod(join(folder, name), 0o755);
    }
    await writeFile(join(folder, 'not-executable'), '');
  });
  afterAll(() => rm(folder, { recursive: true }));

  it('takes what TRIBUTARY_CHROMIUM names, then the first name on PATH', async () => {
    const env = { PATH: `${join(folder, 'none')}${delimiter}${folder}` };
    expect(await findChromium({ platform: 'linux', env })).toBe(join(folder, 'chromium'));
    const named = { ...env, TRIBUTARY_CHROMIUM: join(folder, 'mine') };
    expect(await findChromium({ platform: 'linux', env: named })).toBe(join(folder, 'mine'));
  });

  it('does not fall back where the named one cannot run', async () => {
    for (const name of ['not-executable', 'nothing']) {
      const env = { PATH: folder, TRIBUTARY_CHROMIUM: join(folder, name) };
      await expect(findChromium({ platform: 'linux', env })).rejects.toMatchObject({ code: 'CHROMIUM_NOT_FOUND' });
    }
  });

  // Elsewhere the usual places of that system cannot hold one.
  const elsewhere = (
    [
      ['darwin', /brew install/],
      ['win32', /winget install/],
    ] as const
  ).filter(([platform]) => platform !== process.platform);
  it.each(elsewhere)('says how to install it on %s', async (platform, hint) => {
    const search = findChromium({ platform, env: { PATH: '' } });
    await expect(search).rejects.toMatchObject({ code: 'CHROMIUM_NOT_FOUND', hint: expect.stringMatching(hint) });
  });
});

describe('loopback hosts', () => {
  it.each(['localhost', 'a.localhost', '127.0.0.1', '127.1.2.3', '[::1]'])('%s is one', (host) => {
    expect(isLoopback(host)).toBe(true);
  });

  it.each(['10.0.0.1', 'localhost.example', '127.example.org', '128.0.0.1', '[::2]'])('%s is none', (host) => {
    expect(isLoopback(host)).toBe(false);
  });
});
