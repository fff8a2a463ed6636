// The last events of a run on disk: events.jsonl, one a line, so that the log outlives the process.
import { closeSync, openSync, readFileSync, renameSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import type { RunEvent } from '../../protocol/status.ts';

/** Events that are kept; the file is written anew when it has twice as many. */
export const KEPT_EVENTS = 500;

export class EventFile {
  readonly #path: string;
  /** null before `begin`, and after a failure or `close`. */
  #file: number | null = null;
  #lines = 0;

  /** @param folder of the run; it may not exist yet */
  constructor(folder: string) {
    this.#path = join(folder, 'events.jsonl');
  }

  /**
   * Events of an earlier process of the run, oldest first. A line that is not whole, as a killed process leaves it, is
   * passed over; none where there is no file.
   * @throws Error where there is a file that cannot be read
   */
  read(): RunEvent[] {
    let text: string;
    try {
      text = readFileSync(this.#path, 'utf8');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
      throw error;
    }
    return text.split('\n').flatMap(eventOf).slice(-KEPT_EVENTS);
  }

  /** From now on events are kept, and these at once. @param events all of the log @throws Error of the file system */
  begin(events: readonly RunEvent[]): void {
    this.close();
    const lines = events.slice(-KEPT_EVENTS).map((event) => `${JSON.stringify(event)}\n`);
    // Beside it and renamed: half a file never takes the place of a whole one.
    writeFileSync(`${this.#path}.tmp`, lines.join(''));
    renameSync(`${this.#path}.tmp`, this.#path);
    this.#file = openSync(this.#path, 'a');
    this.#lines = lines.length;
  }

  /** It reaches the operating system before this returns. @param log all events, the new one among them @throws Error of the file system */
  add(event: RunEvent, log: readonly RunEvent[]): void {
    if (this.#file === null) return;
    if (this.#lines >= 2 * KEPT_EVENTS) {
      this.begin(log);
      return;
    }
    const bytes = Buffer.from(`${JSON.stringify(event)}\n`);
    // A disk that is nearly full takes a part.
    for (let at = 0; at < bytes.length;) at += writeSync(this.#file, bytes, at);
    this.#lines++;
  }

  close(): void {
    if (this.#file !== null) closeSync(this.#file);
    this.#file = null;
  }
}

/** None where the line is no event. */
function eventOf(line: string): RunEvent[] {
  let event: unknown;
  try {
    event = JSON.parse(line);
  } catch {
    // Half a line, or the empty one at the end.
    return [];
  }
  const { seq, time, level, category, who, text } = (event ?? {}) as Partial<Record<keyof RunEvent, unknown>>;
  const isEvent =
    Number.isSafeInteger(seq) &&
    typeof time === 'number' &&
    [level, category, who, text].every((field) => typeof field === 'string');
  return isEvent ? [event as RunEvent] : [];
}
