// Volunteers that are slow, vanish, pause, lose their device, or lie: what the desk does, and what the model keeps.
import { describe, expect, it } from 'vitest';
import { CLOSE, PROTOCOL_VERSION } from '../../../protocol/limits.ts';
import type { Result } from '../../../protocol/to-coordinator.ts';
import { decodeToCoordinator, encodeToCoordinator } from '../../../protocol/to-coordinator.ts';
import { encodeResult } from '../protocol/golden.ts';
import { trainDirectly } from './direct-training.ts';
import { play, SmallRun, Tab, turn } from './harness.ts';

/** A run with one lease in the engine of each tab, and the rest of the traffic delivered. */
async function inTraining(
  count = 1,
  options: ConstructorParameters<typeof SmallRun>[0] = {},
): Promise<{ run: SmallRun; tabs: Tab[] }> {
  const run = new SmallRun(options);
  const tabs = Array.from({ length: count }, () => new Tab(run));
  for (const tab of tabs) tab.engine.hold();
  await play(run, tabs);
  for (const tab of tabs) expect(tab.volunteer.leases.length).toBeGreaterThan(0);
  return { run, tabs };
}

function resultIn(tab: Tab, run: SmallRun): Result {
  const frame = tab.up.find((bytes) => bytes[0] === 3);
  const message = decodeToCoordinator(frame!, { format: run.constants.rowsUp, dim: run.constants.dim });
  if (message.tag !== 'result') throw new Error(`a result was expected, not ${message.tag}`);
  return message;
}

async function finish(run: SmallRun, tabs: readonly Tab[]): Promise<void> {
  for (const tab of tabs) tab.engine.release();
  await play(run, tabs);
  expect(run.done).toBe(true);
  expect(run.journal.chunksApplied).toBe(run.chunks);
  expect(run.journal.open).toBe(0);
}

describe('a volunteer that gives everything back', () => {
  it('is let go after a dozen leases, and others train them', async () => {
    const { run, tabs } = await inTraining();
    const [idler] = tabs as [Tab];
    for (let turns = 0; turns < 40 && idler.closed === null; turns++) {
      const head = idler.volunteer.leases[0]!.grant.lease;
      run.desk.receive(idler.volunteer, encodeToCoordinator({ tag: 'returned', lease: head, reason: 'no' }));
      run.desk.receive(idler.volunteer, encodeToCoordinator({ tag: 'ready' }));
    }
    expect(idler.closed).toBe(CLOSE.violation);
    expect(idler.closeReason).toContain('RETURNS');
    expect(run.journal.kinds('ended')).toBeLessThan(20);
    const worker = new Tab(run);
    await finish(run, [worker]);
  });
});

