// Which volunteer runs the gradient on which partition, and when updates are applied: a state machine without clock or socket.
import { TributaryError } from '../errors.ts';

export interface DeskSettings {
  /** Partitions of the corpus. */
  readonly partitions: number;
  readonly epochs: number;
  /**
   * Updates are applied in groups of at least so many; fewer only where nothing else can come. DeepDist's
   * `min_updates`, whose gate never engaged there. 1: each by itself.
   */
  readonly minUpdates: number;
  /**
   * Copies of the model that may be out and not yet applied, all versions together: that many updates at most meet a
   * model that they have not seen. DeepDist's `max_updates`.
   */
  readonly maxUpdates: number;
  /** How long a volunteer may take over a task, ms. */
  readonly leaseMs: number;
}

/** Failures that park a partition: on three volunteers, or on fewer where no other is here. */
export const FAILURES_TO_PARK = 3;
/** Losses (a volunteer that died or gave its task back) after which a partition is parked in one epoch. */
export const LOSSES_TO_PARK = 12;

export interface Task {
  /** Never used twice. */
  readonly task: number;
  readonly partition: number;
  /** From 0. */
  readonly epoch: number;
  readonly volunteer: string;
  /** ms on the caller's clock. */
  readonly deadline: number;
}

export type Denial = 'finished' | 'busy' | 'max-updates' | 'none-for-you';

export interface Failure {
  readonly volunteer: string;
  /** With file and line of the operator's code where they are known. */
  readonly message: string;
}

interface Partition {
  state: 'waiting' | 'out' | 'answered' | 'done' | 'parked';
  readonly failures: Failure[]; // over the whole run
  losses: number; // in this epoch
}

export class PartitionDesk {
  readonly #settings: DeskSettings;
  readonly #partitions: Partition[];
  readonly #present = new Set<string>();
  readonly #out = new Map<number, Task>();
  #answered: Task[] = []; // in the order of their answers
  #applying = 0; // tasks of groups that were taken and are not applied yet
  #epoch = 0;
  #nextTask = 1;

  /** @throws TributaryError SETTING_INVALID */
  constructor(settings: DeskSettings) {
    const { partitions, epochs, minUpdates, maxUpdates, leaseMs } = settings;
    for (const [name, value] of Object.entries({ partitions, epochs, minUpdates, maxUpdates, leaseMs }))
      if (!Number.isInteger(value) || value < 1)
        throw new TributaryError('SETTING_INVALID', `${name} is ${value}: a whole number, 1 or more, belongs there`);
    if (maxUpdates < minUpdates)
      throw new TributaryError(
        'SETTING_INVALID',
        `maxUpdates is ${maxUpdates}, minUpdates ${minUpdates}: a group could never be full`,
        { hint: 'Give a maxUpdates that is at least minUpdates.' },
      );
    this.#settings = settings;
    this.#partitions = Array.from({ length: partitions }, () => ({ state: 'waiting', failures: [], losses: 0 }));
  }

  join(volunteer: string): void {
    this.#present.add(volunteer);
  }

