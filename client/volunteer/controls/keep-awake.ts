// Keeps the screen on while the tab trains, where the volunteer asked for it: a lock that goes whenever it is not needed.

export interface LockLike extends EventTarget {
  release(): Promise<void>;
}

export interface WakeLockLike {
  request(type: 'screen'): Promise<LockLike>;
}

export type Awake =
  | { readonly kind: 'off' }
  | { readonly kind: 'on' }
  /** Wanted and not to be had; `why` for the volunteer. */
  | { readonly kind: 'refused'; readonly why: string };

export class KeepAwake {
  readonly #wakeLock: WakeLockLike | undefined;
  readonly #changed: () => void;
  #wanted = false;
  #lock: LockLike | null = null;
  #asking = false;
  #refused: string | null = null;

  /** @param wakeLock of the browser; undefined where it has none */
  constructor(wakeLock: WakeLockLike | undefined, changed: () => void) {
    this.#wakeLock = wakeLock;
    this.#changed = changed;
  }

  /** Whether the browser can do it at all. */
  get offered(): boolean {
    return this.#wakeLock !== undefined;
  }

  get state(): Awake {
    if (this.#lock !== null) return { kind: 'on' };
    return this.#refused === null ? { kind: 'off' } : { kind: 'refused', why: this.#refused };
  }

  /** Wanted while the tab trains in view; called whenever that may have changed. */
  want(wanted: boolean): void {
    this.#wanted = wanted;
    if (!wanted) {
      this.#refused = null;
      void this.#lock?.release();
      this.#lock = null;
    } else if (this.#lock === null && !this.#asking && this.#refused === null) {
      void this.#ask();
    }
  }

  async #ask(): Promise<void> {
    if (this.#wakeLock === undefined) return;
    this.#asking = true;
    try {
      const lock = await this.#wakeLock.request('screen');
      lock.addEventListener('release', () => {
        // The browser takes it when the tab is hidden, and when the battery runs low.
        if (this.#lock !== lock) return;
        this.#lock = null;
        this.#changed();
      });
      if (this.#wanted) this.#lock = lock;
      else await lock.release();
    } catch (error) {
      this.#refused = `The browser did not allow it: ${error instanceof Error ? error.message : String(error)}`;
    } finally {
      this.#asking = false;
    }
    this.#changed();
  }
}
