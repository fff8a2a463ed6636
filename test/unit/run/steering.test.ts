// Changes of the training's settings: what takes effect, what is kept, and what is refused.
import { describe, expect, it } from 'vitest';
import type { TrainingConfig } from '../../../coordinator/run/config.ts';
import type { JournalEntry } from '../../../coordinator/run/journal.ts';
import { changeOf, Steering, withChanges, wrongSteering } from '../../../coordinator/run/steering.ts';
import type { Training } from '../../../coordinator/run/training.ts';

const SETTINGS = { alpha: 0.06, dim: 16 } as TrainingConfig;

/** As much of a training as steering touches. */
function training(flight: { run: number; done: number } | null): { training: Training; written: JournalEntry[] } {
  const written: JournalEntry[] = [];
  const journal = { write: (entry: JournalEntry) => void written.push(entry) };
  const desk = { dispatch: () => undefined };
  return { training: { flight, journal, desk } as unknown as Training, written };
}

describe('a change of the learning rate', () => {
  it('is in the settings, the journal and the state, and in a run that is resumed from it', () => {
    const { training: live, written } = training(null);
    const steering = new Steering(SETTINGS, null);
    steering.setAlpha(0.04, live, 1234);
    expect(steering.settings).toEqual({ alpha: 0.04, dim: 16 });
    expect(SETTINGS.alpha).toBe(0.06);
    expect(written).toEqual([{ kind: 'changed', setting: 'alpha', from: 0.06, to: 0.04, tokens: 1234 }]);
    const kept = JSON.parse(JSON.stringify(steering.state)) as typeof steering.state;
    expect(wrongSteering(kept)).toBeNull();
    expect(new Steering(steering.settings, kept).state).toEqual(steering.state);
  });

  it('does not take effect when the journal cannot be written', () => {
    const { training: live } = training(null);
    const broken = {
      ...live,
      journal: {
        write: () => {
          throw new Error('disk full');
        },
      },
    } as unknown as Training;
    const steering = new Steering(SETTINGS, null);
    expect(() => steering.setAlpha(0.04, broken, 0)).toThrow('disk full');
    expect(steering.settings.alpha).toBe(0.06);
    expect(steering.state.changes).toEqual([]);
  });

  it('remembers the last hundred', () => {
    const { training: live, written } = training(null);
    const steering = new Steering(SETTINGS, null);
    for (let n = 1; n <= 150; n++) steering.setAlpha(n / 1000, live, n);
    expect(steering.state.changes).toHaveLength(100);
    expect(steering.state.changes.at(-1)).toMatchObject({ from: 0.149, to: 0.15 });
    expect(written).toHaveLength(150);
  });
});

describe('a change of the budget', () => {
  it('takes effect in part or whole, and again when resumed', () => {
    const flight = { run: 0.01, done: 0.1 };
    const { training: live } = training(flight);
    const steering = new Steering(SETTINGS, null);
    expect(steering.setBudget({ done: 0.5 }, live, 7)).toEqual({ run: 0.01, done: 0.5 });
    expect(flight).toEqual({ run: 0.01, done: 0.5 });
    expect(steering.state.changes).toMatchObject([{ setting: 'budget.done', from: 0.1, to: 0.5, tokens: 7 }]);
    const later = { run: 0.01, done: 0.1 };
    new Steering(SETTINGS, steering.state).begin(training(later).training);
    expect(later).toEqual({ run: 0.01, done: 0.5 });
  });

  it('is refused on the grid, and without a value', () => {
    const steering = new Steering(SETTINGS, null);
    expect(() => steering.setBudget({ run: 0.1 }, training(null).training, 0)).toThrow(/no budget/);
    expect(() => steering.setBudget({}, training({ run: 1, done: 1 }).training, 0)).toThrow(/without run or done/);
  });
});

describe('a state as read', () => {
  it.each([null, {}, { flight: { run: 0, done: 1 }, changes: [] }, { flight: null, changes: 'none' }])(
    'is refused when it is none: %j',
    (state) => {
      expect(wrongSteering(state)).not.toBeNull();
    },
  );
});

describe('changes after the last checkpoint', () => {
  const line = (more: object): string =>
    JSON.stringify({ seq: 7, time: 5, kind: 'changed', setting: 'alpha', from: 0.06, to: 0.03, tokens: 9, ...more });

  it('are read from the journal as they were written', () => {
    expect(changeOf(line({}))).toEqual({ seq: 7, time: 5, setting: 'alpha', from: 0.06, to: 0.03, tokens: 9 });
    expect(changeOf(line({ setting: 'budget.done', to: 1 }))).toMatchObject({ setting: 'budget.done', to: 1 });
  });

  it.each([
    ['another entry', '{"seq":7,"time":5,"kind":"granted","lease":3}'],
    ['one that only speaks of it', line({ kind: 'gone', reason: '"kind":"changed"' })],
    ['a setting that nobody knows', line({ setting: 'dim' })],
    ['a rate of nothing', line({ to: 0 })],
    ['a rate above 1', line({ to: 1.5 })],
    ['a rate that is no number', line({ to: '0.1' })],
  ])('are not %s', (_, text) => {
    expect(changeOf(text)).toBeNull();
  });

  it('hold in the order of the journal, beside what the checkpoint has', () => {
    const change = (setting: 'alpha' | 'budget.run' | 'budget.done', to: number) => ({
      setting,
      from: 0.5,
      to,
      tokens: 1,
      time: 1,
    });
    const before = { flight: { run: 0.2, done: 0.3 }, changes: [change('budget.run', 0.2)] };
    const later = [change('alpha', 0.04), change('budget.done', 0.9), change('alpha', 0.02)];
    const { settings, state } = withChanges(SETTINGS, before, later);
    expect(settings).toEqual({ ...SETTINGS, alpha: 0.02 });
    expect(state).toEqual({ flight: { run: 0.2, done: 0.9 }, changes: [...before.changes, ...later] });
    expect(withChanges(SETTINGS, undefined, [])).toEqual({ settings: SETTINGS, state: undefined });
  });

  it('of one share leave the other at its default', () => {
    const { state } = withChanges(SETTINGS, undefined, [
      { setting: 'budget.run', from: 0.01, to: 0.5, tokens: 1, time: 1 },
    ]);
    expect(wrongSteering(JSON.parse(JSON.stringify(state)))).toBeNull();
    const { training: live } = training({ run: 0.01, done: 0.1 });
    new Steering(SETTINGS, state!).begin(live);
    expect(live.flight).toEqual({ run: 0.5, done: 0.1 });
  });
});