  /** A task for a volunteer that has joined, or why there is none. */
  grant(volunteer: string, now: number): Task | Denial {
    if (this.finished) return 'finished';
    const waiting = this.#partitions.flatMap(({ state }, index) => (state === 'waiting' ? [index] : []));
    if (waiting.length === 0) return 'busy';
    if (this.#unapplied >= this.#settings.maxUpdates) return 'max-updates';
    const partition =
      waiting.find((index) => !this.#failedOn(index, volunteer)) ?? waiting.find((index) => this.#failedOnAll(index));
    if (partition === undefined) return 'none-for-you';
    const deadline = now + this.#settings.leaseMs;
    const task = { task: this.#nextTask++, partition, epoch: this.#epoch, volunteer, deadline };
    this.#partitions[partition]!.state = 'out';
    this.#out.set(task.task, task);
    return task;
  }

  /** An update that passed the gate. False for one that comes late or twice: it must not be applied. */
  answer(task: number, volunteer: string): boolean {
    const known = this.#take(task, volunteer);
    if (known === null) return false;
    this.#partitions[known.partition]!.state = 'answered';
    this.#answered.push(known);
    return true;
  }

  /** Whether a task is out with this volunteer. */
  holds(task: number, volunteer: string): boolean {
    return this.#out.get(task)?.volunteer === volunteer;
  }

  /** The operator's code failed, or its update was refused. Null when the task was not out. */
  fail(task: number, volunteer: string, message: string): 'again' | 'parked' | null {
    const known = this.#take(task, volunteer);
    return known === null ? null : this.#failed(known, message);
  }

  /** A task given back unfinished, which is nobody's fault. Null when it was not out. */
  giveBack(task: number, volunteer: string): 'again' | 'parked' | null {
    const known = this.#take(task, volunteer);
    return known === null ? null : this.#lost(known);
  }

  /** A volunteer left or died: what it held is free. */
  leave(volunteer: string): void {
    this.#present.delete(volunteer);
    for (const task of this.#out.values()) if (task.volunteer === volunteer) this.giveBack(task.task, volunteer);
  }

  /** Tasks whose time is over; each counts as a failure, for a gradient may never return. */
  expire(now: number): readonly Task[] {
    const late = [...this.#out.values()].filter(({ deadline }) => deadline <= now);
    for (const task of late) {
      this.#out.delete(task.task);
      this.#failed(task, `no answer within ${this.#settings.leaseMs} ms`);
    }
    return late;
  }

  /**
   * The group of answers to apply now, in the order they came; empty while more are awaited. The caller tells `applied`
   * once the descent has seen all of it, and asks for no other group before.
   */
  takeGroup(): readonly Task[] {
    const more = this.#partitions.some(({ state }) => state === 'waiting' || state === 'out');
    if (this.#applying > 0 || (more && this.#answered.length < this.#settings.minUpdates)) return [];
    const group = this.#answered;
    this.#answered = [];
    this.#applying = group.length;
    return group;
  }

  /** Told after the descent of a group; opens the next epoch when this one is over. */
  applied(group: readonly Task[]): void {
    this.#applying -= group.length;
    for (const { partition } of group) this.#partitions[partition]!.state = 'done';
    this.#openEpoch();
  }

  get finished(): boolean {
    return this.#epoch >= this.#settings.epochs;
  }

  /** Epochs that are over. */
  get epoch(): number {
    return this.#epoch;
  }

  /** Partitions that the run does without, each with why. */
  get parked(): readonly { readonly partition: number; readonly failures: readonly Failure[] }[] {
    return this.#partitions.flatMap(({ state, failures }, partition) =>
      state === 'parked' ? [{ partition, failures: [...failures] }] : [],
    );
  }

  /** Partitions by state in this epoch. */
  get counts(): Readonly<Record<Partition['state'], number>> {
    const counts = { waiting: 0, out: 0, answered: 0, done: 0, parked: 0 };
    for (const { state } of this.#partitions) counts[state] += 1;
    return counts;
  }

  get #unapplied(): number {
    return this.#out.size + this.#answered.length + this.#applying;
  }

  #take(task: number, volunteer: string): Task | null {
    const known = this.#out.get(task);
    if (known === undefined || known.volunteer !== volunteer) return null;
    this.#out.delete(task);
    return known;
  }

  #failedOn(partition: number, volunteer: string): boolean {
    return this.#partitions[partition]!.failures.some((failure) => failure.volunteer === volunteer);
  }

  #failedOnAll(partition: number): boolean {
    return [...this.#present].every((volunteer) => this.#failedOn(partition, volunteer));
  }

  #failed({ partition, volunteer }: Task, message: string): 'again' | 'parked' {
    const entry = this.#partitions[partition]!;
    entry.failures.push({ volunteer, message });
    return this.#settle(entry, entry.failures.length >= FAILURES_TO_PARK);
  }

  #lost({ partition, volunteer }: Task): 'again' | 'parked' {
    const entry = this.#partitions[partition]!;
    entry.losses += 1;
    const parks = entry.losses >= LOSSES_TO_PARK;
    if (parks) entry.failures.push({ volunteer, message: `lost ${entry.losses} times in one epoch` });
    return this.#settle(entry, parks);
  }

  #settle(entry: Partition, parks: boolean): 'again' | 'parked' {
    entry.state = parks ? 'parked' : 'waiting';
    if (parks) this.#openEpoch();
    return parks ? 'parked' : 'again';
  }

  /** Parked partitions stay parked; the others wait again. */
  #openEpoch(): void {
    if (this.#partitions.some(({ state }) => state !== 'done' && state !== 'parked')) return;
    this.#epoch = this.#partitions.some(({ state }) => state === 'done') ? this.#epoch + 1 : this.#settings.epochs;
    if (this.finished) return;
    for (const entry of this.#partitions) {
      if (entry.state === 'parked') continue;
      entry.state = 'waiting';
      entry.losses = 0;
    }
  }
}
