// The volunteer's end of the wire by itself: what it refuses from a coordinator, and what it says then.
import { LIMITS } from '../../../protocol/limits.ts';
import { describe, expect, it } from 'vitest';
import { decodeToCoordinator } from '../../../protocol/to-coordinator.ts';
import type { Lease } from '../../../protocol/to-volunteer.ts';
import { decodeToVolunteer, encodeToVolunteer } from '../../../protocol/to-volunteer.ts';
import { play, SmallRun, Tab } from '../leases/harness.ts';
import { encodeLease } from '../protocol/golden.ts';

const NONE = { format: 'int8', scales: new Float32Array(0), values: new Int8Array(0) } as const;
const SHAPE = { format: 'int8', dim: 8 } as const;

/** A tab whose first lease is on its way, and that lease. */
async function beforeLease(): Promise<{ tab: Tab; lease: Lease }> {
  const run = new SmallRun();
  const tab = new Tab(run);
  tab.engine.hold();
  await play(run, [tab], { until: () => tab.down[0]?.[0] === 18 });
  const lease = decodeToVolunteer(tab.down.shift()!, SHAPE);
  if (lease.tag !== 'lease') throw new Error('a lease was expected');
  tab.up.length = 0;
  return { tab, lease };
}

const said = (tab: Tab): string[] => tab.up.map((frame) => decodeToCoordinator(frame, SHAPE).tag);

function failure(tab: Tab): string {
  const last = tab.events.at(-1)!;
  return last.kind === 'failed' ? (last.error as Error & { code: string }).code : last.kind;
}

describe('a volunteer refuses', () => {
  it.each([
    [
      'a lease whose plan is another',
      'PLAN_MISMATCH',
      (lease: Lease): Lease => ({ ...lease, inputRows: lease.inputRows + 1, outputRows: lease.outputRows - 1 }),
    ],
    ['a lease outside its grid', 'PLAN_MISMATCH', (lease: Lease): Lease => ({ ...lease, inputPart: lease.parts })],
    [
      'a lease whose rows it never got',
      'ROWS_MISSING',
      (lease: Lease): Lease => ({
        ...lease,
        present: new Uint8Array(lease.present.length),
        rows: NONE,
      }),
    ],
  ])('%s, and gives it back', async (_, code, forge) => {
    const { tab, lease } = await beforeLease();
    tab.session.receive(encodeLease(forge(lease), SHAPE.dim));
    expect(said(tab)).toEqual(['returned']);
    expect(failure(tab)).toBe(code);
    tab.session.receive(encodeLease(lease, SHAPE.dim));
    expect(said(tab)).toEqual(['returned']);
  });

  it('pairs that are none', async () => {
    const { tab, lease } = await beforeLease();
    tab.session.receive(encodeLease({ ...lease, pairBytes: lease.pairBytes.subarray(1) }, SHAPE.dim));
    expect(failure(tab)).toBe('BAD_PAIRS');
  });

  it('a frame that is none, and a lease before the welcome', async () => {
    const { lease } = await beforeLease();
    for (const [frame, code] of [
      [Uint8Array.of(99), 'BAD_TAG'],
      [encodeLease({ ...lease, present: new Uint8Array(lease.present.length), rows: NONE }, SHAPE.dim), 'OUT_OF_ORDER'],
    ] as const) {
      const tab = new Tab(new SmallRun());
      tab.session.receive(frame);
      expect(failure(tab)).toBe(code);
    }
  });
});

describe('a volunteer', () => {
  it('says nothing after it was told that the run is over', async () => {
    const { tab, lease } = await beforeLease();
    tab.session.receive(encodeToVolunteer({ tag: 'finished', reason: 'done' }));
    tab.session.receive(encodeLease(lease, SHAPE.dim));
    tab.session.setPaused(true);
    tab.session.finish();
    expect(said(tab)).toEqual([]);
    expect(failure(tab)).toBe('finished');
  });

  it('takes the rows of a lease that it returns: they are not sent again', async () => {
    const { tab, lease } = await beforeLease();
    tab.session.setPaused(true);
    tab.session.receive(encodeLease(lease, SHAPE.dim));
    tab.session.setPaused(false);
    expect(said(tab)).toEqual([
      'condition',
      'returned',
      'condition',
      ...Array.from({ length: LIMITS.pipeline }, () => 'ready'),
    ]);
    tab.session.receive(
      encodeLease({ ...lease, present: new Uint8Array(lease.present.length), rows: NONE }, SHAPE.dim),
    );
    expect(failure(tab)).toBe('training');
  });
});
