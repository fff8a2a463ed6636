// Memory for pairs: as much as the episodes in memory need, however many a run has.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PairBuffers, type PairMemory } from '../../../coordinator/ingest/pair-buffers.ts';
import type { Episode } from '../../../coordinator/leases/episode.ts';
import { SCHEDULE } from '../../../coordinator/run/config.ts';
import { Episodes } from '../../../coordinator/run/episodes.ts';

/** Episodes in memory, as in a run. */
const AHEAD = 2;

/** Takes the pairs of one episode after the other, and gives the oldest back before the next. */
function pass(buffers: PairBuffers, lengths: readonly number[], watch: (open: readonly PairMemory[]) => void): void {
  const open: PairMemory[] = [];
  for (const length of lengths) {
    if (open.length === AHEAD) buffers.giveBack(open.shift()!);
    open.push({ inputs: buffers.take(length), outputs: buffers.take(length) });
    watch(open);
  }
}

describe('PairBuffers', () => {
  it('gives every episode its own memory, and never holds more than the episodes in memory', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 300_000 }), { maxLength: 30 }), (lengths) => {
        const buffers = new PairBuffers();
        let at = 0;
        pass(buffers, lengths, (open) => {
          const arrays = open.flatMap(({ inputs, outputs }) => [inputs, outputs]);
          expect(arrays.at(-1)).toHaveLength(lengths[at]!);
          expect(arrays.at(-2)).toHaveLength(lengths[at++]!);
          expect(new Set(arrays.map(({ buffer }) => buffer)).size).toBe(arrays.length);
          expect(arrays.length + buffers.free).toBeLessThanOrEqual(2 * AHEAD);
        });
      }),
    );
  });

  it('makes nothing new for episodes that are as long as those before, give or take', () => {
    const buffers = new PairBuffers();
    pass(
      buffers,
      Array.from({ length: 500 }, (_, at) => 200_000 + (at % 7) * 5000),
      () => undefined,
    );
    expect(buffers.made).toBe(2 * AHEAD);
  });

  it('makes few while episodes grow', () => {
    const buffers = new PairBuffers();
    const lengths = Array.from({ length: 40 }, (_, at) => Math.min(1_000_000, Math.round(1000 * 1.25 ** at)));
    pass(buffers, lengths, () => undefined);
    // 256 KiB to 4 MiB: five sizes.
    expect(buffers.made).toBeLessThanOrEqual(5 * 2 * AHEAD);
  });
});

describe('Episodes', () => {
  it('hands the memory of every episode back when it is retired, and of no other', () => {
    const position = { epoch: 0, split: 0, line: 0, token: 0, tokens: 0, beyond: 0 };
    const episode = (number: number): Episode => ({
      number,
      parts: 1,
      from: position,
      to: position,
      kept: 1,
      inputs: new Uint32Array(5),
      outputs: new Uint32Array(5),
      offsets: Uint32Array.of(0, 5),
    });
    const back: number[] = [];
    const steps: string[] = [];
    const episodes = new Episodes(
      {
        prepare: () => Promise.reject(new Error('nothing is prepared here')),
        giveBack: ({ number }) => {
          back.push(number);
          steps.push(`back ${number}`);
        },
      },
      null,
    );
    const desk = { addEpisode: () => undefined, dropEpisode: (number: number) => steps.push(`dropped ${number}`) };
    const journal = { seq: 0, write: () => undefined };
    for (const number of [0, 1]) episodes.add(episode(number), { desk, journal, schedule: SCHEDULE });
    const retired = [0];
    const grid = { retire: () => retired.shift() ?? null };
    episodes.retireComplete({ grid, desk });
    expect(back).toEqual([0]);
    expect(episodes.open.map(({ number }) => number)).toEqual([1]);
    retired.push(1);
    episodes.retireComplete({ grid, desk });
    episodes.retireComplete({ grid, desk });
    expect(steps).toEqual(['dropped 0', 'back 0', 'dropped 1', 'back 1']);
  });
});
