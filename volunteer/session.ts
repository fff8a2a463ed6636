// One connection to the coordinator, seen from the volunteer: handshake, leases, results. No clock, no socket.
import { ProtocolError } from '../protocol/bytes.ts';
import { LIMITS, PROTOCOL_VERSION } from '../protocol/limits.ts';
import { ROW_FORMATS } from '../protocol/rows.ts';
import type { ConditionReason, ToCoordinator } from '../protocol/to-coordinator.ts';
import { encodeToCoordinator } from '../protocol/to-coordinator.ts';
import type { Lease, Outcome, Progress, Welcome } from '../protocol/to-volunteer.ts';
import { decodeToVolunteer } from '../protocol/to-volunteer.ts';
import type { Engine } from '../word2vec/engine.ts';
import type { LeaseTrainer, QueuedLease } from './lease-work.ts';
import { LeaseRefused, LeaseWorker } from './lease-work.ts';

export interface SessionEdges {
  /** Sends one frame. */
  send(frame: Uint8Array<ArrayBuffer>): void;
  /** Milliseconds on a steady clock. */
  now(): number;
  /** The engine; asked again after it failed, so that a lost device can be replaced. */
  engine(): Promise<Engine>;
  /** The engine failed in mid-lease; the next call of `engine` must answer a fresh one, or throw. */
  engineFailed(error: unknown): void;
  /** Whether one more lease may be fetched beside `held` ones, held or asked for; without it every one may. */
  affords?(held: number): boolean;
}

/** What the session tells its owner; `failed` means that this volunteer cannot go on. */
export type SessionEvent =
  | { readonly kind: 'welcome'; readonly welcome: Welcome }
  | { readonly kind: 'training'; readonly lease: Lease }
  /** `bytes`: of the lease's result. */
  | { readonly kind: 'trained'; readonly lease: Lease; readonly ms: number; readonly bytes: number }
  | { readonly kind: 'idle'; readonly reason: string }
  /** The owner affords no further lease, and none is held. */
  | { readonly kind: 'spent' }
  | { readonly kind: 'outcome'; readonly outcome: Outcome; readonly words: number }
  | { readonly kind: 'progress'; readonly progress: Progress }
  | { readonly kind: 'left' }
  | { readonly kind: 'finished'; readonly reason: string }
  | { readonly kind: 'failed'; readonly error: Error };

export interface VolunteerFacts {
  readonly engine: 'cpu' | 'webgpu';
  readonly device: string;
  readonly cacheMiB: number;
  /** A name that the volunteer chose to show; '' for none. */
  readonly name: string;
  /** What the tab runs in, such as "Firefox 153"; '' where it is no browser. */
  readonly browser: string;
}

export class VolunteerSession {
  readonly #edges: SessionEdges;
  readonly #report: (event: SessionEvent) => void;
  readonly #trainer: (welcome: Welcome) => LeaseTrainer;
  #welcome: Welcome | null = null;
  #worker: LeaseTrainer | null = null;
  /** Leases prepared and not yet trained, in the order granted. */
  #queue: QueuedLease[] = [];
  /** The lease in training; a cancelled one stays here until its engine answers. */
  #training: QueuedLease | null = null;
  /** Raised by every cancel: results of an older generation are dropped. */
  #generation = 0;
  #paused = false;
  #leaving = false;
  #hidden = false;
  #reason: ConditionReason = 'none';
  #duty = 100;
  #closed = false;
  #settled: Promise<void> = Promise.resolve();
  /** Leases asked for and not yet received. */
  #asked = 0;
  /** Corpus words of results sent and not yet answered. */
  readonly #sent = new Map<number, number>();

  /** @param trainer makes what takes and trains the leases */
  constructor(
    edges: SessionEdges,
    report: (event: SessionEvent) => void,
    trainer: (welcome: Welcome) => LeaseTrainer = (welcome) => new LeaseWorker(welcome),
  ) {
    this.#edges = edges;
    this.#report = report;
    this.#trainer = trainer;
  }

  /** Resolves, never rejects, once no lease of this session is in the engine; also after it was closed. */
  get settled(): Promise<void> {
    return this.#settled;
  }

  /** The socket is open. */
  open(facts: VolunteerFacts): void {
    this.#send({ tag: 'hello', version: PROTOCOL_VERSION, reads: ROW_FORMATS, writes: ROW_FORMATS, ...facts });
  }

