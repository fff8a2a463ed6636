// The log of events outlives its process: bounded, whole after a kill in mid-write, and never a reason to stop.
import { appendFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Bulletin } from '../../../coordinator/run/bulletin.ts';
import { KEPT_EVENTS } from '../../../coordinator/run/event-file.ts';

let folder: string;
let path: string;
const open: Bulletin[] = [];

function bulletin(resumed: boolean): Bulletin {
  const made = new Bulletin(folder, resumed);
  open.push(made);
  return made;
}

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tributary-events-'));
  path = join(folder, 'events.jsonl');
});

afterEach(() => {
  for (const one of open.splice(0)) one.close();
  rmSync(folder, { recursive: true });
});

describe('the log on disk', () => {
  it('goes on in the next process, with category and who, also what came before the folder was there', () => {
    const first = bulletin(false);
    first.note('info', 'before', { category: 'corpus' });
    first.keep();
    first.note('warning', 'ban by hand', { category: 'operator', who: 'operator' });
    // Nothing is closed: the process was killed, in the middle of a line.
    appendFileSync(path, '{"seq":3,"time":1,"level":"info","category":"run","who":"coordinator","text":"hal');
    const next = bulletin(true);
    expect(next.log.events).toEqual(first.log.events);
    next.keep();
    next.note('info', 'resumed');
    expect(bulletin(true).log.events).toMatchObject([
      { seq: 1, category: 'corpus', who: 'coordinator', text: 'before' },
      { seq: 2, level: 'warning', category: 'operator', who: 'operator', text: 'ban by hand' },
      { seq: 3, category: 'run', text: 'resumed' },
    ]);
  });

  it('is bounded, and its last lines are those of the log', () => {
    const run = bulletin(false);
    run.keep();
    for (let k = 1; k <= 5 * KEPT_EVENTS + 7; k++) {
      run.note('info', `event ${k}`);
      if (k % 100 === 0) expect(lines().length).toBeLessThanOrEqual(2 * KEPT_EVENTS);
    }
    const { events } = bulletin(true).log;
    expect(events).toHaveLength(KEPT_EVENTS);
    expect(events).toEqual(run.log.events);
  });

  it('of another run in the folder is not taken for its own', () => {
    const other = bulletin(false);
    other.note('info', 'other');
    other.keep();
    const run = bulletin(false);
    expect(run.log.events).toEqual([]);
    run.keep();
    expect(lines()).toEqual([]);
  });

  it('passes over lines that are no events', () => {
    appendFileSync(path, 'null\n7\n{"seq":"1"}\n\n');
    expect(bulletin(true).log.events).toEqual([]);
  });

  it('that cannot be read or written is told once, and nothing stops', () => {
    mkdirSync(path);
    const run = bulletin(true);
    expect(run.log.events).toMatchObject([{ level: 'warning', text: expect.stringContaining('cannot be read') }]);
    run.keep();
    run.note('info', 'on it goes');
    const texts = run.log.events.map(({ text }) => text);
    expect(texts.slice(1)).toEqual([expect.stringContaining('events.jsonl'), 'on it goes']);
  });
});

function lines(): string[] {
  return readFileSync(path, 'utf8').split('\n').slice(0, -1);
}