describe('a lease that takes too long', () => {
  it('is cancelled, leased again, and its late result changes nothing', async () => {
    const { run, tabs } = await inTraining();
    const [slow] = tabs as [Tab];
    const lease = slow.volunteer.leases[0]!.grant;
    slow.engine.release();
    await turn();
    // The result is on its way, and overtaken by time.
    const [late] = slow.up.splice(0);
    expect(late![0]).toBe(3);
    run.clock.now += 47_000;
    run.desk.tick();
    expect(run.journal.kinds('ended')).toBe(0);
    run.clock.now += 2_000;
    run.desk.tick();
    expect(run.journal.kinds('ended')).toBe(2);
    expect(run.grid.count().leased).toBe(0);
    const before = run.image();
    run.desk.receive(slow.volunteer, late!);
    expect(run.image()).toEqual(before);
    expect(run.journal.kinds('late')).toBe(1);
    await finish(run, tabs);
    expect(slow.closed).toBeNull();
    expect(slow.outcomes()).toContain('late');
    expect(slow.reasons().some((reason) => reason.includes('expired'))).toBe(true);
    const again = run.journal.events.find(
      (event) =>
        event.kind === 'applied' &&
        event.record.grant.inputPart === lease.inputPart &&
        event.record.grant.firstChunk === lease.firstChunk,
    );
    expect(again).toBeDefined();
  });

  it('goes to another volunteer meanwhile', async () => {
    const { run, tabs } = await inTraining(1, { parts: [1] });
    const helper = new Tab(run);
    await play(run, [...tabs, helper]);
    expect(helper.volunteer.leases.length).toBe(0);
    run.clock.now += 60_000;
    run.desk.tick();
    await play(run, [...tabs, helper]);
    await finish(run, [...tabs, helper]);
    expect(helper.volunteer.accepted).toBeGreaterThan(0);
    expect(tabs[0]!.outcomes().filter((outcome) => outcome === 'late')).toEqual([]);
  });

  it('gives the slowest device ever shorter leases and more time, so that it delivers in the end', async () => {
    const run = new SmallRun({ parts: [1], tokens: 4000, chunkPairs: 96 });
    const tab = new Tab(run);
    const pairs: number[] = [];
    tab.engine.hold();
    while (tab.volunteer.accepted === 0 && pairs.length < 12) {
      await play(run, [tab]);
      const lease = tab.volunteer.leases[0]!;
      pairs.push(lease.pairs);
      // Two pairs a second; the desk looks once a second.
      for (let s = 0; s < lease.pairs / 2 && tab.volunteer.leases[0] === lease; s++) {
        run.clock.now += 1000;
        run.desk.tick();
      }
      tab.engine.release();
      tab.engine.hold();
      await turn();
      await play(run, [tab]);
    }
    expect(tab.volunteer.accepted).toBeGreaterThan(0);
    expect(pairs.length).toBeGreaterThan(1);
    expect(pairs.at(-1)!).toBeLessThan(pairs[0]!);
  });
});

describe('a result sent twice', () => {
  it('is acknowledged as late and applied once', async () => {
    const { run, tabs } = await inTraining();
    const [tab] = tabs as [Tab];
    tab.engine.release();
    await turn();
    const first = tab.up.find((bytes) => bytes[0] === 3)!;
    tab.up.splice(tab.up.indexOf(first) + 1, 0, first.slice());
    tab.deliverUp();
    const after = run.image();
    tab.deliverUp();
    expect(run.image()).toEqual(after);
    expect(run.journal.kinds('late')).toBe(1);
    await finish(run, tabs);
    expect(tab.closed).toBeNull();
  });
});

describe('a volunteer that goes in mid-lease', () => {
  it('leaves its chunks to others at once', async () => {
    const { run, tabs } = await inTraining(2);
    tabs[0]!.vanish();
    expect(run.journal.kinds('gone')).toBe(1);
    expect(run.grid.count().leased).toBeGreaterThan(0);
    await finish(run, [tabs[1]!]);
    expect(tabs[0]!.volunteer.accepted).toBe(0);
  });

  it('finishes its lease first when it says so', async () => {
    const { run, tabs } = await inTraining(2);
    tabs[0]!.session.finish();
    tabs[0]!.engine.release();
    await play(run, tabs);
    expect(tabs[0]!.events.at(-1)!.kind).toBe('left');
    expect(tabs[0]!.volunteer.accepted).toBe(1);
    expect(tabs[0]!.closed).toBe(1000);
    await finish(run, [tabs[1]!]);
  });

  it('gives everything back when it leaves at once', async () => {
    const { run, tabs } = await inTraining(2);
    tabs[0]!.session.leave();
    tabs[0]!.deliverUp();
    expect(run.journal.kinds('gone')).toBe(1);
    tabs[0]!.engine.release();
    await turn();
    expect(tabs[0]!.up).toEqual([]);
    await finish(run, [tabs[1]!]);
  });
});

