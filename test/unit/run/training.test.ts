// What a run is made of by its objective: the damping that volunteers are told, the bounds of episodes and parts.
import { describe, expect, it } from 'vitest';
import { defaultAlpha, scheduleOf, type TrainingConfig } from '../../../coordinator/run/config.ts';
import { assembleTraining } from '../../../coordinator/run/training.ts';
import { encodeToCoordinator } from '../../../protocol/to-coordinator.ts';
import { decodeToVolunteer, type Welcome } from '../../../protocol/to-volunteer.ts';
import { PROTOCOL_VERSION } from '../../../protocol/limits.ts';

const counts = Float64Array.from({ length: 4000 }, (_, id) => Math.ceil(200_000 / (id + 1)));
const CONFIG: TrainingConfig = {
  corpus: [],
  vocab: '',
  lowercase: false,
  tokenizer: 'whitespace',
  digits: 'keep',
  sentence: 'line',
  dim: 4,
  window: 5,
  negative: 5,
  sample: 0,
  minCount: 5,
  maxVocab: 1e6,
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
};
const HS: TrainingConfig = { ...CONFIG, hs: true };
const CBOW: TrainingConfig = { ...CONFIG, model: 'cbow', schedule: 'downpour', descent: 'saturation' };

function assemble(config: TrainingConfig): ReturnType<typeof assembleTraining> {
  const words = Array.from(counts, (_, id) => `w${id}`);
  const edges = { now: () => 0, tokensDone: () => 0, report: () => undefined, audit: null };
  return assembleTraining(config, { words, counts }, null, { write: () => undefined }, edges);
}

/** What a volunteer is greeted with. */
function welcomed(config: TrainingConfig): Welcome {
  const { desk } = assemble(config);
  const frames: Uint8Array[] = [];
  const volunteer = desk.connect(
    { send: (frame) => frames.push(frame), close: (_, reason) => expect.unreachable(reason), buffered: 0, address: '' },
    true,
  );
  const formats = { reads: ['f32', 'int8'], writes: ['f32', 'int8'] } as const;
  const facts = { engine: 'cpu', device: '', name: '', browser: '', cacheMiB: 8, ...formats } as const;
  desk.receive(volunteer, encodeToCoordinator({ tag: 'hello', version: PROTOCOL_VERSION, ...facts }));
  const message = decodeToVolunteer(frames[0]!, { format: 'int8', dim: 4 });
  if (message.tag !== 'welcome') throw new Error(message.tag);
  return message;
}

describe('a run', () => {
  it('tells volunteers the damping of its objective', () => {
    expect(welcomed(CONFIG)).toMatchObject({ objective: 'skipgram', damping: 0.25 });
    expect(welcomed(HS)).toMatchObject({ objective: 'hs', damping: 0.25 });
    expect(welcomed(CBOW).objective).toBe('cbow');
    expect(welcomed(CBOW).damping).toBeCloseTo(scheduleOf(CBOW).damping, 7);
    expect(scheduleOf(CBOW).damping).toBeLessThan(0.25);
  });

  it('of hierarchical softmax has episodes and blocks of as many dot products, and no more parts than stay balanced', () => {
    const [plain, nodes] = [assemble(CONFIG).curriculum, assemble(HS).curriculum];
    const targets = plain.maxKept / nodes.maxKept;
    expect(targets).toBeGreaterThan(5);
    expect(plain.blockTokens / nodes.blockTokens).toBeCloseTo(targets);
    expect(plain.maxParts).toBe(64);
    expect(nodes.maxParts).toBe(Math.floor(2 * targets));
  });

  it('under downpour has one part, whatever it trains', () => {
    for (const config of [CBOW, { ...HS, schedule: 'downpour', descent: 'sum' } as const])
      expect(assemble(config).curriculum.maxParts).toBe(1);
  });

  it('takes the learning rate of its schedule and rule', () => {
    expect(defaultAlpha(null)).toBe(0.06);
    expect(defaultAlpha('saturation')).toBe(0.1);
    expect(defaultAlpha('sum')).toBe(0.025);
  });
});
