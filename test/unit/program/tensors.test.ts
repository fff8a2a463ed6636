// A program's model, the gate before it and the descent behind it: what fits is applied whole, what does not changes nothing.
import { describe, expect, it } from 'vitest';
import type { Descent } from '../../../coordinator/program/descent-runner.ts';
import { DescentRunner } from '../../../coordinator/program/descent-runner.ts';
import { dense, NamedTensors, sparse } from '../../../coordinator/program/named-tensors.ts';
import { checkUpdate } from '../../../coordinator/program/update-gate.ts';
import type { TensorPart } from '../../../protocol/program-tensors.ts';

const half = (_at: number, random: number): number => random - 0.5;
const model = (seed = 1): NamedTensors<'w' | 'emb'> =>
  new NamedTensors({ w: dense([2, 3]), emb: sparse(100, 4, half) }, seed);
const part = (name: string, values: readonly number[]): TensorPart => ({
  kind: 'dense',
  name,
  values: Float32Array.from(values),
});
const rows = (name: string, ids: readonly number[], columns: number, values: readonly number[]): TensorPart => ({
  kind: 'rows',
  name,
  rows: Uint32Array.from(ids),
  columns,
  values: Float32Array.from(values),
});
const code = (expected: string): unknown => expect.objectContaining({ code: expected });

describe('named tensors', () => {
  it('begin the same for the same seed and name, and not alike otherwise', () => {
    const emb = (seed: number): Float32Array => model(seed).tensors.emb.data;
    expect(emb(1)).toEqual(emb(1));
    expect(emb(1)).not.toEqual(emb(2));
    const twins = new NamedTensors({ a: sparse(100, 4, half), b: sparse(100, 4, half) }, 1);
    expect(twins.tensors.a.data).not.toEqual(twins.tensors.b.data);
    const mean = emb(1).reduce((sum, value) => sum + value, 0) / 400;
    expect(Math.abs(mean)).toBeLessThan(0.08);
    expect(Math.min(...emb(1))).toBeLessThan(-0.45);
    expect(Math.max(...emb(1))).toBeGreaterThan(0.45);
  });

  it('give rows as copies and take parts of both kinds, scaled', () => {
    const { tensors } = model();
    tensors.w.add(part('w', [1, 2, 3, 4, 5, 6]), 2);
    tensors.w.add(rows('w', [1], 3, [1, 1, 1]));
    expect([...tensors.w.data]).toEqual([2, 4, 6, 9, 11, 13]);
    expect([...tensors.w.row(1)]).toEqual([9, 11, 13]);
    const subject = model();
    const asked = subject.rows({ name: 'emb', rows: Uint32Array.of(3, 99) });
    expect([...asked.values.subarray(4)]).toEqual([...subject.tensors.emb.row(99)]);
    asked.values.fill(0);
    expect(subject.tensors.emb.row(99).some((value) => value !== 0)).toBe(true);
    expect(() => subject.rows({ name: 'emb', rows: Uint32Array.of(100) })).toThrow(code('TENSOR_ROW'));
    expect(() => subject.rows({ name: 'no', rows: Uint32Array.of(1) })).toThrow(code('TENSOR_UNKNOWN'));
    expect(subject.shapes).toEqual([
      { name: 'w', kind: 'dense', shape: [2, 3] },
      { name: 'emb', kind: 'sparse', shape: [100, 4] },
    ]);
  });

  it('refuse shapes and names that cannot be', () => {
    for (const shape of [[], [0], [1.5], [-1, 2], [2 ** 20, 2 ** 20]])
      expect(() => new NamedTensors({ w: dense(shape) }, 1), String(shape)).toThrow(code('TENSOR_SHAPE'));
    expect(() => new NamedTensors({}, 1)).toThrow(code('TENSOR_SHAPE'));
    expect(() => new NamedTensors({ 'a b': dense([1]) }, 1)).toThrow(code('TENSOR_UNKNOWN'));
  });
});

