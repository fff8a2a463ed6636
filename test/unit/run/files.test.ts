// What a run writes: journal, checkpoints, matrices. On a real disk.
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { CheckpointState } from '../../../coordinator/run/checkpoint.ts';
import { readCheckpoint, writeCheckpoint } from '../../../coordinator/run/checkpoint.ts';
import { Journal } from '../../../coordinator/run/journal.ts';
import { readSafetensors, writeSafetensors } from '../../../coordinator/run/safetensors.ts';

let folder: string;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'tributary-run-'))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const position = { epoch: 0, split: 1, line: 2, token: 3, tokens: 4, beyond: 0 };

function state(number: number): CheckpointState {
  return {
    format: 3,
    number,
    training: {
      corpus: ['sample:'],
      vocab: '',
      lowercase: false,
      tokenizer: 'whitespace',
      digits: 'keep',
      sentence: 'line',
      dim: 3,
      window: 5,
      negative: 5,
      sample: 1e-3,
      minCount: 5,
      maxVocab: 100,
      epochs: 1,
      alpha: 0.06,
      seed: 1,
      model: 'skipgram',
      hs: false,
      schedule: 'grid',
      descent: null,
      batch: 0,
      rowsDown: 'int8',
      rowsUp: 'int8',
    },
    vocabulary: 'abc',
    corpus: { files: 1, bytes: 2 },
    counts: {
      source: 'counted',
      path: '',
      threads: 2,
      splits: 1,
      reused: 0,
      distinct: 2,
      tokens: 100,
      pruned: null,
    },
    textFaults: { replaced: { count: 3, file: 'a.txt' }, cut: { count: 0, file: '' } },
    rows: 2,
    journalSeq: 10,
    nextLease: 3,
    nextEpisode: 1,
    next: position,
    tokensDone: 100,
    modelVersion: 2,
    trainedSeconds: 1.5,
    loss: null,
    heldOut: { limit: 77, lines: 2, best: 2.5 },
    episodes: [{ number: 0, parts: 2, from: position, to: position, pairs: 9, chunks: 'AgIA' }],
  };
}

const matrices = {
  rows: 2,
  dim: 3,
  input: Float32Array.of(1, 2, 3, 4, 5, 6),
  output: Float32Array.of(-1, 0, 1e-30, 7, 8, 9),
  more: {},
};

describe('checkpoints', () => {
  it('come back as they were', async () => {
    await writeCheckpoint(folder, state(1), matrices);
    expect(await readCheckpoint(folder)).toEqual({ state: state(1), matrices });
  });

  it('of another version are told from broken ones, whatever else they hold', async () => {
    await writeCheckpoint(folder, state(1), matrices);
    const path = join(folder, '000001', 'state.json');
    for (const [format, code] of [
      ['1', 'CHECKPOINT_FORMAT'],
      ['2', 'CHECKPOINT_FORMAT'],
      ['4', 'CHECKPOINT_FORMAT'],
      ['"3"', 'CHECKPOINT_CORRUPT'],
      ['null', 'CHECKPOINT_CORRUPT'],
    ]) {
      writeFileSync(path, `{"format":${format},"number":1}`);
      await expect(readCheckpoint(folder)).rejects.toMatchObject({ code });
    }
  });

  it('replace the one before, and what a killed process left', async () => {
    await writeCheckpoint(folder, state(1), matrices);
    mkdirSync(join(folder, '000002.tmp'));
    writeFileSync(join(folder, '000002.tmp', 'model.safetensors'), 'half');
    mkdirSync(join(folder, '000003'));
    await writeCheckpoint(folder, state(3), matrices);
    expect(readdirSync(folder).toSorted()).toEqual(['000003', 'latest']);
    expect((await readCheckpoint(folder)).state.number).toBe(3);
  });

  it('leave the one before in force when they cannot be written', async () => {
    await writeCheckpoint(folder, state(1), matrices);
    mkdirSync(join(folder, 'latest.tmp')); // no file can have that name now
    await expect(writeCheckpoint(folder, state(2), matrices)).rejects.toMatchObject({ code: 'CHECKPOINT_UNWRITABLE' });
    expect((await readCheckpoint(folder)).state.number).toBe(1);
  });
});

describe('safetensors', () => {
  it('have the published layout', async () => {
    const path = join(folder, 'model.safetensors');
    await writeSafetensors(path, matrices);
    const bytes = readFileSync(path);
    const header = Number(bytes.readBigUInt64LE());
    expect(header % 8).toBe(0);
    expect(JSON.parse(bytes.toString('utf8', 8, 8 + header))).toEqual({
      input: { dtype: 'F32', shape: [2, 3], data_offsets: [0, 24] },
      output: { dtype: 'F32', shape: [2, 3], data_offsets: [24, 48] },
    });
    expect(bytes.length).toBe(8 + header + 48);
    expect(bytes.readFloatLE(8 + header + 20)).toBe(6);
    expect(await readSafetensors(path, 2, 3, [])).toEqual(matrices);
  });

  it.each([
    ['another shape', { input: { dtype: 'F32', shape: [3, 2], data_offsets: [0, 24] } }],
    ['another type', { input: { dtype: 'F64', shape: [2, 3], data_offsets: [0, 24] } }],
    ['offsets that are none', { input: { dtype: 'F32', shape: [2, 3], data_offsets: 5 } }],
    ['offsets before the data', { input: { dtype: 'F32', shape: [2, 3], data_offsets: [-8, 16] } }],
    ['offsets beyond the file', { input: { dtype: 'F32', shape: [2, 3], data_offsets: [1000, 1024] } }],
    ['no tensor', {}],
    ['a list', []],
    ['a null', { input: null }],
  ])('with %s are refused', async (_what, header) => {
    const path = join(folder, 'model.safetensors');
    const json = Buffer.from(JSON.stringify(header));
    const length = Buffer.alloc(8);
    length.writeBigUInt64LE(BigInt(json.length));
    writeFileSync(path, Buffer.concat([length, json, Buffer.alloc(48)]));
    await expect(readSafetensors(path, 2, 3, [])).rejects.toMatchObject({ code: 'CHECKPOINT_CORRUPT' });
  });
});

describe('the journal', () => {
  it('counts on after a line that was cut', () => {
    const path = join(folder, 'journal.jsonl');
    const first = new Journal(path, 0);
    first.write({ kind: 'checkpoint', checkpoint: 1 });
    first.close();
    appendFileSync(path, '{"seq":2,"ti');
    const second = new Journal(path, 1);
    second.write({ kind: 'resumed', checkpoint: 1, upTo: 1 });
    second.sync();
    second.close();
    expect(second.seq).toBe(2);
    const lines = readFileSync(path, 'utf8').split('\n');
    expect(lines[1]).toBe('{"seq":2,"ti');
    expect(JSON.parse(lines[2]!)).toMatchObject({ seq: 2, kind: 'resumed', upTo: 1 });
  });

  it('says which file cannot be written', () => {
    expect(() => new Journal(join(folder, 'none', 'journal.jsonl'), 0)).toThrow(
      expect.objectContaining({
        code: 'JOURNAL_UNWRITABLE',
        message: expect.stringContaining(join('none', 'journal.jsonl')) as string,
      }),
    );
  });

  it.runIf(existsSync('/dev/full'))('counts no entry that did not fit on the disk', () => {
    const journal = new Journal('/dev/full', 0);
    expect(() => journal.write({ kind: 'checkpoint', checkpoint: 1 })).toThrow(
      expect.objectContaining({ code: 'JOURNAL_UNWRITABLE' }),
    );
    expect(journal.seq).toBe(0);
  });
});
