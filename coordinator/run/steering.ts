// What an operator may change of the training while it runs: kept in the checkpoint, and told in run.json.
import { TributaryError } from '../errors.ts';
import type { TrainingConfig } from './config.ts';
import type { Training } from './training.ts';

/** Shares of tokens that downpour may have in flight. */
export interface FlightShares {
  /** Of the whole run. */
  run: number;
  /** Of what is trained so far. */
  done: number;
}

export interface SettingChange {
  readonly setting: 'alpha' | 'budget.run' | 'budget.done';
  readonly from: number;
  readonly to: number;
  /** Corpus tokens trained when it was made. */
  readonly tokens: number;
  /** Milliseconds since 1970. */
  readonly time: number;
}

/** As a checkpoint holds it; the learning rate is among its settings. */
export interface SteeringState {
  readonly flight: Readonly<Partial<FlightShares>> | null;
  /** Oldest first. */
  readonly changes: readonly SettingChange[];
}

/** Changes that are remembered; the journal has all. */
const MOST_CHANGES = 100;

export class Steering {
  /** The run's settings, as they are now. */
  readonly settings: { -readonly [Name in keyof TrainingConfig]: TrainingConfig[Name] };
  #changes: SettingChange[];
  #flight: Readonly<Partial<FlightShares>> | null;

  constructor(settings: TrainingConfig, state: SteeringState | null) {
    this.settings = { ...settings };
    this.#changes = [...(state?.changes ?? [])];
    this.#flight = state?.flight ?? null;
  }

  get state(): SteeringState {
    return { flight: this.#flight, changes: this.#changes };
  }

  /** A resumed run has the budget that it was given. */
  begin({ flight }: Training): void {
    if (flight !== null && this.#flight !== null) Object.assign(flight, this.#flight);
  }

  /**
   * A new learning rate at the start of the linear decay: from now on the rate is what it would be had the run begun
   * with it.
   * @throws TributaryError JOURNAL_UNWRITABLE; nothing has changed then
   */
  setAlpha(alpha: number, training: Training, tokens: number): void {
    this.#note(training, { setting: 'alpha', from: this.settings.alpha, to: alpha, tokens });
    this.settings.alpha = alpha;
  }

  /** @throws TributaryError NO_BUDGET, NO_VALUE, JOURNAL_UNWRITABLE */
  setBudget(wanted: Partial<FlightShares>, training: Training, tokens: number): Readonly<FlightShares> {
    const { flight } = training;
    if (flight === null) {
      throw new TributaryError(
        'NO_BUDGET',
        'the grid has no budget of what is in flight: no two volunteers hold the same row, so nothing is stale',
        { hint: 'A budget belongs to --schedule downpour.' },
      );
    }
    if (wanted.run === undefined && wanted.done === undefined) {
      throw new TributaryError('NO_VALUE', 'budget changes nothing without run or done', {
        hint: 'Give {"run": 0.01}, {"done": 0.1}, or both.',
      });
    }
    for (const name of ['run', 'done'] as const) {
      const to = wanted[name];
      if (to === undefined) continue;
      this.#note(training, { setting: `budget.${name}`, from: flight[name], to, tokens });
      flight[name] = to;
    }
    this.#flight = { run: flight.run, done: flight.done };
    training.desk.dispatch();
    return flight;
  }

  #note({ journal }: Training, change: Omit<SettingChange, 'time'>): void {
    journal.write({ kind: 'changed', ...change });
    this.#changes = [...this.#changes, { ...change, time: Date.now() }].slice(-MOST_CHANGES);
  }
}

/**
 * Settings and state with what the journal has beyond the checkpoint: a change holds from when it was told, whether or
 * not a checkpoint came after it.
 * @param changes oldest first
 */
export function withChanges<T extends { readonly alpha: number }>(
  settings: T,
  state: SteeringState | undefined,
  changes: readonly SettingChange[],
): { readonly settings: T; readonly state: SteeringState | undefined } {
  if (changes.length === 0) return { settings, state };
  let { alpha } = settings;
  const flight: Partial<FlightShares> = { ...state?.flight };
  for (const { setting, to } of changes) {
    if (setting === 'alpha') alpha = to;
    else flight[setting === 'budget.run' ? 'run' : 'done'] = to;
  }
  const all = [...(state?.changes ?? []), ...changes].slice(-MOST_CHANGES);
  return {
    settings: { ...settings, alpha },
    state: { flight: Object.keys(flight).length === 0 ? null : flight, changes: all },
  };
}

/** A journal's line as a change of a setting; null when it is another entry, or none that could have been written. */
export function changeOf(line: string): (SettingChange & { readonly seq: number }) | null {
  if (!line.includes('"kind":"changed"')) return null;
  const entry = JSON.parse(line) as Readonly<Record<string, unknown>>;
  const { seq, time, kind, setting, from, to, tokens } = entry;
  if (kind !== 'changed' || (setting !== 'alpha' && setting !== 'budget.run' && setting !== 'budget.done')) return null;
  const numbers = [seq, time, from, to, tokens];
  if (!numbers.every((value) => typeof value === 'number' && Number.isFinite(value))) return null;
  const [number, at, was, is, done] = numbers as number[];
  if (!(is! > 0 && is! <= 1)) return null;
  return { seq: number!, time: at!, setting, from: was!, to: is!, tokens: done! };
}

/** What is wrong with a state as read, or null. */
export function wrongSteering(value: unknown): string | null {
  const { flight, changes } = (value ?? {}) as Readonly<Record<string, unknown>>;
  const isShare = (share: unknown): boolean => typeof share === 'number' && share > 0 && share <= 1;
  const shares = Object.entries((flight ?? {}) as Record<string, unknown>);
  const isBudget = shares.every(([name, share]) => (name === 'run' || name === 'done') && isShare(share));
  if (flight === undefined) return 'steering.flight is missing';
  if (flight !== null && !(shares.length > 0 && isBudget)) return 'steering.flight is no budget';
  return Array.isArray(changes) ? null : 'steering.changes is no list';
}
