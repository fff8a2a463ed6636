// Replays against honest volunteers and liars: the honest are never refused, and a liar is found whenever it is checked.
import { beforeAll, describe, expect, it } from 'vitest';
import { type Claim, type Comparison, objection } from '../../../coordinator/audit/comparison.ts';
import { Replayer } from '../../../coordinator/audit/replayer.ts';
import type { AuditJob } from '../../../coordinator/leases/desk-types.ts';
import { PROTOCOL_VERSION } from '../../../protocol/limits.ts';
import type { RowFormat } from '../../../protocol/rows.ts';
import { unpackRow } from '../../../protocol/rows.ts';
import { countBits, hasBit } from '../../../protocol/bitmap.ts';
import { CpuEngine } from '../../../word2vec/cpu-engine.ts';
import { hashAt } from '../../../word2vec/random.ts';
import { play, SmallRun, Tab } from '../leases/harness.ts';

const DIM = 32;

interface Checked {
  readonly job: AuditJob;
  readonly replayer: Replayer;
  readonly reach: Float64Array;
  readonly comparison: Comparison;
}

/** Every result of a run with two honest volunteers, checked. */
async function checkAll(options: ConstructorParameters<typeof SmallRun>[0]): Promise<Checked[]> {
  const jobs: AuditJob[] = [];
  const audit = { chooses: () => true, check: (job: AuditJob) => void jobs.push(job) };
  const run = new SmallRun({ audit, words: 600, dim: DIM, tokens: 8000, chunkPairs: 1536, ...options });
  const { seed, dim, negative, chunkPairs, damping, sample, counts } = run.constants;
  const constants = { version: PROTOCOL_VERSION, session: 0, seed, dim, negative, chunkPairs, damping, sample, counts };
  const { model, hs } = run.tables.objective;
  const objective = hs ? ('hs' as const) : model;
  const formats = { rowsDown: 'int8', rowsUp: 'int8' } as const;
  const replayer = new Replayer({ tag: 'welcome', ...constants, ...formats, objective }, await CpuEngine.create());
  const tabs = [new Tab(run), new Tab(run)];
  const checked: Checked[] = [];
  for (let step = 0; !run.done && step < 5000; step++) {
    await play(run, tabs);
    const job = jobs.shift();
    if (job === undefined) continue;
    const reach = Float64Array.from([...job.record.inputReach, ...job.record.outputReach]);
    const comparison = await replayer.replay({ frame: job.frame.slice(), claim: job.result, reach });
    checked.push({ job, replayer, reach, comparison });
    run.desk.verdict(job.record.grant.lease, { kind: 'confirmed' });
  }
  expect(run.done).toBe(true);
  expect(checked.length).toBeGreaterThan(8);
  return checked;
}

describe('an honest result', () => {
  it.each([
    ['int8', 'int8', {}],
    ['f16', 'int8', {}],
    ['f32', 'f32', {}],
    ['int4', 'int8', {}],
    ['int8', 'int8', { alpha: 0.25 }],
    ['int8', 'int8', { objective: { model: 'skipgram', hs: true } }],
    ['int8', 'int8', { descent: 'saturation' }],
    ['int8', 'int8', { descent: 'average', objective: { model: 'cbow', hs: false } }],
  ] as const)('is confirmed: %s up, %s down, %j', async (rowsUp, rowsDown, more) => {
    const checked = await checkAll({ rowsUp, rowsDown, ...more });
    for (const { comparison } of checked) expect(objection(comparison, rowsUp), JSON.stringify(comparison)).toBeNull();
    // Not for want of strictness: there is room, as bench figures in docs/performance.md say.
    if (rowsUp === 'int8') for (const { comparison } of checked) expect(comparison.error).toBeLessThan(0.025);
  });
});

/** The deltas of a claim after `change`, in f32, every row present. */
function altered({ job }: Checked, change: (values: Float32Array, row: number) => void): Claim {
  const { result, record } = job;
  const rows = record.inputRows.length + record.outputRows.length;
  const values = new Float32Array(rows * DIM);
  for (let row = 0, at = 0; row < rows; row++) {
    if (hasBit(result.present, row)) unpackRow(result.deltas, at++, values, row * DIM, DIM);
    change(values.subarray(row * DIM, (row + 1) * DIM), row);
  }
  const present = new Uint8Array(Math.ceil(rows / 8)).fill(255);
  if (rows % 8 > 0) present[present.length - 1] = (1 << (rows % 8)) - 1;
  expect(countBits(present, rows)).toBe(rows);
  return {
    present,
    deltas: { format: 'f32', values },
    positiveLoss: result.positiveLoss,
    negativeLoss: result.negativeLoss,
  };
}

/** Random numbers of the same length. */
function noise(values: Float32Array, row: number): void {
  const length = Math.hypot(...values);
  for (let d = 0; d < DIM; d++) values[d] = hashAt(row, d) / 2 ** 31 - 1;
  const scale = length / Math.max(1e-12, Math.hypot(...values));
  for (let d = 0; d < DIM; d++) values[d]! *= scale;
}

const scaled =
  (factor: number) =>
  (values: Float32Array): void =>
    void values.forEach((value, d) => (values[d] = factor * value));

describe('a lie', () => {
  let checked: Checked[];
  beforeAll(async () => {
    checked = await checkAll({});
  });

  it.each([
    ['nothing moved', scaled(0)],
    ['the other way', scaled(-1)],
    ['half', scaled(0.5)],
    ['double', scaled(2)],
    ['a tenth more', scaled(1.15)],
    ['random of the same length', noise],
    [
      'three rows of four honest, the rest nothing',
      (values: Float32Array, row: number) => row % 4 === 0 && values.fill(0),
    ],
    ['all but the rows of one in fifty', (values: Float32Array, row: number) => row % 50 === 0 && scaled(-1)(values)],
  ])('is found in every lease: %s', async (_name, lie) => {
    for (const one of checked) {
      const claim = altered(one, lie);
      const task = { frame: one.job.frame.slice(), claim, reach: one.reach };
      expect(objection(await one.replayer.replay(task), 'int8')).toMatch(/replay/);
    }
  });

  it('about the loss alone is found too', async () => {
    const one = checked[3]!;
    const claim = { ...one.job.result, positiveLoss: one.job.result.positiveLoss * 0.9 };
    const comparison = await one.replayer.replay({ frame: one.job.frame.slice(), claim, reach: one.reach });
    expect(objection(comparison, 'int8' satisfies RowFormat)).toMatch(/loss/);
  });

  it('of numbers that are none is found', () => {
    const none = { error: Number.NaN, worst: 0, worstRow: 0, lossError: 0 };
    expect(objection(none, 'int8')).not.toBeNull();
  });
});