describe('a volunteer whose device fails', () => {
  it('returns its leases and goes on with the next', async () => {
    const run = new SmallRun({ rowsDown: 'f32' });
    const tabs = [new Tab(run), new Tab(run)];
    tabs[0]!.engine.failures = 3;
    await finish(run, tabs);
    expect(run.journal.kinds('ended')).toBeGreaterThanOrEqual(3);
    expect(tabs[0]!.volunteer.accepted).toBeGreaterThan(0);
  });
});

describe('pausing', () => {
  it('by the volunteer: it finishes the lease in training, returns the next, and comes back', async () => {
    const { run, tabs } = await inTraining();
    const [tab] = tabs as [Tab];
    tab.session.setPaused(true);
    tab.engine.release();
    await play(run, tabs);
    expect(tab.volunteer.accepted).toBe(1);
    expect(run.desk.outstanding).toBe(0);
    tab.session.setPaused(false);
    await finish(run, tabs);
  });

  it('by a volunteer that waits: it is served again once it resumes', async () => {
    const run = new SmallRun();
    const tab = new Tab(run);
    while (tab.deliverUp() || tab.deliverDown());
    expect(tab.volunteer.credit).toBe(2);
    tab.session.setPaused(true);
    while (tab.deliverUp() || tab.deliverDown());
    expect(tab.volunteer.credit).toBe(0);
    tab.session.setPaused(false);
    await finish(run, [tab]);
  });

  it('any number of times in one lease leaves the plan in training alone, and both sides with the same count', async () => {
    const { run, tabs } = await inTraining(1, { rowsDown: 'f32', rowsUp: 'f32', tokens: 6000 });
    const [tab] = tabs as [Tab];
    for (let time = 0; time < 7; time++) {
      tab.session.setPaused(true);
      if (time % 2 === 0) await play(run, tabs);
      tab.session.setPaused(false);
      if (time % 3 === 0) await play(run, tabs);
    }
    await play(run, tabs);
    expect(tab.volunteer.leases.length + tab.volunteer.credit).toBe(2);
    await finish(run, tabs);
    expect(tab.closed).toBeNull();
    expect(tab.outcomes().every((outcome) => outcome === 'applied')).toBe(true);
    const direct = await trainDirectly(run);
    expect(run.model.input).toEqual(direct.input);
    expect(run.model.output).toEqual(direct.output);
  });

  it('by the operator: nothing new is granted, and everyone is told why', async () => {
    const { run, tabs } = await inTraining();
    run.desk.setPaused(true);
    tabs[0]!.engine.release();
    await play(run, tabs);
    expect(run.desk.outstanding).toBe(0);
    expect(run.done).toBe(false);
    expect(tabs[0]!.reasons().at(-1)).toBe('the run is paused by its operator');
    run.desk.setPaused(false);
    await finish(run, tabs);
  });
});

