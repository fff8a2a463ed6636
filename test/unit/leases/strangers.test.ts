// Strangers at the desk: those who lie, idle or come in crowds, and the door they come through.
import { describe, expect, it } from 'vitest';
import { CLOSE, PROTOCOL_VERSION } from '../../../protocol/limits.ts';
import type { Result } from '../../../protocol/to-coordinator.ts';
import { encodeToCoordinator } from '../../../protocol/to-coordinator.ts';
import { decodeToVolunteer } from '../../../protocol/to-volunteer.ts';
import { encodeResult } from '../protocol/golden.ts';
import { play, SmallRun, Tab, turn } from './harness.ts';
import { finish, inTraining, resultIn } from './scenes.ts';

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
    expect(liar.down.some((frame) => frame[0] === 19 && frame[5] === 2)).toBe(leases > 0);
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
      encodeToCoordinator({
        tag: 'hello',
        version: PROTOCOL_VERSION,
        engine: 'cpu',
        cacheMiB: 1,
        device: '',
        name: '',
        browser: '',
        reads: ['f32'],
        writes: ['f32'],
      }),
    );
  });
});

describe('the door', () => {
  it('is shut to version 1, whose hello was another', () => {
    const run = new SmallRun();
    const tab = new Tab(run);
    run.desk.receive(tab.volunteer, Uint8Array.from(Buffer.from('010100010001000006004750552dc2b5', 'hex')));
    expect(tab.closed).toBe(CLOSE.version);
  });

  it.each([
    ['f32', ['f32', 'f16', 'int8', 'int4'], 'f32'],
    ['int4', ['f32', 'f16', 'int8', 'int4'], 'int4'],
    ['int4', ['f32', 'f16'], 'f16'],
    ['int4', ['f32'], 'f32'],
  ] as const)('opens in the format that both can: %s wanted, %j offered', (wanted, offered, agreed) => {
    const run = new SmallRun({ rowsDown: 'int8', rowsUp: wanted });
    const tab = new Tab(run);
    tab.down.length = 0;
    const texts = { device: '', name: '', browser: '' };
    const facts = { engine: 'cpu', cacheMiB: 1, ...texts, reads: ['f32', 'f16'], writes: offered } as const;
    run.desk.receive(tab.volunteer, encodeToCoordinator({ tag: 'hello', version: PROTOCOL_VERSION, ...facts }));
    const welcome = decodeToVolunteer(tab.down[0]!, { format: 'f32', dim: 0 });
    expect(welcome).toMatchObject({ tag: 'welcome', rowsDown: 'f16', rowsUp: agreed });
    expect(tab.volunteer.greeting).toMatchObject({ rowsDown: 'f16', rowsUp: agreed });
  });

  it('is shut to another version, with the code that says so', () => {
    const run = new SmallRun();
    const tab = new Tab(run);
    run.desk.receive(
      tab.volunteer,
      encodeToCoordinator({
        tag: 'hello',
        version: PROTOCOL_VERSION + 1,
        engine: 'cpu',
        cacheMiB: 1,
        device: '',
        name: '',
        browser: '',
        reads: ['f32'],
        writes: ['f32'],
      }),
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
