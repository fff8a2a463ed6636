// When checkpoints are written, with time and failures given.
import { describe, expect, it } from 'vitest';
import { Checkpointer } from '../../../coordinator/run/checkpointer.ts';
import { SCHEDULE } from '../../../coordinator/run/config.ts';

function setUp(fails: (number: number) => boolean = () => false) {
  const clock = { ms: 0 };
  const written: number[] = [];
  const failed: unknown[] = [];
  const gaveUp: unknown[] = [];
  let writing = 0;
  const checkpointer = new Checkpointer(7, {
    now: () => clock.ms,
    write: async (number) => {
      expect(++writing).toBe(1);
      await new Promise((resolve) => setTimeout(resolve, 1));
      writing--;
      if (fails(number)) throw new Error(`disk full at ${number}`);
      written.push(number);
      return 100 * number;
    },
    failed: (error) => failed.push(error),
    gaveUp: (error) => gaveUp.push(error),
  });
  const tick = async (): Promise<void> => {
    clock.ms += SCHEDULE.checkpointMs;
    checkpointer.tick();
    await checkpointer.idle();
    await Promise.resolve();
  };
  return { clock, written, failed, gaveUp, checkpointer, tick };
}

describe('Checkpointer', () => {
  it('counts on and writes one at a time', async () => {
    const { checkpointer, written } = setUp();
    await Promise.all([checkpointer.write(), checkpointer.write(), checkpointer.write()]);
    expect(written).toEqual([8, 9, 10]);
  });

  it('writes in time, and not sooner after one on request', async () => {
    const { checkpointer, written, clock, tick } = setUp();
    checkpointer.tick();
    await checkpointer.idle();
    expect(written).toEqual([]);
    await tick();
    expect(written).toEqual([8]);
    clock.ms += SCHEDULE.checkpointMs / 2;
    expect(await checkpointer.write()).toBe(100 * written.at(-1)!);
    clock.ms += SCHEDULE.checkpointMs / 2;
    checkpointer.tick();
    await checkpointer.idle();
    expect(written).toEqual([8, 9]);
    expect(checkpointer.writtenAt).toBe(1.5 * SCHEDULE.checkpointMs);
  });

  it('queues none behind one that takes longer than the time between two', async () => {
    const { checkpointer, written, clock } = setUp();
    for (let k = 0; k < 5; k++) {
      clock.ms += SCHEDULE.checkpointMs;
      checkpointer.tick();
    }
    await checkpointer.idle();
    expect(written).toEqual([8]);
  });

  it('tells a failure to who asked, and the next call works', async () => {
    const { checkpointer, written } = setUp((number) => number === 8);
    await expect(checkpointer.write()).rejects.toThrow('disk full at 8');
    await checkpointer.write();
    expect(written).toEqual([9]);
  });

  it('bears failures in time, but not for ever', async () => {
    const { failed, gaveUp, tick, written } = setUp(() => true);
    for (let k = 0; k < 4; k++) await tick();
    expect([failed.length, gaveUp.length]).toEqual([4, 0]);
    await tick();
    expect([failed.length, gaveUp.length, written.length]).toEqual([4, 1, 0]);
  });

  it('forgets failures once one is written', async () => {
    const { failed, gaveUp, tick } = setUp((number) => number !== 11);
    for (let k = 0; k < 7; k++) await tick();
    expect([failed.length, gaveUp.length]).toEqual([6, 0]);
  });
});