describe('a volunteer that lies', () => {
  /** Sends another result in the place of the honest one; everything must be as if it had never come. */
  async function expectRefused(
    code: string,
    forge: (result: Result, run: SmallRun) => Uint8Array,
    format: 'f32' | 'int8' = 'int8',
  ): Promise<void> {
    const { run, tabs } = await inTraining(2, { rowsUp: format });
    const [liar, honest] = tabs as [Tab, Tab];
    liar.engine.release();
    await turn();
    const before = run.image();
    const leases = liar.volunteer.leases.length;
    run.desk.receive(liar.volunteer, forge(resultIn(liar, run), run));
    expect(liar.closed).toBe(CLOSE.violation);
    expect(liar.closeReason.split(':')[0]).toBe(code);
    expect(Buffer.byteLength(liar.closeReason)).toBeLessThanOrEqual(123);
    expect(run.image()).toEqual(before);
    expect(run.journal.kinds('ended')).toBe(leases);
    expect(liar.volunteer.leases).toEqual([]);
    expect(run.desk.volunteers).not.toContain(liar.volunteer);
    // What it sends after that is not read.
    run.desk.receive(liar.volunteer, encodeToCoordinator({ tag: 'ready' }));
    expect(run.image()).toEqual(before);
    await finish(run, [honest]);
  }

  const dim = 8;

  it.each(['int8', 'f32'] as const)('about a row that moved too far, in %s', async (format) => {
    await expectRefused(
      'NORM_CAP',
      (result) => {
        const { deltas } = result;
        if (deltas.format === 'int8') deltas.scales[deltas.scales.length - 1] = 1e6;
        else deltas.values[0] = 1e30;
        return encodeResult(result, dim);
      },
      format,
    );
  });

  it('with a scale that is not finite', async () => {
    for (const scale of [Number.NaN, Number.POSITIVE_INFINITY, -1]) {
      await expectRefused('BAD_SCALE', (result) => {
        if (result.deltas.format === 'int8') result.deltas.scales[0] = scale;
        return encodeResult(result, dim);
      });
    }
  });

  it('with a value that is not finite', async () => {
    await expectRefused(
      'NOT_FINITE',
      (result) => {
        result.deltas.values[3] = Number.NaN;
        return encodeResult(result, dim);
      },
      'f32',
    );
  });

  it('about its loss', async () => {
    await expectRefused('NOT_FINITE', (result) => encodeResult({ ...result, positiveLoss: -1 }, dim));
    await expectRefused('NOT_FINITE', (result) => encodeResult({ ...result, negativeLoss: Number.NaN }, dim));
  });

  it('about the rows it touched', async () => {
    const bits = (result: Result): Uint8Array =>
      new Uint8Array(Math.ceil((result.inputRows + result.outputRows + 1) / 8)).fill(0);
    const none = { format: 'int8', scales: new Float32Array(0), values: new Int8Array(0) } as const;
    await expectRefused('WRONG_ROWS', (result) =>
      encodeResult({ ...result, inputRows: result.inputRows + 1, present: bits(result), deltas: none }, dim),
    );
    await expectRefused('WRONG_ROWS', (result) =>
      encodeResult(
        { ...result, inputRows: result.inputRows + 1, outputRows: result.outputRows - 1, present: result.present },
        dim,
      ),
    );
  });

  it('about the order of its leases', async () => {
    await expectRefused('OUT_OF_ORDER', (result) => encodeResult({ ...result, lease: result.lease + 1 }, dim));
  });

  it('with frames that are no frames', async () => {
    await expectRefused('TRUNCATED', () => new Uint8Array(0));
    await expectRefused('BAD_TAG', () => Uint8Array.of(200, 1, 2, 3));
    await expectRefused('TOO_LONG', () => new Uint8Array(5000).fill(2));
    await expectRefused('TRAILING_BYTES', (result) => Uint8Array.of(...encodeResult(result, dim), 0));
    await expectRefused('TRUNCATED', (result) => encodeResult(result, dim).subarray(0, -1));
    await expectRefused('OUT_OF_ORDER', () =>
      encodeToCoordinator({ tag: 'hello', version: PROTOCOL_VERSION, engine: 'cpu', cacheMiB: 1, device: '' }),
    );
  });
});

