// The desk of partitions: each is applied once an epoch whatever volunteers do, groups and copies keep their bounds.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { DeskSettings, Task } from '../../../coordinator/program/partition-desk.ts';
import { FAILURES_TO_PARK, LOSSES_TO_PARK, PartitionDesk } from '../../../coordinator/program/partition-desk.ts';

const SETTINGS: DeskSettings = { partitions: 3, epochs: 1, minUpdates: 1, maxUpdates: 100, leaseMs: 1000 };

function desk(
  settings: Partial<DeskSettings> = {},
  volunteers: readonly string[] = ['a', 'b', 'c', 'd'],
): PartitionDesk {
  const made = new PartitionDesk({ ...SETTINGS, ...settings });
  for (const volunteer of volunteers) made.join(volunteer);
  return made;
}

function granted(from: PartitionDesk, volunteer: string, now = 0): Task {
  const task = from.grant(volunteer, now);
  if (typeof task === 'string') throw new Error(`denied: ${task}`);
  return task;
}

/** One random step of the world: who does what, by small numbers. */
const step = fc.tuple(fc.integer({ min: 0, max: 9 }), fc.nat({ max: 3 }), fc.nat({ max: 20 }));

describe('whatever volunteers do', () => {
  it('each partition is applied once an epoch, parked ones aside, and bounds hold', () => {
    const settings = fc.record({
      partitions: fc.integer({ min: 1, max: 6 }),
      epochs: fc.integer({ min: 1, max: 3 }),
      minUpdates: fc.integer({ min: 1, max: 4 }),
      more: fc.nat({ max: 4 }),
    });
    fc.assert(
      fc.property(settings, fc.array(step, { maxLength: 120 }), ({ more, ...given }, steps) => {
        const maxUpdates = given.minUpdates + more;
        const subject = desk({ ...given, maxUpdates });
        const issued: Task[] = [];
        const applied = new Set<string>();
        let now = 0;
        const applyDue = (): void => {
          const group = subject.takeGroup();
          expect(subject.takeGroup(), 'no second group before the first is applied').toEqual([]);
          const { waiting, out } = subject.counts;
          if (group.length > 0 && waiting + out > 0) expect(group.length).toBeGreaterThanOrEqual(given.minUpdates);
          for (const { epoch, partition } of group) {
            expect(applied.has(`${epoch}/${partition}`), `partition ${partition} twice in epoch ${epoch}`).toBe(false);
            applied.add(`${epoch}/${partition}`);
          }
          if (group.length > 0) subject.applied(group);
        };
        const act = (kind: number, volunteer: string, pick: number): void => {
          const task = issued[issued.length - 1 - (pick % Math.max(issued.length, 1))];
          if (kind <= 3 || task === undefined) {
            const answer = subject.grant(volunteer, now);
            if (typeof answer !== 'string') issued.push(answer);
            const { out, answered } = subject.counts;
            expect(out + answered).toBeLessThanOrEqual(maxUpdates);
          } else if (kind <= 5) subject.answer(task.task, task.volunteer);
          else if (kind === 6) subject.fail(task.task, task.volunteer, 'broken');
          else if (kind === 7) subject.giveBack(task.task, task.volunteer);
          else if (kind === 8) {
            subject.leave(volunteer);
            subject.join(volunteer);
          } else {
            now += 400;
            for (const late of subject.expire(now)) expect(late.deadline).toBeLessThanOrEqual(now);
          }
          applyDue();
        };
        for (const [kind, who, pick] of steps) act(kind, 'abcd'[who]!, pick);
        // From here on everybody is honest, and the run must come to its end.
        for (let round = 0; round < 200 && !subject.finished; round++) {
          now += 1000;
          subject.expire(now);
          applyDue();
          for (const volunteer of 'abcd') {
            const task = subject.grant(volunteer, now);
            if (typeof task !== 'string') subject.answer(task.task, volunteer);
            applyDue();
          }
        }
        expect(subject.finished).toBe(true);
        const parked = new Set(subject.parked.map(({ partition }) => partition));
        for (let epoch = 0; epoch < subject.epoch; epoch++)
          for (let partition = 0; partition < given.partitions; partition++)
            if (!parked.has(partition)) expect(applied).toContain(`${epoch}/${partition}`);
      }),
      { numRuns: 300 },
    );
  });
});

