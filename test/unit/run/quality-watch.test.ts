// The watch over a run's quality: when it measures, that it gives way, and what it says.
import { expect, it } from 'vitest';
import { QualityWatch } from '../../../coordinator/run/quality-watch.ts';
import type { QualityParts } from '../../../coordinator/run/quality-watch.ts';
import { mix32 } from '../../../word2vec/random.ts';

const WORDS = Array.from({ length: 40 }, (_, id) => `w${id}`);
const DIM = 8;

/** A world where time passes only when somebody looks at the clock. */
function world(parts: Partial<QualityParts> = {}, msPerLook = 1) {
  const model = { dim: DIM, input: new Float32Array(40 * DIM), output: new Float32Array(40 * DIM) };
  const notes: string[] = [];
  const state = { ms: 0, ways: 0, training: { loss: 3 as number | null, longestRow: 1 } };
  const lines = Array.from({ length: 30 }, (_, s) =>
    Array.from({ length: 12 }, (__, at) => `w${mix32(s * 50 + at) % 45}`).join(' '),
  );
  const watch = new QualityWatch(
    {
      counted: { words: WORDS, counts: Float64Array.from(WORDS, (_, id) => 1000 - id) },
      model,
      heldOut: { limit: 1, lines },
      probes: [
        {
          file: '/some/where/pairs.tsv',
          pairs: [0, 2, 4, 6].map((id) => ({ a: `W${id}`, b: `w${id + 1}`, rating: id })),
        },
      ],
      questions: null,
      config: { window: 3, negative: 5, sample: 0, schedule: 'grid', alpha: 0.5 },
      objective: { model: 'skipgram', hs: false },
      totalTokens: 1000,
      best: null,
      ...parts,
    },
    {
      now: () => (state.ms += msPerLook),
      giveWay: () => {
        state.ways++;
        return Promise.resolve();
      },
      training: () => state.training,
      note: (level, text) => notes.push(`${level}: ${text}`),
    },
    0,
  );
  return { watch, model, notes, state };
}

const settled = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 0));

it('knows nothing before it has measured, and the loss of untrained vectors then', async () => {
  const { watch, notes } = world();
  // Words outside the vocabulary are no tokens.
  expect(watch.heldOut).toMatchObject({ loss: null, untrained: null, lines: 30 });
  expect(watch.heldOut!.tokens).toBeLessThan(360);
  expect(watch.probe).toEqual([{ file: 'pairs.tsv', rho: null, found: 4 }]);
  await watch.conclude(1000);
  expect(watch.heldOut!.loss).toBeCloseTo(watch.heldOut!.untrained!, 9);
  expect(watch.best).toBeCloseTo(watch.heldOut!.untrained!, 9);
  expect(notes).toEqual([]);
});

it('follows the probes', async () => {
  const { watch, model } = world();
  for (const [k, id] of [0, 2, 4, 6].entries()) {
    // Cosines rise with the ratings.
    model.input.set([1, 0], id * DIM);
    model.input.set([k - 2, 1], (id + 1) * DIM);
  }
  await watch.conclude(1000);
  expect(watch.probe[0]!.rho).toBe(1);
  model.input[DIM] = 10;
  await watch.conclude(1000);
  expect(watch.probe[0]!.rho).toBeLessThan(1);
});

it('measures when both time and progress have passed, and not while it measures', async () => {
  const { watch, state, model } = world();
  const measured = async (tokens: number): Promise<boolean> => {
    model.input[0]! += 1;
    model.output.fill(model.input[0]!);
    const before = watch.heldOut!.loss;
    watch.tick(tokens);
    watch.tick(tokens);
    await settled();
    return watch.heldOut!.loss !== before;
  };
  expect(await measured(500)).toBe(false);
  state.ms += 5000;
  expect(await measured(19)).toBe(false);
  expect(await measured(20)).toBe(true);
  expect(await measured(900)).toBe(false);
  state.ms += 60_000;
  expect(await measured(39)).toBe(false);
  expect(await measured(40)).toBe(true);
});

it('gives way, and takes a small share of the time however slow it is', async () => {
  const { watch, state } = world({}, 100);
  state.ms = 5000;
  watch.tick(500);
  await settled();
  // Every look at the clock is beyond its slice here: 20-odd steps of 16 tokens.
  expect(state.ways).toBeGreaterThan(15);
  const [loss, done] = [watch.heldOut!.loss, state.ms];
  expect(loss).not.toBeNull();
  const ways = state.ways;
  // A measurement of over 3 s: nothing more for a minute.
  state.ms = done + 30_000;
  watch.tick(900);
  await settled();
  expect(state.ways).toBe(ways);
});

it('warns once, says what to change, and takes it back when the vectors recover', async () => {
  const { watch, model, notes, state } = world();
  await watch.conclude(10);
  model.input.forEach((_, at) => (model.input[at] = (mix32(at) / 2 ** 32 - 0.5) * 9));
  model.output.forEach((_, at) => (model.output[at] = (mix32(at + 999) / 2 ** 32 - 0.5) * 9));
  state.training.loss = 9;
  await watch.conclude(500);
  await watch.conclude(600);
  expect(notes).toHaveLength(1);
  expect(notes[0]).toMatch(/^warning: this run diverges: .*--alpha lower than 0.5/);
  expect(watch.warning).not.toBeNull();
  model.output.fill(0);
  state.training.loss = 3;
  await watch.conclude(900);
  expect(watch.warning).toBeNull();
  expect(notes[1]).toMatch(/^info:/);
});

it('names what helps against stale sums under downpour', async () => {
  const { watch, state } = world({
    config: { window: 3, negative: 5, sample: 0, schedule: 'downpour', alpha: 0.05 },
  });
  state.training.longestRow = 500;
  await watch.conclude(1);
  expect(watch.warning).toContain('--descent');
});

it('tells a corpus that is learned by heart from divergence', async () => {
  const { watch, notes } = world({ best: 2 });
  await watch.conclude(1000);
  expect(watch.warning).toBeNull();
  expect(notes).toEqual([expect.stringMatching(/^warning: .*learned by heart/)]);
});

it('has only the probes where nothing is held out', async () => {
  const { watch } = world({ heldOut: { limit: 0, lines: [] } });
  await watch.conclude(1000);
  expect(watch.heldOut).toBeNull();
  expect(watch.probe).toHaveLength(1);
});

it('asks analogy questions at the same times, and gives way between them', async () => {
  const sections = [{ name: 'all', questions: [{ a: 'W0', b: 'w1', c: 'w2', expected: 'w3' }] }];
  const { watch, model, state } = world({ questions: { file: '/some/where/questions.txt', sections } });
  expect(watch.analogies).toEqual({ file: 'questions.txt', share: null, asked: 1, found: 1 });
  for (let d = 0; d < DIM; d++) {
    const [a, b, c] = [0, 1, 2].map((id) => mix32(id * DIM + d) / 2 ** 31 - 1) as [number, number, number];
    for (const [id, value] of [a, b, c, b - a + c].entries()) model.input[id * DIM + d] = value;
  }
  await watch.conclude(1000);
  expect(watch.analogies?.share).toBe(1);
  model.input.fill(0, 3 * DIM, 4 * DIM);
  model.input.set(model.input.subarray(DIM, 2 * DIM), 5 * DIM);
  await watch.conclude(1000);
  expect(watch.analogies?.share).toBe(0);
  expect(state.ways).toBeGreaterThan(0);
  expect(world().watch.analogies).toBeNull();
});
