// Changes of the training's settings: what takes effect, what is kept, and what is refused.
import { describe, expect, it } from 'vitest';
import type { TrainingConfig } from '../../../coordinator/run/config.ts';
import type { JournalEntry } from '../../../coordinator/run/journal.ts';
import { Steering, wrongSteering } from '../../../coordinator/run/steering.ts';
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