  /** One frame arrived. A frame that breaks the protocol ends the session with `failed`. */
  receive(frame: Uint8Array): void {
    if (this.#closed) return;
    try {
      this.#handle(frame);
    } catch (error) {
      if (error instanceof ProtocolError) this.#fail(error);
      else throw error;
    }
  }

  setPaused(paused: boolean): void {
    if (this.#paused === paused) return;
    this.#paused = paused;
    this.#condition();
    if (paused) {
      // The coordinator forgets what a paused volunteer asked for.
      this.#asked = 0;
      this.#returnQueued('paused');
    } else {
      this.#ask();
    }
  }

  /** @param reason why it is paused, or trains less than it could @param duty percent of the time that it trains */
  setEffort(reason: ConditionReason, duty: number): void {
    if (this.#reason === reason && this.#duty === duty) return;
    this.#reason = reason;
    this.#duty = duty;
    this.#condition();
  }

  setHidden(hidden: boolean): void {
    if (this.#hidden === hidden) return;
    this.#hidden = hidden;
    this.#condition();
  }

  /** Finishes the lease in training, returns the others, then says goodbye. */
  finish(): void {
    this.#leaving = true;
    this.#condition();
    this.#returnQueued('leaving');
    if (this.#training === null) this.#bye();
  }

  /** Gives everything back at once. */
  leave(): void {
    this.#generation++;
    this.#queue = [];
    this.#bye();
  }

  /** The socket closed: nothing is sent or reported any more. */
  close(): void {
    this.#closed = true;
    this.#generation++;
    this.#queue = [];
  }

  #handle(frame: Uint8Array): void {
    const shape = { format: this.#welcome?.rowsDown ?? 'f32', dim: this.#welcome?.dim ?? 0 };
    const message = decodeToVolunteer(frame, shape);
    switch (message.tag) {
      case 'welcome':
        this.#welcome = message;
        this.#worker = this.#trainer(message);
        this.#report({ kind: 'welcome', welcome: message });
        this.#condition();
        this.#ask();
        return;
      case 'lease':
        this.#accept(message);
        return;
      case 'outcome':
        this.#report({ kind: 'outcome', outcome: message, words: this.#sent.get(message.lease) ?? 0 });
        this.#sent.delete(message.lease);
        return;
      case 'cancel':
        this.#generation++;
        this.#queue = [];
        this.#asked = 0;
        this.#worker?.reset();
        this.#report({ kind: 'idle', reason: message.reason });
        if (this.#training === null) this.#ask();
        return;
      case 'idle':
        if (this.#training === null) this.#report({ kind: 'idle', reason: message.reason });
        return;
      case 'progress':
        this.#report({ kind: 'progress', progress: message });
        return;
      case 'finished':
        this.#report({ kind: 'finished', reason: message.reason });
        this.close();
        return;
    }
  }

  #accept(lease: Lease): void {
    if (this.#worker === null) throw new ProtocolError('OUT_OF_ORDER', 'a lease before the welcome');
    this.#asked = Math.max(0, this.#asked - 1);
    try {
      const prepared = this.#worker.prepare(
        lease,
        this.#training === null ? this.#queue : [this.#training, ...this.#queue],
      );
      if (this.#paused || this.#leaving) {
        this.#send({ tag: 'returned', lease: lease.lease, reason: this.#paused ? 'paused' : 'leaving' });
        return;
      }
      this.#queue.push(prepared);
    } catch (error) {
      if (!(error instanceof LeaseRefused)) throw error;
      this.#send({ tag: 'returned', lease: lease.lease, reason: `${error.code}: ${error.message}` });
      this.#fail(error);
      return;
    }
    if (this.#training === null) this.#settled = this.#trainQueue();
  }

  /** Trains queued leases until none is left. Never rejects: failures are reported. */
  async #trainQueue(): Promise<void> {
    for (let prepared = this.#queue.shift(); prepared !== undefined; prepared = this.#queue.shift()) {
      this.#training = prepared;
      const generation = this.#generation;
      const { lease } = prepared;
      this.#report({ kind: 'training', lease });
      // Fetched while this one trains.
      this.#ask();
      const begun = this.#edges.now();
      try {
        const engine = await this.#edges.engine();
        const isCurrent = (): boolean => generation === this.#generation;
        // A cancel that came meanwhile has taken its rows away.
        const result = !isCurrent() ? null : await this.#worker!.train(prepared, engine, this.#edges.now, isCurrent);
        if (result !== null) {
          this.#sent.set(lease.lease, lease.words);
          this.#edges.send(result);
          this.#report({ kind: 'trained', lease, ms: this.#edges.now() - begun, bytes: result.length });
        }
      } catch (error) {
        this.#edges.engineFailed(error);
        if (generation === this.#generation) {
          // Later leases may build on this one's rows, so all go back.
          this.#send({
            tag: 'returned',
            lease: lease.lease,
            reason: error instanceof Error ? error.message : String(error),
          });
          this.#returnQueued('an earlier lease failed');
        }
      }
      if (this.#closed) return;
    }
    this.#training = null;
    if (this.#leaving) this.#bye();
    else if (!this.#paused) this.#ask();
  }

  #ask(): void {
    if (this.#paused || this.#leaving || this.#closed || this.#welcome === null) return;
    const held = this.#queue.length + (this.#training === null ? 0 : 1);
    for (let room = LIMITS.pipeline - held - this.#asked; room > 0; room--) {
      if (this.#edges.affords?.(held + this.#asked) === false) break;
      this.#asked++;
      this.#send({ tag: 'ready' });
    }
    if (held + this.#asked === 0) this.#report({ kind: 'spent' });
  }

  #returnQueued(reason: string): void {
    for (const { lease } of this.#queue) this.#send({ tag: 'returned', lease: lease.lease, reason });
    this.#queue = [];
  }

  #condition(): void {
    if (this.#welcome === null) return;
    const flags = { paused: this.#paused, hidden: this.#hidden, leaving: this.#leaving };
    // Whoever paused without a reason of the page's own pressed the button.
    const reason = this.#paused && this.#reason === 'none' ? 'user' : this.#reason;
    this.#send({ tag: 'condition', ...flags, reason, duty: this.#duty });
  }

  #bye(): void {
    if (this.#closed) return;
    this.#send({ tag: 'bye' });
    this.close();
    this.#report({ kind: 'left' });
  }

  #fail(error: Error): void {
    if (this.#closed) return;
    this.close();
    this.#report({ kind: 'failed', error });
  }

  #send(message: Exclude<ToCoordinator, { tag: 'result' }>): void {
    if (!this.#closed) this.#edges.send(encodeToCoordinator(message));
  }
}
