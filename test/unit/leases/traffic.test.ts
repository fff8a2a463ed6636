// Bytes by kind against the frames themselves.
import { describe, expect, it } from 'vitest';
import { Traffic } from '../../../coordinator/leases/traffic.ts';
import { ROW_FORMATS } from '../../../protocol/rows.ts';
import { decodeToCoordinator } from '../../../protocol/to-coordinator.ts';
import { decodeToVolunteer } from '../../../protocol/to-volunteer.ts';
import { play, SmallRun, Tab } from './harness.ts';

/** Values and scales, whatever the format. */
function bytesOf(packed: { readonly values: ArrayBufferView; readonly scales?: ArrayBufferView }): number {
  return packed.values.byteLength + (packed.scales?.byteLength ?? 0);
}

/** A tab that weighs what passes it. */
class WeighingTab extends Tab {
  readonly seen = new Traffic();
  readonly #shape;

  constructor(run: SmallRun) {
    super(run);
    const { rowsDown, rowsUp, dim } = run.constants;
    this.#shape = { down: { format: rowsDown, dim }, up: { format: rowsUp, dim } };
  }

  override deliverDown(): boolean {
    const frame = this.down[0];
    if (frame !== undefined) {
      this.seen.down += frame.length;
      const message = decodeToVolunteer(frame, this.#shape.down);
      if (message.tag === 'lease') {
        this.seen.rows += bytesOf(message.rows);
        this.seen.pairs += message.pairBytes.length;
      }
    }
    return super.deliverDown();
  }

  override deliverUp(): boolean {
    const frame = this.up[0];
    if (frame !== undefined) {
      this.seen.up += frame.length;
      const message = decodeToCoordinator(frame, this.#shape.up);
      if (message.tag === 'result') this.seen.deltas += bytesOf(message.deltas);
    }
    return super.deliverUp();
  }
}

describe('the bytes of a run', () => {
  it.each(ROW_FORMATS)('are those of its frames, by kind, with deltas in %s', async (rowsUp) => {
    const run = new SmallRun({ rowsDown: 'f16', rowsUp });
    const tabs = [new WeighingTab(run), new WeighingTab(run)];
    await play(run, tabs);
    expect(run.done).toBe(true);
    for (const { seen, volunteer } of tabs) {
      expect(seen.deltas).toBeGreaterThan(0);
      expect(volunteer.traffic).toEqual(seen);
    }
    const { down, up } = Traffic.sum(tabs[0]!.seen, [tabs[1]!.volunteer]).per(2);
    const total = (direction: 'down' | 'up'): number => (tabs[0]!.seen[direction] + tabs[1]!.seen[direction]) / 2;
    expect(down.rows + down.pairs + down.overhead).toBeCloseTo(total('down'), 6);
    expect(up.deltas + up.overhead).toBeCloseTo(total('up'), 6);
  });
});
