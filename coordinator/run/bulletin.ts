// What a run tells the people who watch it: its state in a word and a sentence, its events, its points.
import type { HistoryPoint, RunEvent, RunEventLevel, RunState } from '../../protocol/status.ts';
import { EventLog } from './meters.ts';
import type { Training } from './training.ts';

/** What a run tells those who watch it. */
export interface RunWatcher {
  log?(event: RunEvent): void;
  point?(point: HistoryPoint): void;
  /** The state or its reason changed. */
  state?(state: RunState, reason: string): void;
  /** Volunteers may connect from now on. */
  vocabulary?(words: number, tokens: number): void;
}

export class Bulletin {
  readonly log = new EventLog(500);
  readonly #watchers = new Set<RunWatcher>();
  #state: RunState = 'counting';
  #reason = 'opening the corpus';

  get state(): RunState {
    return this.#state;
  }

  get reason(): string {
    return this.#reason;
  }

  watch(watcher: RunWatcher): () => void {
    this.#watchers.add(watcher);
    return () => this.#watchers.delete(watcher);
  }

  note(level: RunEventLevel, text: string): void {
    const event = this.log.add(Date.now(), level, text);
    for (const watcher of this.#watchers) watcher.log?.(event);
  }

  set(state: RunState, reason: string): void {
    if (state === this.#state && reason === this.#reason) return;
    if (state !== this.#state) this.note(state === 'failed' ? 'error' : 'info', `${state}: ${reason}`);
    this.#state = state;
    this.#reason = reason;
    for (const watcher of this.#watchers) watcher.state?.(state, reason);
  }

  point(point: HistoryPoint): void {
    for (const watcher of this.#watchers) watcher.point?.(point);
  }

  vocabulary(words: number, tokens: number): void {
    for (const watcher of this.#watchers) watcher.vocabulary?.(words, tokens);
  }
}

/** The state word and its reason, while training. */
export function judged({ desk, grid }: Training, paused: boolean): [RunState, string] {
  const { willing, volunteers } = desk;
  if (paused) return ['paused', 'by the operator'];
  if (grid.episodes.length === 0) return ['preparing', 'the pairs of the next episode are being made'];
  if (willing > 0) return ['training', `${willing} volunteer${willing === 1 ? '' : 's'}`];
  if (volunteers.length === 0)
    return ['starved', 'no volunteer is here: open the URL in a browser, or start with --local 1'];
  if (volunteers.some((one) => one.greeting === null)) return ['preparing', 'a volunteer is starting'];
  return ['starved', 'every volunteer is paused or leaving'];
}
