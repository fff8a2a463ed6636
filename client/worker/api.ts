// The compute worker's interface, as the volunteer page sees it through comlink.

import type { ConditionReason } from '../../protocol/to-coordinator.ts';

export type EngineChoice = 'auto' | 'webgpu' | 'cpu';

export interface StartOptions {
  /** WebSocket address of the coordinator, such as wss://host/volunteer. */
  readonly url: string;
  /** `auto` takes WebGPU where there is an adapter, else the CPU engine. */
  readonly engine: EngineChoice;
  /** A name to be shown to others; '' for none. */
  readonly name: string;
  /** What the tab runs in, such as "Firefox 153". */
  readonly browser: string;
  /** Percent of the time that the engine may be busy, 1 to 100. */
  readonly power: number;
  /** Why it is not to ask for work from the start; null: it is. */
  readonly hold: Hold | null;
  /** Bytes that this worker may transfer, both ways together; null: as many as it takes. */
  readonly dataLimit: number | null;
}

/** Why the tab asks for no work although it could. */
export interface Hold {
  readonly code: Extract<ConditionReason, 'user' | 'battery' | 'idle-only' | 'schedule' | 'data-cap'>;
  /** For people; without a full stop. */
  readonly reason: string;
}

export type WorkerState =
  | 'idle' // before start
  | 'connecting' // also between reconnects
  | 'waiting' // connected, no work at the moment: `reason` says why
  | 'training'
  | 'paused'
  | 'leaving' // finishes the piece at hand, then leaves
  | 'left'
  | 'done' // the run is complete
  | 'banned' // sent away by the operator: another start would end the same way
  | 'error'; // cannot go on: `reason` says why and what to do

export interface WorkerStatus {
  readonly state: WorkerState;
  /** One sentence for people. */
  readonly reason: string;
  readonly engine: 'webgpu' | 'cpu' | null;
  /** Name of the GPU or CPU engine; '' before it is known. */
  readonly device: string;
  /** Why the CPU engine is used although it was not asked for; null otherwise. */
  readonly fallback: string | null;
  /** Corpus words per second over the recent pieces. */
  readonly wordsPerSecond: number;
  /** Pieces of work (leases) that the coordinator applied, and corpus words in them. */
  readonly accepted: number;
  readonly acceptedWords: number;
  readonly rejected: number;
  /** Why the last one was refused, in the coordinator's words; '' while none was. */
  readonly refusal: string;
  /** Results that came after their lease had ended: not counted. */
  readonly late: number;
  /** Results sent and not yet answered. */
  readonly checking: number;
  /** Pairs of words of the piece in training; null between pieces. */
  readonly piece: { readonly done: number; readonly pairs: number } | null;
  readonly bytesUp: number;
  readonly bytesDown: number;
  /** Milliseconds until the next connection attempt; null when connected. */
  readonly reconnectInMs: number | null;
  /** What holds the work back; null when nothing does. */
  readonly heldBy: Hold['code'] | null;
  /** Duty cycle in percent: what the engine may be busy, and what it was in the last seconds; null without work. */
  readonly power: { readonly target: number; readonly measured: number | null };
  /** The run as a whole; null before the first word from the coordinator. */
  readonly run: {
    readonly tokensDone: number;
    readonly tokensTotal: number;
    readonly wordsPerSecond: number;
    readonly volunteers: number;
    readonly etaSeconds: number | null;
    readonly loss: number | null;
    /** Place among the volunteers here by words accepted, from 1, and how many are ranked; 0 before the first. */
    readonly rank: number;
    readonly ranked: number;
    /** Corpus words accepted from this tab since it connected, as the coordinator ranks it. */
    readonly ownWords: number;
    /** Corpus words accepted from all volunteers since the coordinator began. */
    readonly allWords: number;
  } | null;
}

/** Calls return when the request is noted; what follows shows in the status. */
export interface VolunteerWorker {
  /** `report` is called at most four times a second, and at once when the state changes. */
  start(options: StartOptions, report: (status: WorkerStatus) => void): Promise<void>;
  /** No further work is asked for until the hold is null again; a piece in training is finished. */
  hold(hold: Hold | null): Promise<void>;
  /** Percent of the time that the engine may be busy, 1 to 100; holds from the next few milliseconds on. */
  setPower(percent: number): Promise<void>;
  /** Bytes that this worker may transfer in all; null: as many as it takes. */
  setDataLimit(bytes: number | null): Promise<void>;
  /** Finishes the piece of work at hand, then leaves. */
  finish(): Promise<void>;
  /** Leaves at once: the lease is returned. */
  leave(): Promise<void>;
  setHidden(hidden: boolean): Promise<void>;
}
