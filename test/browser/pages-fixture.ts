// What a coordinator and a compute worker might say, for the tests of the pages.
import type { RunStatus, VolunteerRow } from '../../protocol/status.ts';
import type { Traffic } from '../../client/volunteer/page-traffic.ts';
import type { WorkerStatus } from '../../client/worker/api.ts';

/** A name that would run code if it were ever taken for HTML. */
export const HOSTILE = '<img src=x onerror="window.hacked=true">';

/** Answers nothing, and asks nobody. */
export const quietTraffic: Traffic = {
  bytes: 0,
  text: () => new Promise(() => undefined),
  binary: () => new Promise(() => undefined),
};

export const workerStatus: WorkerStatus = {
  state: 'training',
  reason: 'Training block (3, 7).',
  engine: 'webgpu',
  device: HOSTILE,
  fallback: null,
  wordsPerSecond: 86_412,
  accepted: 12,
  acceptedWords: 250_000,
  rejected: 0,
  refusal: '',
  late: 0,
  checking: 1,
  piece: { done: 4100, pairs: 10_000 },
  bytesUp: 48_300_000,
  bytesDown: 112_600_000,
  reconnectInMs: null,
  heldBy: null,
  power: { target: 100, measured: 93.4 },
  run: {
    tokensDone: 2_000_000,
    tokensTotal: 5_000_000,
    wordsPerSecond: 400_000,
    volunteers: 7,
    etaSeconds: 384,
    loss: 2.6,
    rank: 3,
    ranked: 7,
    ownWords: 250_000,
    allWords: 1_900_000,
  },
};

export function volunteerRow(id: number, wordsPerSecond: number): VolunteerRow {
  return {
    id,
    engine: 'webgpu',
    device: HOSTILE,
    local: false,
    state: 'training',
    reason: HOSTILE,
    hidden: true,
    wordsPerSecond,
    accepted: 3,
    acceptedWords: 9000,
    rejected: 1,
    bytesDown: 2e6,
    bytesUp: 1e6,
    connectedSeconds: 75,
    roundTripMs: null,
  };
}

export const runStatus: RunStatus = {
  state: 'training',
  reason: '2 volunteers train.',
  health: { word: 'healthy', reason: '2 volunteers train.' },
  people: { here: 2, training: 2, waiting: 0, paused: 0, leaving: 0, hidden: 0, local: 0 },
  version: '0.1.0',
  corpus: HOSTILE,
  config: {
    schedule: 'grid',
    descent: null,
    model: 'skipgram',
    hs: false,
    dim: 100,
    window: 5,
    negative: 5,
    sample: 1e-3,
    minCount: 5,
    lowercase: false,
    tokenizer: 'whitespace',
    digits: 'keep',
    sentence: 'line',
    epochs: 5,
    alpha: 0.06,
    seed: 1,
  },
  vocabulary: 38_123,
  epoch: 3,
  progress: { done: 2_500_000, total: 5_000_000, unit: 'tokens' },
  wordsPerSecond: 412_000,
  averageWordsPerSecond: 398_000,
  elapsedSeconds: 754,
  etaSeconds: 384,
  loss: 2.6134,
  heldOut: { loss: 2.6789, untrained: 4.1571, lines: 321, tokens: 8123 },
  analogies: { file: 'questions.txt', share: 0.25, asked: 200, found: 900 },
  probe: [
    { file: 'wordsim353.tsv', rho: 0.5123, found: 203 },
    { file: HOSTILE, rho: null, found: 0 },
  ],
  warning: null,
  waiting: null,
  alpha: 0.034,
  volunteers: [volunteerRow(1, 100), volunteerRow(2, 300), volunteerRow(3, 200)],
  episode: { number: 12, parts: 3, tokens: 5000, pairs: 30_000, pairsDone: 15_000, grid: 'd.l p.ddd' },
  chunks: { waiting: 8, leased: 2, done: 40 },
  leases: { granted: 50, applied: 40, expired: 1, returned: 2, rejected: 3, late: 4 },
  modelVersion: 40,
  bytes: { down: 8e6, rows: 5e6, pairs: 2.5e6, up: 3e6, deltas: 2.9e6 },
  checkpointSeconds: 31,
  bytesPerSecond: 0,
  counts: {
    source: 'counted',
    path: '',
    threads: 2,
    splits: 3,
    reused: 0,
    distinct: 61_000,
    tokens: 1_013_319,
    pruned: null,
  },
  out: 'runs/one',
};