describe('answers', () => {
  it('count once, from their holder, and not after their time', () => {
    const subject = desk();
    const task = granted(subject, 'a');
    expect(subject.answer(task.task, 'b')).toBe(false);
    expect(subject.answer(task.task, 'a')).toBe(true);
    expect(subject.answer(task.task, 'a')).toBe(false);
    const late = granted(subject, 'b');
    expect(subject.expire(999)).toEqual([]);
    expect(subject.expire(1000)).toEqual([late]);
    expect(subject.answer(late.task, 'b')).toBe(false);
  });
});

describe('minUpdates and maxUpdates', () => {
  it('apply in groups of at least so many, and the rest at the end', () => {
    const subject = desk({ partitions: 5, minUpdates: 3 });
    const groups: number[] = [];
    for (let k = 0; k < 5; k++) {
      const task = granted(subject, 'a');
      subject.answer(task.task, 'a');
      const group = subject.takeGroup();
      groups.push(group.length);
      if (group.length > 0) subject.applied(group);
    }
    expect(groups).toEqual([0, 0, 3, 0, 2]);
    expect(subject.finished).toBe(true);
  });

  it('never give a second group while the descent runs on the first', () => {
    const subject = desk();
    const [first, second] = [granted(subject, 'a'), granted(subject, 'b')];
    subject.answer(first.task, 'a');
    const group = subject.takeGroup();
    subject.answer(second.task, 'b');
    expect(subject.takeGroup()).toEqual([]);
    subject.applied(group);
    expect(subject.takeGroup()).toEqual([second]);
  });

  it('keep at most so many copies out, until one is applied or lost', () => {
    const subject = desk({ maxUpdates: 2, minUpdates: 2 });
    const first = granted(subject, 'a');
    const second = granted(subject, 'b');
    expect(subject.grant('c', 0)).toBe('max-updates');
    subject.answer(first.task, 'a');
    expect(subject.grant('c', 0), 'answered, not applied').toBe('max-updates');
    subject.leave('b');
    const third = granted(subject, 'c');
    expect(third.partition).toBe(second.partition);
    subject.answer(third.task, 'c');
    const group = subject.takeGroup();
    expect(group.map(({ task }) => task)).toEqual([first.task, third.task]);
    expect(subject.grant('c', 0), 'the descent still runs').toBe('max-updates');
    subject.applied(group);
    granted(subject, 'c');
  });

  it('that contradict each other are refused', () => {
    expect(() => desk({ minUpdates: 3, maxUpdates: 2 })).toThrow(expect.objectContaining({ code: 'SETTING_INVALID' }));
    expect(() => desk({ epochs: 0.5 })).toThrow(expect.objectContaining({ code: 'SETTING_INVALID' }));
  });
});

describe('a partition that fails', () => {
  it('goes to other volunteers, is parked after three with every reason, and the run goes on', () => {
    const subject = desk({ epochs: 2 });
    for (const [k, volunteer] of ['a', 'b', 'c'].entries()) {
      const task = granted(subject, volunteer);
      expect(task.partition).toBe(0);
      expect(subject.fail(task.task, volunteer, `gradient.ts:${k}`)).toBe(k === 2 ? 'parked' : 'again');
      if (k < 2) {
        const other = granted(subject, volunteer);
        expect(other.partition, 'not the one that it failed on').not.toBe(0);
        subject.giveBack(other.task, volunteer);
      }
    }
    expect(subject.parked).toEqual([
      { partition: 0, failures: ['a', 'b', 'c'].map((volunteer, k) => ({ volunteer, message: `gradient.ts:${k}` })) },
    ]);
    for (let k = 0; k < 4; k++) {
      const task = granted(subject, 'd');
      subject.answer(task.task, 'd');
      subject.applied(subject.takeGroup());
    }
    expect(subject.finished).toBe(true);
  });

  it('is tried again by a volunteer that failed on it only where nobody else is left', () => {
    const subject = desk({ partitions: 1 }, ['a', 'b']);
    subject.fail(granted(subject, 'a').task, 'a', 'x');
    expect(subject.grant('a', 0)).toBe('none-for-you');
    subject.leave('b');
    subject.fail(granted(subject, 'a').task, 'a', 'x');
    subject.fail(granted(subject, 'a').task, 'a', 'x');
    expect(subject.parked[0]?.failures).toHaveLength(FAILURES_TO_PARK);
    expect(subject.finished, 'nothing is left to train on').toBe(true);
  });

  it('is parked when it loses volunteer after volunteer', () => {
    const subject = desk({ partitions: 2 }, ['a']);
    for (let k = 0; k < LOSSES_TO_PARK; k++) {
      granted(subject, 'a');
      subject.leave('a');
      subject.join('a');
    }
    expect(subject.parked.map(({ partition }) => partition)).toEqual([0]);
  });
});
