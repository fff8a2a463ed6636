// Joins desk, gate, descent and model for the volunteers of one program: messages in, messages out, no socket and no clock.
import type { TensorPart } from '../../protocol/program-tensors.ts';
import type { FromProgramVolunteer, ProgramUpdate } from '../../protocol/program-to-coordinator.ts';
import type { ToProgramVolunteer } from '../../protocol/program-to-volunteer.ts';
import { TributaryError } from '../errors.ts';
import type { DescentRunner } from './descent-runner.ts';
import type { NamedTensors } from './named-tensors.ts';
import type { Denial, PartitionDesk, Task } from './partition-desk.ts';
import { checkUpdate } from './update-gate.ts';

export interface HubParts<Names extends string> {
  readonly model: NamedTensors<Names>;
  readonly desk: PartitionDesk;
  readonly descent: DescentRunner<Names>;
  /** Whole lines of a partition, at most PROGRAM_LIMITS.records bytes. */
  readonly records: (partition: number) => Promise<Uint8Array>;
  /** Settings for the gradient, as JSON. */
  readonly config: string;
  readonly updateBytes: number;
}

type Send = (message: ToProgramVolunteer) => void;

interface Peer {
  readonly send: Send;
  wants: boolean; // asked for a task and was given none yet
  told: Denial | null; // why it has none, as it was last told
  version: number; // of the dense tensors that it was sent; -1 for none
}

const REASONS: Readonly<Record<Denial, string>> = {
  finished: 'the run is over',
  busy: 'every partition is being worked on, or waits for the descent',
  'max-updates': 'as many copies of the model are out as maxUpdates allows',
  'none-for-you': 'what is left has failed here before and waits for other volunteers',
};

export class ProgramHub<Names extends string> {
  readonly #parts: HubParts<Names>;
  readonly #peers = new Map<string, Peer>();
  readonly #updates = new Map<number, readonly TensorPart[]>(); // by task, from its answer to its group
  readonly #failed: (error: unknown) => void;
  #descending: Promise<void> = Promise.resolve();
  /** Rejects with what ends the run: DESCENT_FAILED, or what reading the records threw. Never resolves. */
  readonly failure: Promise<never>;

  constructor(parts: HubParts<Names>) {
    this.#parts = parts;
    let fail: (error: unknown) => void = () => undefined;
    this.failure = new Promise<never>((_resolve, reject) => (fail = reject));
    this.#failed = fail;
  }

  /** A volunteer that was welcomed. */
  connect(volunteer: string, send: Send): void {
    this.#peers.set(volunteer, { send, wants: false, told: null, version: -1 });
    this.#parts.desk.join(volunteer);
  }

  /** A volunteer left or died. */
  disconnect(volunteer: string, now: number): void {
    this.#peers.delete(volunteer);
    this.#parts.desk.leave(volunteer);
    this.#pump(now);
  }

  /** Frees the tasks whose time is over; call it now and then. */
  tick(now: number): void {
    for (const { task, volunteer } of this.#parts.desk.expire(now))
      this.#refuse(volunteer, task, new TributaryError('TASK_OVER', `task ${task} was not answered in time`));
    this.#pump(now);
  }

  /** A message after the hello, of a volunteer that is connected. */
  receive(volunteer: string, message: Exclude<FromProgramVolunteer, { tag: 'hello' }>, now: number): void {
    const { desk } = this.#parts;
    const peer = this.#peers.get(volunteer);
    if (peer === undefined) return;
    switch (message.tag) {
      case 'ready':
        peer.wants = true;
        break;
      case 'rowsWanted':
        this.#whenStill(now, () =>
          this.#judge(volunteer, message.task, () => {
            if (!desk.holds(message.task, volunteer)) throw over(message.task);
            const tensors = message.tensors.map((request) => this.#parts.model.rows(request));
            peer.send({ tag: 'rows', task: message.task, version: this.#parts.model.version, tensors });
          }),
        );
        return;
      case 'update':
        this.#judge(volunteer, message.task, () => this.#take(volunteer, message));
        break;
      case 'failure':
        desk.fail(message.task, volunteer, `${message.file}:${message.line}: ${message.message}`);
        peer.send({ tag: 'outcome', task: message.task, code: '', reason: '' });
        break;
      case 'returned':
        desk.giveBack(message.task, volunteer);
        break;
      case 'bye':
        this.disconnect(volunteer, now);
        return;
    }
    this.#pump(now);
  }

  #take(volunteer: string, { task, tensors }: ProgramUpdate): void {
    checkUpdate(this.#parts.model, tensors, this.#parts.updateBytes);
    if (!this.#parts.desk.answer(task, volunteer)) throw over(task);
    this.#updates.set(task, tensors);
    this.#peers.get(volunteer)?.send({ tag: 'outcome', task, code: '', reason: '' });
  }

  /** What is wrong with a volunteer's message counts against its partition, is told to it, and ends nothing else. */
  #judge(volunteer: string, task: number, check: () => void): void {
    try {
      check();
    } catch (error) {
      if (!(error instanceof TributaryError)) throw error;
      this.#parts.desk.fail(task, volunteer, error.message);
      this.#refuse(volunteer, task, error);
    }
  }

  #refuse(volunteer: string, task: number, { code, message }: TributaryError): void {
    this.#peers.get(volunteer)?.send({ tag: 'outcome', task, code, reason: message });
  }

  /** Does something while no descent runs, so that nobody sees half a group; then looks for work again. */
  #whenStill(now: number, act: () => void): void {
    this.#descending.then(act).then(() => this.#pump(now), this.#failed);
  }

  #pump(now: number): void {
    this.#descend(now);
    for (const [volunteer, peer] of this.#peers) {
      if (!peer.wants) continue;
      const task = this.#parts.desk.grant(volunteer, now);
      if (typeof task !== 'string') {
        peer.wants = false;
        peer.told = null;
        this.#hand(peer, task, now);
      } else if (task !== peer.told) {
        peer.told = task;
        peer.send({ tag: task === 'finished' ? 'finished' : 'idle', reason: REASONS[task] });
      }
    }
  }

  #descend(now: number): void {
    const { desk, descent } = this.#parts;
    const group = desk.takeGroup();
    if (group.length === 0) return;
    const updates = group.map(({ task }) => this.#updates.get(task)!);
    for (const { task } of group) this.#updates.delete(task);
    this.#descending = descent.apply(updates);
    this.#whenStill(now, () => desk.applied(group));
  }

  #hand(peer: Peer, { task, partition, volunteer }: Task, now: number): void {
    const { model, config, records, desk } = this.#parts;
    records(partition).then(
      (bytes) =>
        this.#whenStill(now, () => {
          if (!desk.holds(task, volunteer)) return;
          const { version } = model;
          const tensors: TensorPart[] = version === peer.version ? [] : model.denseParts();
          peer.version = version;
          peer.send({ tag: 'task', task, partition, version, config, tensors, records: bytes });
        }),
      this.#failed,
    );
  }
}

function over(task: number): TributaryError {
  return new TributaryError('TASK_OVER', `task ${task} is no longer this volunteer's`);
}
