// The simulator: equal bits whoever computes them, sound under deaths, and volunteers who do what their speed allows.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { simulate, type Simulated, type SimulationPlan } from '../../../bench/quality/simulation.ts';
import { type MeasuredText, measuredText } from '../../../bench/quality/text.ts';
import { IngestThread } from '../../../coordinator/ingest/ingest-thread.ts';
import { AS_IT_STANDS } from '../../../coordinator/ingest/normalisation.ts';
import { SCHEDULE } from '../../../coordinator/run/config.ts';

const TIMEOUT_MS = 120_000;
const FLEET = { volunteers: 3, pairsPerSecond: 20_000, spread: 4, bandwidth: 100, rtt: 50, deaths: 0, seed: 1 };

let text: MeasuredText;

beforeAll(async () => {
  text = await measuredText('sample:', 60_000);
}, TIMEOUT_MS);
afterAll(() => text.dispose());

async function run(threads: number, fleet: Partial<SimulationPlan['fleet']>, seed = 1): Promise<Simulated> {
  const ingest = new IngestThread({ progress: () => undefined, note: () => undefined });
  try {
    await ingest.open({
      corpus: [text.file],
      options: {},
      vocab: '',
      normalisation: AS_IT_STANDS,
      memory: 64 << 20,
      splitBytes: SCHEDULE.splitBytes,
    });
    const counted = await ingest.count({ minCount: 5, maxVocab: 1e6, threads: 1, folder: '' });
    const config: SimulationPlan['config'] = {
      corpus: [text.file],
      vocab: '',
      lowercase: false,
      tokenizer: 'whitespace',
      digits: 'keep',
      sentence: 'line',
      dim: 8,
      window: 5,
      negative: 5,
      sample: 1e-3,
      minCount: 5,
      maxVocab: 1e6,
      epochs: 1,
      alpha: 0.06,
      seed,
      model: 'skipgram',
      hs: false,
      schedule: 'grid',
      descent: null,
      batch: 0,
      rowsDown: 'int8',
      rowsUp: 'int8',
    };
    return await simulate({
      config,
      counted,
      ingest,
      schedule: { ...SCHEDULE, blockTokens: 200, chunkPairs: 768, leaseMs: 500 },
      fleet: { ...FLEET, ...fleet },
      ingestSpeed: 0,
      threads,
      measure: null,
      progress: () => undefined,
    });
  } finally {
    await ingest.close();
  }
}

/** All that the simulation says, without what depends on the machine. */
function figures(simulated: Simulated): object {
  const { input, output, version } = simulated.model;
  return {
    ...simulated,
    model: null,
    cost: null,
    version,
    input: Buffer.from(input.buffer).toString('base64'),
    output: Array.from(output),
  };
}

const pairsOf = ({ episodes }: Simulated): number => episodes.reduce((sum, { pairs }) => sum + pairs, 0);

describe('virtual volunteers', () => {
  it(
    'who die in mid-lease leave every pair trained once, and the same bits whatever the number of threads',
    async () => {
      const dying = { deaths: 360, volunteers: 4 };
      const one = await run(1, dying);
      expect(one.leases.returned).toBeGreaterThan(0);
      expect(one.leases.expired).toBeGreaterThan(0);
      expect(one.leases.granted).toBeGreaterThan(one.leases.applied);
      expect(one.pairs).toBe(pairsOf(one));
      expect(one.diverged).toBe(false);
      const three = await run(3, dying);
      expect(figures(three)).toEqual(figures(one));
      const other = await run(2, dying, 2);
      expect(figures(other)).not.toEqual(figures(one));
    },
    TIMEOUT_MS,
  );

  it(
    'train in proportion to their speed, and most of the time where the link is no obstacle',
    async () => {
      const near = await run(2, { volunteers: 2, spread: 4, rtt: 1, bandwidth: 10_000 });
      const [a, b] = near.volunteers.toSorted((one, other) => one.pairsPerSecond - other.pairsPerSecond);
      expect(b!.pairsPerSecond / a!.pairsPerSecond).toBeCloseTo(2);
      const ratio = b!.pairs / a!.pairs;
      // Both are busy for 55 % of so short a run or more: at its end one waits for the other.
      expect(ratio).toBeGreaterThan(2 * 0.55);
      expect(ratio).toBeLessThan(2 / 0.55);
      for (const one of near.volunteers) {
        expect(one.busyMs).toBeCloseTo((one.pairs / one.pairsPerSecond) * 1000, 3);
        expect(one.busyMs / one.presentMs).toBeGreaterThan(0.55);
        expect(one.busyMs).toBeLessThanOrEqual(one.presentMs);
      }
      expect(near.seconds).toBeGreaterThan(near.pairs / 43_000);
      const far = await run(2, { volunteers: 2, spread: 4, rtt: 4000, bandwidth: 10_000 });
      expect(far.seconds).toBeGreaterThan(1.2 * near.seconds);
      expect(far.pairs).toBe(near.pairs);
      // Rows and pairs are most of what is sent down, deltas of what is sent up.
      const { down, up } = near.traffic.per(near.tokens);
      for (const part of [down.rows, down.pairs, up.deltas]) expect(part).toBeGreaterThan(0);
      expect(up.overhead).toBeLessThan(0.2 * up.deltas);
    },
    TIMEOUT_MS,
  );
});
