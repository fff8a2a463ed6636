// What a run needs in its folder before it trains, and how a resumed one knows its corpus again.
import { existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { listingOf } from '../../../coordinator/corpus/listing.ts';
import type { CorpusFile } from '../../../coordinator/corpus/source.ts';
import type { Opened } from '../../../coordinator/ingest/requests.ts';
import type { CheckpointState } from '../../../coordinator/run/checkpoint.ts';
import { furnish } from '../../../coordinator/run/results.ts';
import { refuseOtherCorpus } from '../../../coordinator/run/resume.ts';

let folder: string;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'tributary-run-'))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe('the vocabulary', () => {
  const counted = { words: ['a', 'b'], counts: Float64Array.of(3, 2), heldOut: { lines: ['a b'] } };

  it.each(['vocab.txt', 'held-out.txt'])('on a full disk at %s ends with a code and what to do', async (name) => {
    symlinkSync('/dev/full', join(folder, `${name}.tmp`));
    await expect(furnish(folder, counted)).rejects.toMatchObject({
      code: 'CHECKPOINT_UNWRITABLE',
      message: expect.stringContaining('ENOSPC') as string,
      hint: expect.stringContaining('--out') as string,
    });
    expect(existsSync(join(folder, name))).toBe(false);
  });

  it('is written beside room for checkpoints, and left alone when a run is resumed', async () => {
    await furnish(folder, counted);
    expect(readFileSync(join(folder, 'vocab.txt'), 'utf8')).toBe('a 3\nb 2\n');
    expect(readFileSync(join(folder, 'held-out.txt'), 'utf8')).toBe('a b\n');
    writeFileSync(join(folder, 'vocab.txt'), 'kept');
    await furnish(folder, null);
    expect(readFileSync(join(folder, 'vocab.txt'), 'utf8')).toBe('kept');
  });
});

describe('the corpus of a checkpoint', () => {
  const a: CorpusFile = { path: '/a', length: 5, modified: 1000, id: '7', codec: 'plain' };
  const b: CorpusFile = { path: '/b', length: 6, modified: 2000, id: '8', codec: 'plain' };
  const opened = (...files: CorpusFile[]): Opened => ({
    description: 'two files',
    files: files.length,
    bytes: files.reduce((sum, { length }) => sum + length, 0),
    splits: 2,
    listing: listingOf(files),
  });
  const { layout, pins } = listingOf([a, b]);
  const known = { files: 2, bytes: 11, layout, pins };

  function told(now: Opened, corpus: CheckpointState['corpus'] = known): string[] {
    const texts: string[] = [];
    refuseOtherCorpus({ state: { corpus } }, now, (text) => texts.push(text));
    return texts;
  }

  it('is known again, also by a checkpoint of an older version', () => {
    expect(told(opened(a, b))).toEqual([]);
    expect(told(opened({ ...a, id: '9' }, b), { files: 2, bytes: 11 })).toEqual([]);
  });

  it('with a file replaced by one of the same length, or touched, is told', () => {
    expect(told(opened({ ...a, id: '9' }, b))).toEqual([
      expect.stringMatching(/replaced or touched .*\/b, 1970-01-01T00:00:02\.000Z/),
    ]);
    expect(told(opened({ ...a, modified: 5000 }, b))).toEqual([
      expect.stringMatching(/replaced or touched .*\/a, 1970-01-01T00:00:05\.000Z/),
    ]);
  });

  it('with another name, length or order is refused', () => {
    for (const now of [
      opened({ ...a, path: '/c' }, b),
      opened({ ...a, length: 4 }, b),
      opened({ ...a, length: 6 }, { ...b, length: 5 }),
      opened(b, a),
      opened(a),
    ]) {
      expect(() => told(now)).toThrow(expect.objectContaining({ code: 'SOURCE_CHANGED' }) as Error);
    }
  });
});