describe('the door', () => {
  it('is shut to another version, with the code that says so', () => {
    const run = new SmallRun();
    const tab = new Tab(run);
    run.desk.receive(
      tab.volunteer,
      encodeToCoordinator({ tag: 'hello', version: PROTOCOL_VERSION + 1, engine: 'cpu', cacheMiB: 1, device: '' }),
    );
    expect(tab.closed).toBe(CLOSE.version);
    expect(tab.closeReason).toContain('reload the page');
  });

  it('is shut to anything before hello', () => {
    const run = new SmallRun();
    for (const message of [{ tag: 'ready' }, { tag: 'bye' }, { tag: 'returned', lease: 1, reason: '' }] as const) {
      const tab = new Tab(run);
      run.desk.receive(tab.volunteer, encodeToCoordinator(message));
      expect(tab.closed).toBe(CLOSE.violation);
    }
  });

  it('is shut when the house is full, and open again when someone has left', async () => {
    const run = new SmallRun({ maxVolunteers: 2 });
    const tabs = [new Tab(run), new Tab(run)];
    const third = new Tab(run);
    expect(third.closed).toBe(CLOSE.full);
    expect(third.closeReason).toContain('2 volunteers');
    tabs[0]!.vanish();
    const fourth = new Tab(run);
    expect(fourth.closed).toBeNull();
    await finish(run, [tabs[1]!, fourth]);
  });

  it('sends everyone home at the end', async () => {
    const { run, tabs } = await inTraining(2);
    run.desk.finish('stopped by the operator');
    expect(run.journal.open).toBe(0);
    for (const tab of tabs) {
      expect(tab.closed).toBe(CLOSE.finished);
      while (tab.deliverDown());
      expect(tab.events.at(-1)).toEqual({ kind: 'finished', reason: 'stopped by the operator' });
    }
  });
});

describe('more volunteers than free parts', () => {
  it('wait with a reason, and a first lease goes before a second', async () => {
    const { run, tabs } = await inTraining(1, { parts: [2], tokens: 4000 });
    const late = [new Tab(run), new Tab(run), new Tab(run)];
    const all = [...tabs, ...late];
    for (const tab of late) tab.engine.hold();
    await play(run, all);
    const idle = all.filter((tab) => tab.volunteer.leases.length === 0);
    expect(idle.length).toBeGreaterThanOrEqual(2);
    for (const tab of idle) expect(tab.reasons().at(-1)).toContain('2 × 2 blocks');
    await finish(run, all);
  });

  it('are asked again whenever a part is free', async () => {
    const run = new SmallRun({ parts: [3, 3], tokens: 4000 });
    const tabs = Array.from({ length: 9 }, () => new Tab(run));
    await play(run, tabs, { seed: 4 });
    await finish(run, tabs);
    expect(tabs.filter((tab) => tab.volunteer.accepted > 0).length).toBeGreaterThan(3);
  });
});

describe('anything at once', () => {
  it.each([1, 2, 3, 4, 5, 6])('every chunk is applied once and copies stay equal (seed %d)', async (seed) => {
    const run = new SmallRun({ parts: [4, 4, 2, 8], rowsDown: 'f32', tokens: 2500, seed });
    let tabs: Tab[] = [];
    let steps = 0;
    const random = (n: number): number => Math.floor((Math.abs(Math.sin(seed * 1000 + steps++)) * 1e6) % n);
    for (let round = 0; !run.done; round++) {
      expect(round).toBeLessThan(3000);
      if (tabs.length < 4 && random(3) === 0) tabs.push(new Tab(run, random(2) === 0 ? 0 : 64));
      const tab = tabs[random(Math.max(1, tabs.length))];
      if (tab !== undefined) {
        const act = random(12);
        if (act === 0) tab.vanish();
        else if (act === 1) tab.session.setPaused(true);
        else if (act <= 3) tab.session.setPaused(false);
        else if (act === 4) tab.session.finish();
        else if (act === 5) tab.engine.failures = 1;
        else if (act === 6) tab.engine.hold();
        else if (act <= 8) tab.engine.release();
        else if (act === 9) run.clock.now += 30_000;
        else if (act === 10) run.desk.tick();
      }
      // Only so many frames move between two events.
      let moves = 5 + random(30);
      await play(run, tabs, { seed: seed + round, until: () => moves-- <= 0 });
      await turn();
      const open = tabs.filter((candidate) => candidate.closed === null);
      for (const gone of tabs) if (gone.closed !== null) expect([1000, 1006]).toContain(gone.closed);
      for (const one of open) expect(one.volunteer.leases.length + one.volunteer.credit).toBeLessThanOrEqual(2);
      tabs = open;
    }
    expect(run.journal.chunksApplied).toBe(run.chunks);
    expect(run.journal.open).toBe(0);
  });
});
