// What a run tells the people who watch it: its state in a word and a sentence, its events, its points.
import { randomUUID } from 'node:crypto';
import type { HistoryPoint, RunEvent, RunEventLevel, RunState } from '../../protocol/status.ts';
import type { CorpusOptions } from '../corpus/source.ts';
import { ReadingBoard } from '../corpus/reading/reading-board.ts';
import { WaitBoard } from '../corpus/webhdfs/waits.ts';
import { EventFile, KEPT_EVENTS } from './event-file.ts';
import { EventLog, type EventSource } from './meters.ts';
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
  readonly log: EventLog;
  /** null once it cannot be written. */
  #file: EventFile | null;
  readonly #channel = `tributary-waits-${randomUUID()}`;
  readonly #board = new WaitBoard(this.#channel, (reason) => this.#wait(reason));
  /** What readers of the corpus do. */
  readonly reading = new ReadingBoard(this.#channel, () => performance.now());
  #waiting: string | null = null;
  readonly #watchers = new Set<RunWatcher>();
  #state: RunState = 'counting';
  #reason = 'opening the corpus';

  /** @param folder of the run @param resumed whether the log goes on behind that of an earlier process */
  constructor(folder: string, resumed: boolean) {
    this.#file = new EventFile(folder);
    let earlier: readonly RunEvent[] = [];
    let unread: unknown = null;
    try {
      if (resumed) earlier = this.#file.read();
    } catch (error) {
      unread = error;
    }
    this.log = new EventLog(KEPT_EVENTS, earlier);
    if (unread !== null) this.note('warning', `the log of the process before cannot be read: ${textOf(unread)}`);
  }

  /** From now on events outlive the process, those before too: the folder is there. */
  keep(): void {
    this.#keep((file) => file.begin(this.log.events));
  }

  /** Training goes on without a log on disk; it is told once, as nothing is written any more then. */
  #keep(act: (file: EventFile) => void): void {
    const file = this.#file;
    if (file === null) return;
    try {
      act(file);
    } catch (error) {
      this.#file = null;
      file.close();
      this.note('warning', `the log is not kept in events.jsonl any more: ${textOf(error)}`);
    }
  }

  get state(): RunState {
    return this.#state;
  }

  get reason(): string {
    return this.#waiting === null ? this.#reason : `${this.#reason}; waiting for HDFS: ${this.#waiting}`;
  }

  /** What reading the corpus waits for; null while it goes on. */
  get waiting(): string | null {
    return this.#waiting;
  }

  /** All that reads wait for, newest first. */
  get waits(): readonly string[] {
    return this.#board.reasons;
  }

  watch(watcher: RunWatcher): () => void {
    this.#watchers.add(watcher);
    return () => this.#watchers.delete(watcher);
  }

  note(level: RunEventLevel, text: string, { category = 'run', who = 'coordinator' }: Partial<EventSource> = {}): void {
    const event = this.log.add(Date.now(), level, text, { category, who });
    for (const watcher of this.#watchers) watcher.log?.(event);
    this.#keep((file) => file.add(event, this.log.events));
  }

  set(state: RunState, reason: string): void {
    if (state === this.#state && reason === this.#reason) return;
    if (state !== this.#state) this.note(state === 'failed' ? 'error' : 'info', `${state}: ${reason}`);
    this.#state = state;
    this.#reason = reason;
    this.#tellState();
  }

  #wait(reason: string | null): void {
    // Once for each stretch of waiting: the reason grows with every attempt.
    if (this.#waiting === null && reason !== null)
      this.note('warning', `waiting for HDFS: ${reason}`, { category: 'corpus' });
    if (this.#waiting !== null && reason === null) this.note('info', 'HDFS serves again', { category: 'corpus' });
    this.#waiting = reason;
    this.#tellState();
  }

  #tellState(): void {
    for (const watcher of this.#watchers) watcher.state?.(this.#state, this.reason);
  }

  point(point: HistoryPoint): void {
    for (const watcher of this.#watchers) watcher.point?.(point);
  }

  vocabulary(words: number, tokens: number): void {
    for (const watcher of this.#watchers) watcher.vocabulary?.(words, tokens);
  }

  /** The options with which readers of the corpus, on any thread, tell what they wait for. */
  announced(options: CorpusOptions): CorpusOptions {
    return { ...options, hdfsWaits: this.#channel };
  }

  close(): void {
    this.#board.close();
    this.reading.close();
    this.#file?.close();
  }
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** The state word and its reason, while training. `waiting`: the corpus cannot be read at the moment. */
export function judged({ desk, grid }: Training, paused: boolean, waiting: boolean): [RunState, string] {
  const { willing, volunteers } = desk;
  if (paused) return ['paused', 'by the operator'];
  if (grid.episodes.length === 0 && waiting) return ['starved', 'no text to train on'];
  if (grid.episodes.length === 0) return ['preparing', 'the pairs of the next episode are being made'];
  if (willing > 0) return ['training', `${willing} volunteer${willing === 1 ? '' : 's'}`];
  if (volunteers.length === 0)
    return ['starved', 'no volunteer is here: open the URL in a browser, or start with --local 1'];
  if (volunteers.some((one) => one.greeting === null)) return ['preparing', 'a volunteer is starting'];
  const held = volunteers.some((one) => one.standing !== 'free');
  return ['starved', `every volunteer is paused${held ? ', quarantined' : ''} or leaving`];
}
