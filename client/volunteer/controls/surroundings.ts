// What the browser tells of the computer: battery, whether somebody uses it, the time. Asked only for what is wanted.
import type { Battery, Presence } from './policy.ts';

export interface BatteryLike extends EventTarget {
  readonly charging: boolean;
  readonly level: number;
}

export interface IdleDetectorLike extends EventTarget {
  readonly userState: 'active' | 'idle' | null;
  readonly screenState: 'locked' | 'unlocked' | null;
  start(options: { threshold: number; signal: AbortSignal }): Promise<void>;
}

export interface IdleDetection {
  new (): IdleDetectorLike;
  requestPermission(): Promise<'granted' | 'denied'>;
}

/** The browser, as far as it is asked; what it lacks is undefined. */
export interface BrowserFacts {
  readonly getBattery: (() => Promise<BatteryLike>) | undefined;
  readonly idleDetection: IdleDetection | undefined;
  now(): Date;
}

/** The shortest that browsers allow, in milliseconds. */
const IDLE_AFTER_MS = 60_000;

export type IdleOffer =
  /** The browser can tell; asking it needs a permission, which the volunteer is asked for when they want this. */
  { readonly kind: 'offered' } | { readonly kind: 'missing'; readonly why: string };

const NO_IDLE =
  'This browser cannot tell whether the computer is in use (Chrome and Edge can, on https pages), so this is not offered.';
const IDLE_DENIED =
  'The permission to know whether the computer is in use was not given. It can be given in the settings that the browser keeps for this page.';

export class Surroundings {
  readonly #facts: BrowserFacts;
  readonly #changed: () => void;
  #battery: Battery = { kind: 'unknown' };
  #presence: Presence = 'unknown';
  #idle: IdleOffer;
  #detecting: AbortController | null = null;

  constructor(facts: BrowserFacts, changed: () => void) {
    this.#facts = facts;
    this.#changed = changed;
    this.#idle = facts.idleDetection === undefined ? { kind: 'missing', why: NO_IDLE } : { kind: 'offered' };
    void this.#watchBattery();
  }

  get battery(): Battery {
    return this.#battery;
  }

  get presence(): Presence {
    return this.#presence;
  }

  get idle(): IdleOffer {
    return this.#idle;
  }

  get now(): Date {
    return this.#facts.now();
  }

  async #watchBattery(): Promise<void> {
    // Browsers without it leave the battery unknown; those that have it may still refuse (an embedding page's policy).
    const battery = await this.#facts.getBattery?.().catch(() => undefined);
    if (battery === undefined) return;
    const read = (): void => {
      this.#battery = { kind: 'known', charging: battery.charging, level: battery.level };
      this.#changed();
    };
    battery.addEventListener('chargingchange', read);
    battery.addEventListener('levelchange', read);
    read();
  }

  /**
   * Begins or ends to watch whether somebody uses the computer.
   * @param ask the volunteer just asked for it: a browser shows its question only then
   */
  async watchPresence(wanted: boolean, ask: boolean): Promise<void> {
    const detection = this.#facts.idleDetection;
    if (!wanted || detection === undefined) {
      this.#detecting?.abort();
      this.#detecting = null;
      this.#presence = 'unknown';
      return;
    }
    if (this.#detecting !== null) return;
    const detecting = new AbortController();
    this.#detecting = detecting;
    try {
      if (ask && (await detection.requestPermission()) !== 'granted') throw new Error('denied');
      const detector = new detection();
      const read = (): void => {
        if (detecting.signal.aborted) return;
        const away = detector.userState === 'idle' || detector.screenState === 'locked';
        this.#presence = away ? 'idle' : 'active';
        this.#changed();
      };
      detector.addEventListener('change', read);
      await detector.start({ threshold: IDLE_AFTER_MS, signal: detecting.signal });
      this.#idle = { kind: 'offered' };
      read();
    } catch {
      // Whatever the browser calls it, it is a refusal: without the permission there is nothing to tell.
      if (this.#detecting === detecting) this.#detecting = null;
      if (detecting.signal.aborted) return;
      this.#presence = 'unknown';
      this.#idle = { kind: 'missing', why: IDLE_DENIED };
      this.#changed();
    }
  }
}
