// Lengths of the model's rows against a plain count, and rows that nothing has changed.
import { describe, expect, it } from 'vitest';
import { Model } from '../../../coordinator/model/model.ts';
import { surveyModel } from '../../../coordinator/model/model-survey.ts';

const SEED = 7;
const edges = { seed: SEED, time: 5, breathe: () => Promise.resolve() };

describe('survey of a model', () => {
  it('finds every row of a fresh one untouched, and those that changed touched', async () => {
    const model = Model.fresh(50, 8, SEED);
    const fresh = await surveyModel(model, edges);
    expect([fresh.input.untouched, fresh.output.untouched]).toEqual([50, 50]);
    expect(fresh.output).toMatchObject({ mean: 0, longest: 0, histogram: { step: 1, counts: [50] } });
    model.input[3 * 8 + 7]! += 0.5;
    model.output[9 * 8] = -2;
    model.output[10 * 8 + 1] = 1;
    const later = await surveyModel(model, edges);
    expect([later.input.untouched, later.output.untouched]).toEqual([49, 48]);
    expect((await surveyModel(model, { ...edges, seed: 8 })).input.untouched).toBe(0);
  });

  it.each([0.0003, 1, 39.9, 40, 1234])('counts lengths up to %f as a plain count does', async (longest) => {
    const model = new Model(400, 3);
    const lengths = Array.from({ length: 400 }, (_, row) => (longest * (row + 1)) / 400);
    for (const [row, length] of lengths.entries()) model.input[row * 3 + (row % 3)] = row % 2 === 0 ? length : -length;
    const { input, rows, time } = await surveyModel(model, edges);
    const { step, counts } = input.histogram;
    expect([rows, time]).toEqual([400, 5]);
    expect(input.longest).toBeCloseTo(longest, longest < 1 ? 8 : 3);
    expect(input.mean / longest).toBeCloseTo(401 / 800, 5);
    expect(counts.length).toBeGreaterThan(15);
    expect(counts.length).toBeLessThanOrEqual(40);
    const single = lengths.map(Math.fround);
    expect(counts).toEqual(counts.map((_, bin) => single.filter((length) => Math.floor(length / step) === bin).length));
  });

  it('leaves out rows of no finite length', async () => {
    const model = new Model(4, 2);
    model.input.set([Infinity, 0, NaN, 1, 3, 4, 0, 0]);
    const { input } = await surveyModel(model, edges);
    expect(input).toMatchObject({ mean: 2.5, longest: 5 });
    expect(input.histogram.counts.reduce((sum, times) => sum + times, 0)).toBe(2);
  });

  it('lets other work go on between slices', async () => {
    let breaths = 0;
    const breathe = async (): Promise<void> => void breaths++;
    await surveyModel(new Model(3000, 512), { ...edges, breathe });
    expect(breaths).toBe(4);
  });
});
