// The volunteer's controls at work: settings and conditions decide, the session is told, and what is to be kept is kept.
import type { WorkerStatus } from '../../worker/api.ts';
import type { VolunteerSession } from '../session.ts';
import { addTraffic, type DayTraffic, dayOf } from './day-traffic.ts';
import { KeepAwake, type Awake, type WakeLockLike } from './keep-awake.ts';
import type { Battery, Presence, Used } from './policy.ts';
import { holdOf, remaining } from './policy.ts';
import { DEFAULTS, POWERS, type Settings } from './settings.ts';
import type { SettingsStore } from './settings-store.ts';
import { type BrowserFacts, type IdleOffer, Surroundings } from './surroundings.ts';

/** States in which the tab keeps the screen on, if it was asked to. */
const AWAKE: ReadonlySet<WorkerStatus['state']> = new Set(['connecting', 'waiting', 'training', 'leaving']);

/** All that the controls show. */
export interface ControlsView {
  readonly settings: Settings;
  readonly battery: Battery;
  readonly presence: Presence;
  readonly idle: IdleOffer;
  readonly awakeOffered: boolean;
  readonly awake: Awake;
  readonly used: Used;
  readonly remembered: boolean;
  /** What is to be said of remembering: stored content that was no good, or a browser that stores nothing. */
  readonly notice: string | null;
}

export interface ControllerEdges {
  readonly browser: BrowserFacts;
  readonly wakeLock: WakeLockLike | undefined;
  readonly store: SettingsStore;
  readonly session: Pick<VolunteerSession, 'status' | 'hold' | 'setPower' | 'setDataLimit'>;
  /** Bytes that the page itself fetched beside the worker's, since it was opened. */
  pageBytes(): number;
  /** Settings that the page's address makes, which come before all others and are not remembered. */
  readonly forced: Partial<Settings>;
  /** Something to show changed. */
  changed(): void;
}

export class VolunteerControls {
  readonly #edges: ControllerEdges;
  readonly #surroundings: Surroundings;
  readonly #awake: KeepAwake;
  #settings: Settings;
  #remembered = false;
  #notice: string | null = null;
  #pausedByUser = false;
  #hidden = false;
  /** What this page transferred, and of that what is in `#traffic` already. */
  #session = 0;
  #counted = 0;
  #traffic: DayTraffic | null = null;

  constructor(edges: ControllerEdges) {
    this.#edges = edges;
    const stored = edges.store.read();
    this.#settings = { ...DEFAULTS, ...edges.forced };
    if (stored.kind === 'settings') {
      this.#settings = { ...stored.settings, ...edges.forced };
      this.#traffic = stored.traffic;
      this.#remembered = true;
    } else if (stored.kind === 'unusable') {
      this.#notice = stored.why;
    }
    this.#surroundings = new Surroundings(edges.browser, () => this.look());
    this.#awake = new KeepAwake(edges.wakeLock, () => this.#edges.changed());
    void this.#surroundings.watchPresence(this.#settings.idleOnly, false);
    this.look();
  }

  get view(): ControlsView {
    const { battery, presence, idle } = this.#surroundings;
    return {
      settings: this.#settings,
      battery,
      presence,
      idle,
      awakeOffered: this.#awake.offered,
      awake: this.#awake.state,
      used: this.#used(),
      remembered: this.#remembered,
      notice: this.#notice,
    };
  }

  pause(): void {
    this.#pausedByUser = true;
    this.look();
  }

  resume(): void {
    this.#pausedByUser = false;
    this.look();
  }

  change(patch: Partial<Settings>): void {
    this.#settings = { ...this.#settings, ...patch };
    if (patch.idleOnly !== undefined) void this.#surroundings.watchPresence(patch.idleOnly, patch.idleOnly);
    if (this.#remembered) this.#write();
    this.look();
  }

  /** Remembers the settings from now on, or forgets all that was stored. */
  remember(wanted: boolean): void {
    this.#notice = null;
    if (wanted) {
      this.#remembered = true;
      this.#write();
    } else {
      this.#remembered = false;
      this.#edges.store.forget();
    }
    this.#edges.changed();
  }

  setHidden(hidden: boolean): void {
    this.#hidden = hidden;
    this.look();
  }

  /** Looks anew at everything: after each change, each report of the worker, and now and then for the time of day. */
  look(): void {
    const { session } = this.#edges;
    const { status } = session;
    const work = status.bytesUp + status.bytesDown;
    this.#count(work + this.#edges.pageBytes());
    const now = this.#surroundings.now;
    const used = this.#used();
    const { dataCap, keepAwake, power } = this.#settings;
    session.setPower(POWERS[power]);
    session.setDataLimit(dataCap === null ? null : Math.max(0, work + remaining(dataCap, used)));
    const { battery, presence } = this.#surroundings;
    const minute = now.getHours() * 60 + now.getMinutes();
    const hold = holdOf(this.#settings, { pausedByUser: this.#pausedByUser, battery, presence, minute, used });
    session.hold(hold);
    this.#awake.want(keepAwake && !this.#hidden && hold === null && AWAKE.has(session.status.state));
    this.#edges.changed();
  }

  /** Whether the data cap leaves room for `bytes` more of the page's own; none once it stopped the work. */
  affords(bytes: number): boolean {
    const { dataCap } = this.#settings;
    if (this.#edges.session.status.heldBy === 'data-cap') return false;
    return dataCap === null || remaining(dataCap, this.#used()) > bytes;
  }

  #used(): Used {
    const today = dayOf(this.#surroundings.now);
    return { today: this.#traffic?.day === today ? this.#traffic.bytes : 0, session: this.#session };
  }

  /** @param total bytes that this page transferred since it was opened */
  #count(total: number): void {
    this.#session = total;
    const more = total - this.#counted;
    if (more === 0) return;
    this.#counted = total;
    const day = dayOf(this.#surroundings.now);
    // Other tabs add to the same stored count: it is the sum of all.
    const stored = this.#remembered ? this.#edges.store.addTraffic(day, more) : null;
    this.#traffic = stored ?? addTraffic(this.#traffic, day, more);
  }

  #write(): void {
    this.#notice = this.#edges.store.write(this.#settings, this.#traffic);
    if (this.#notice !== null) this.#remembered = false;
  }
}
