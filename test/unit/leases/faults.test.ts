// Volunteers that are slow, vanish, pause or lose their device: what the desk does, and what the model keeps.
import { describe, expect, it } from 'vitest';
import { CLOSE, LIMITS } from '../../../protocol/limits.ts';
import { encodeToCoordinator } from '../../../protocol/to-coordinator.ts';
import { trainDirectly } from './direct-training.ts';
import { play, SmallRun, Tab, turn } from './harness.ts';
import { finish, inTraining } from './scenes.ts';

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

  it('ends the patience when it is the fifth in a row: its volunteer is let go, and others train', async () => {
    const { run, tabs } = await inTraining(1, { parts: [1] });
    const [hung] = tabs as [Tab];
    for (let seconds = 0; seconds < 1500 && hung.closed === null; seconds++) {
      run.clock.now += 1000;
      run.desk.tick();
      // It lives, and asks for more.
      run.desk.receive(hung.volunteer, encodeToCoordinator({ tag: 'ready' }));
    }
    expect(hung.closed).toBe(CLOSE.violation);
    expect(hung.closeReason).toContain('EXPIRIES');
    await finish(run, [new Tab(run)]);
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
    expect(tab.volunteer.credit).toBe(LIMITS.pipeline);
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
    expect(tab.volunteer.leases.length + tab.volunteer.credit).toBe(LIMITS.pipeline);
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
      for (const one of open)
        expect(one.volunteer.leases.length + one.volunteer.credit).toBeLessThanOrEqual(LIMITS.pipeline);
      tabs = open;
    }
    expect(run.journal.chunksApplied).toBe(run.chunks);
    expect(run.journal.open).toBe(0);
  });
});
