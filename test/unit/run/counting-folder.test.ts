// What a run keeps before its first checkpoint: where that fails, the operator hears what to do.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { trainOptions } from '../../../coordinator/settings/train-options.ts';
import type { TrainingConfig } from '../../../coordinator/run/config.ts';
import { keepSettings } from '../../../coordinator/run/counting-folder.ts';

it('tells by its code when the settings cannot be kept', async () => {
  const out = mkdtempSync(join(tmpdir(), 'tributary-settings-'));
  writeFileSync(join(out, 'counting'), 'in the way');
  await expect(keepSettings(out, { training: {} as TrainingConfig, target: undefined })).rejects.toMatchObject({
    code: 'CHECKPOINT_UNWRITABLE',
    message: expect.stringContaining(join(out, 'counting', 'settings.json')) as unknown,
    hint: 'Free space on that disk, or give --out another folder.',
  });
  rmSync(out, { recursive: true });
});

it('takes no more memory for counts than what is kept of them can be read back', () => {
  const option = trainOptions().find(({ long }) => long === '--count-memory');
  expect(option?.parseArg?.('4096', undefined)).toBe(4096);
  expect(() => option?.parseArg?.('4097', undefined)).toThrow('A whole number from 16 to 4096 belongs here.');
});
