// A viewer of the live feed that reads slowly, or not at all: bounded memory, the whole afterwards, and its place freed.
import { Writable } from 'node:stream';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BEHIND_BYTES, FeedViewer, MOST_PASSED } from '../../../coordinator/server/feed-viewer.ts';

const NEWS = 'n'.repeat(100_000);
const WHOLE = 'w'.repeat(300_000);

/** A stream whose reader takes one write at a time, when told to. */
class SlowReader extends Writable {
  readonly taken: string[] = [];
  #next: (() => void) | null = null;

  override _write(chunk: Buffer, _: string, done: () => void): void {
    this.#next = () => {
      this.taken.push(String.fromCharCode(chunk[0]!));
      done();
    };
  }

  /** Answers whether there was something to take. */
  async take(): Promise<boolean> {
    const next = this.#next;
    this.#next = null;
    next?.();
    // Streams go on with the next write in a microtask or a tick.
    await new Promise((onward) => setImmediate(onward));
    return next !== null;
  }
}

describe('a viewer of the feed', () => {
  it('that never reads holds a bounded number of bytes, and is let go after so many turns', () => {
    const reader = new SlowReader();
    const viewer = new FeedViewer(reader, false);
    let turns = 0;
    while (viewer.tell(NEWS, () => WHOLE)) {
      turns++;
      expect(reader.writableLength).toBeLessThanOrEqual(BEHIND_BYTES + NEWS.length);
      expect(turns).toBeLessThan(1000);
    }
    expect(reader.destroyed).toBe(true);
    expect(turns).toBe(Math.floor(BEHIND_BYTES / NEWS.length) + 1 + MOST_PASSED);
  });

  it('that reads a little and never catches up is let go too', async () => {
    const reader = new SlowReader();
    const viewer = new FeedViewer(reader, false);
    let turns = 0;
    // It takes one write every fifth turn: less than it is sent.
    while (viewer.tell(NEWS, () => WHOLE) && turns < 1000) if (++turns % 5 === 0) await reader.take();
    expect(reader.destroyed).toBe(true);
  });

  it('that falls behind and catches up gets the whole, and news from then on', async () => {
    const reader = new SlowReader();
    const viewer = new FeedViewer(reader, false);
    while (viewer.isCurrent) viewer.tell(NEWS, () => WHOLE);
    while (await reader.take());
    reader.taken.length = 0;
    for (let turn = 0; turn < 3; turn++) {
      expect(viewer.tell(NEWS, () => WHOLE)).toBe(true);
      while (await reader.take());
    }
    expect(reader.taken).toEqual(['w', 'n', 'n']);
    expect(viewer.isCurrent).toBe(true);
  });

  it('never misses news without the whole after them, whenever it reads', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(3), { maxLength: 60 }), async (reads) => {
        const reader = new SlowReader();
        const viewer = new FeedViewer(reader, false);
        // What the viewer would know by everything written so far; a whole tells all.
        let known = 0;
        let told = 0;
        const write = reader.write.bind(reader);
        reader.write = ((text: string) => {
          known = text.startsWith('w') || known === told - 1 ? told : known;
          return write(text);
        }) as typeof reader.write;
        for (const count of reads) {
          told++;
          viewer.tell(NEWS, () => WHOLE);
          expect(known === told).toBe(viewer.isCurrent);
          for (let k = 0; k < count; k++) await reader.take();
        }
      }),
      { numRuns: 30 },
    );
  });
});