describe('the gate', () => {
  const six = [1, 2, 3, 4, 5, 6];
  const refused: readonly (readonly [string, string, readonly TensorPart[]])[] = [
    ['a tensor that is not there', 'TENSOR_UNKNOWN', [part('no', six)]],
    ['a name of every object', 'TENSOR_UNKNOWN', [part('constructor', six)]],
    ['one tensor twice', 'TENSOR_UNKNOWN', [part('w', six), part('w', six)]],
    ['too few values', 'TENSOR_SHAPE', [part('w', [1])]],
    ['other columns', 'TENSOR_SHAPE', [rows('emb', [1], 3, [1, 2, 3])]],
    ['values that do not fill the rows', 'TENSOR_SHAPE', [rows('emb', [1, 2], 4, [1, 2, 3, 4])]],
    ['NaN', 'TENSOR_NOT_FINITE', [part('w', [1, 2, 3, 4, 5, Number.NaN])]],
    ['Infinity, after a good part', 'TENSOR_NOT_FINITE', [part('w', six), rows('emb', [7], 4, [0, 0, -Infinity, 0])]],
    ['a row beyond the last', 'TENSOR_ROW', [rows('emb', [100], 4, [1, 2, 3, 4])]],
    ['a row twice', 'TENSOR_ROW', [rows('emb', [1, 1], 4, [1, 2, 3, 4, 1, 2, 3, 4])]],
    ['too many bytes', 'UPDATE_TOO_LONG', [part('w', six), rows('emb', [1, 2], 4, [1, 2, 3, 4, 1, 2, 3, 4])]],
  ];
  for (const [what, expected, parts] of refused)
    it(`refuses ${what}`, () => {
      expect(() => checkUpdate(model(), parts, 50)).toThrow(code(expected));
    });

  it('lets through what fits, and nothing at all', () => {
    const fits = [part('w', six), rows('emb', [0, 99], 4, [1, 2, 3, 4, 1, 2, 3, 4])];
    expect(() => checkUpdate(model(), fits, 56)).not.toThrow();
    expect(() => checkUpdate(model(), [], 0)).not.toThrow();
  });
});

describe('the descent', () => {
  const add: Descent<'w' | 'emb'> = ({ w }, update, state) => {
    if (update.w !== undefined) w.add(update.w, -0.5);
    state['seen'] = Number(state['seen'] ?? 0) + 1;
  };

  it('sees one update at a time, in their order, and a version goes up with each group', async () => {
    const subject = model();
    let running = 0;
    const order: number[] = [];
    const runner = new DescentRunner(subject, async (tensors, update, state) => {
      running += 1;
      expect(running).toBe(1);
      await new Promise((resolve) => setImmediate(resolve));
      order.push(update.w!.values[0]!);
      await add(tensors, update, state);
      running -= 1;
    });
    const one = (first: number): readonly TensorPart[] => [part('w', [first, 0, 0, 0, 0, 0])];
    await Promise.all([runner.apply([one(1), one(2)]), runner.apply([one(3)])]);
    expect(order).toEqual([1, 2, 3]);
    expect(subject.tensors.w.data[0]).toBe(-3);
    expect(subject.version).toBe(2);
    expect(runner.state).toEqual({ seen: 3 });
  });

  it('that throws names file and line, changes nothing of its group, and is not called again', async () => {
    const subject = model();
    let calls = 0;
    const runner = new DescentRunner(subject, (tensors, update, state) => {
      calls += 1;
      void add(tensors, update, state);
      tensors.emb.data.fill(7);
      if (calls === 3) throw new RangeError('sum of squares is 0');
    });
    const parts = [part('w', [1, 1, 1, 1, 1, 1])];
    await runner.apply([parts]);
    const before = subject.snapshot();
    const failed = runner.apply([parts, parts]);
    await expect(failed).rejects.toThrow(code('DESCENT_FAILED'));
    await expect(failed).rejects.toThrow(/tensors\.test\.ts:\d+: sum of squares is 0$/);
    expect(subject.snapshot()).toEqual(before);
    expect(subject.version).toBe(1);
    expect(runner.state).toEqual({ seen: 1 });
    await expect(runner.apply([parts])).rejects.toThrow(code('DESCENT_FAILED'));
    expect(calls).toBe(3);
  });

  it('whose state cannot be saved fails too', async () => {
    const subject = model();
    const runner = new DescentRunner(subject, ({ w }, _update, state) => {
      w.data.fill(1);
      state['f'] = (): void => undefined;
    });
    await expect(runner.apply([[]])).rejects.toThrow(code('DESCENT_FAILED'));
    expect(subject.tensors.w.data[0]).toBe(0);
  });

  it('goes on from a state that was kept', async () => {
    const runner = new DescentRunner(model(), add, { seen: 41 });
    await runner.apply([[]]);
    expect(runner.state).toEqual({ seen: 42 });
  });
});
