// What the simulator's main thread and its compute threads tell each other.

/** A frame that the coordinator sent to a session; `null` when the session is over. */
export interface FrameFor {
  readonly session: number;
  readonly frame: Uint8Array<ArrayBuffer> | null;
}

/** The result of a lease, and the processor time that the engine alone took for it. */
export interface ComputedLease {
  readonly lease: number;
  readonly result: Uint8Array<ArrayBuffer>;
  readonly pairs: number;
  readonly engineMs: number;
}

/** `ready` once, when the thread is loaded and its engine made. */
export type FromComputeThread = 'ready' | ComputedLease;
