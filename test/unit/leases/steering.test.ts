// What an operator does with single volunteers, and results that are checked before they are applied.
import { describe, expect, it } from 'vitest';
import type { Audit, AuditJob, Verdict } from '../../../coordinator/leases/desk-types.ts';
import { FunnelBook } from '../../../coordinator/run/funnel.ts';
import { newBooks } from '../../../coordinator/run/recorder.ts';
import { CLOSE } from '../../../protocol/limits.ts';
import { hashAt } from '../../../word2vec/random.ts';
import { play, SmallRun, Tab, turn } from './harness.ts';
import { finish, inTraining } from './scenes.ts';

/** Chooses by hash, and answers when it is told to. */
class StagedAudit implements Audit {
  readonly jobs: AuditJob[] = [];
  readonly #seed: number;
  readonly #share: number;
  #asked = 0;

  constructor(share: number, seed = 1) {
    this.#share = share;
    this.#seed = seed;
  }

  chooses(): boolean {
    return hashAt(this.#seed, this.#asked++) / 2 ** 32 < this.#share;
  }

  check(job: AuditJob): void {
    this.jobs.push(job);
  }

  answer(run: SmallRun, verdict: Verdict = { kind: 'confirmed' }): boolean {
    const job = this.jobs.shift();
    if (job !== undefined) run.desk.verdict(job.record.grant.lease, verdict);
    return job !== undefined;
  }
}

const LIAR: Verdict = { kind: 'refuted', reason: 'a test says so' };

describe('drain', () => {
  it('lets a volunteer end what it holds, gives it nothing more, and sends it away with the reason', async () => {
    const { run, tabs } = await inTraining(2);
    const [tab] = tabs as [Tab];
    const held = tab.volunteer.leases.length;
    run.desk.drain(tab.volunteer, 'we need your seat — é');
    expect(tab.closed).toBeNull();
    expect(run.desk.willing).toBe(1);
    await finish(run, tabs);
    expect(tab.closed).toBe(CLOSE.banned);
    expect(tab.closeReason).toBe('we need your seat — é');
    expect(tab.volunteer.accepted).toBe(held);
  });

  it('sends away at once who holds nothing, and release takes it back before that', async () => {
    const { run, tabs } = await inTraining(2);
    run.desk.drain(tabs[0]!.volunteer, 'bye');
    run.desk.release(tabs[0]!.volunteer);
    await finish(run, tabs);
    expect(tabs[0]!.closed).toBeNull();
    run.desk.drain(tabs[1]!.volunteer, 'bye');
    expect(tabs[1]!.closed).toBe(CLOSE.banned);
  });
});

describe('quarantine', () => {
  it('gives its leases back at once, and work again only after release', async () => {
    const { run, tabs } = await inTraining();
    const [tab] = tabs as [Tab];
    run.desk.quarantine(tab.volunteer, 'strange figures');
    expect(run.grid.count().leased).toBe(0);
    tab.engine.release();
    await play(run, tabs);
    expect(tab.closed).toBeNull();
    expect(tab.reasons().some((reason) => reason.includes('strange figures'))).toBe(true);
    expect(run.journal.open).toBe(0);
    expect(run.journal.chunksApplied).toBe(0);
    run.desk.release(tab.volunteer);
    await finish(run, tabs);
    expect(tab.volunteer.accepted).toBeGreaterThan(0);
  });
});

describe('a result that is checked', () => {
  it('is in the model only once it is confirmed, and those after it too', async () => {
    const audit = new StagedAudit(1);
    const { run, tabs } = await inTraining(1, { audit });
    const before = run.image();
    tabs[0]!.engine.release();
    await play(run, tabs);
    expect(run.image()).toEqual(before);
    expect(audit.jobs).toHaveLength(1);
    expect(run.desk.checkingChunks).toBeGreaterThan(0);
    const { takenAt } = tabs[0]!.volunteer.checking[0]!;
    run.clock.now = takenAt + 3000;
    const circumstances = { now: run.clock.now, checks: true, halted: null };
    const { leased, checking } = new FunnelBook().figures(run, newBooks(0), circumstances);
    expect(run.desk.checkingSince).toBe(takenAt);
    expect(checking).toEqual({ chunks: run.desk.checkingChunks, oldestSeconds: 3 });
    expect(leased.chunks + run.desk.checkingChunks).toBe(run.grid.count().leased);
    expect(tabs[0]!.volunteer.accepted).toBe(0);
    for (let step = 0; !run.done && step < 5000; step++) {
      audit.answer(run);
      await play(run, tabs);
    }
    await finish(run, tabs);
    expect(tabs[0]!.volunteer.checks).toEqual({ passed: tabs[0]!.volunteer.accepted, failed: 0 });
    expect([run.desk.checkingChunks, run.desk.checkingSince]).toEqual([0, null]);
    const unchecked = new FunnelBook().figures(run, newBooks(0), { ...circumstances, checks: false });
    expect(unchecked.checking).toBeNull();
  });

  it('is trained as without checks, to the last bit, by one volunteer', async () => {
    const images = [];
    for (const share of [0, 0.5]) {
      const audit = new StagedAudit(share);
      const run = new SmallRun({ audit, parts: [1, 1] });
      const tab = new Tab(run);
      for (let step = 0; !run.done && step < 5000; step++) {
        await play(run, [tab]);
        audit.answer(run);
      }
      expect(run.done).toBe(true);
      images.push(run.image());
    }
    expect(images[1]).toEqual(images[0]);
  });

  it('leaves nothing of a liar: neither this result nor those after it', async () => {
    const audit = new StagedAudit(1);
    const { run, tabs } = await inTraining(1, { audit });
    const [liar] = tabs as [Tab];
    const before = run.image();
    liar.engine.release();
    await play(run, tabs);
    expect(liar.volunteer.checking.length).toBeGreaterThan(1);
    audit.answer(run, LIAR);
    await play(run, tabs);
    expect(run.image()).toEqual(before);
    expect(run.grid.count().leased).toBe(0);
    expect(liar.volunteer).toMatchObject({ standing: 'quarantined', checks: { passed: 0, failed: 1 } });
    expect(liar.outcomes()).toContain('rejected');
    const honest = new Tab(run);
    for (let step = 0; !run.done && step < 5000; step++) {
      await play(run, [honest, liar]);
      audit.answer(run);
    }
    await finish(run, [honest, liar]);
    expect(liar.volunteer.accepted).toBe(0);
  });

  it.each(['expires', 'is quarantined', 'is dismissed'])('is given up when its volunteer %s', async (fate) => {
    const audit = new StagedAudit(1);
    const { run, tabs } = await inTraining(1, { audit });
    const [tab] = tabs as [Tab];
    const before = run.image();
    tab.engine.release();
    await turn();
    while (tab.volunteer.checking.length === 0) tab.deliverUp();
    expect(tab.volunteer.leases.length).toBeGreaterThan(0);
    if (fate === 'expires') {
      run.clock.now += 200_000;
      run.desk.tick();
    } else if (fate === 'is quarantined') {
      run.desk.quarantine(tab.volunteer, 'a test');
    } else {
      run.desk.dismiss(tab.volunteer, 'a test');
    }
    expect(run.desk.checkingChunks).toBe(0);
    expect(run.grid.count().leased).toBe(0);
    audit.answer(run);
    expect(run.image()).toEqual(before);
  });

  it('counts though its volunteer has left meanwhile', async () => {
    const audit = new StagedAudit(1);
    const { run, tabs } = await inTraining(1, { audit });
    tabs[0]!.engine.release();
    await play(run, tabs);
    tabs[0]!.vanish();
    while (audit.answer(run));
    expect(tabs[0]!.volunteer.accepted).toBeGreaterThan(0);
    expect(run.grid.count().leased).toBe(0);
  });

  it('keeps its volunteer from taking ever more parts while nobody answers', async () => {
    const audit = new StagedAudit(1);
    const run = new SmallRun({ audit, parts: [8], tokens: 20_000, chunkPairs: 96 });
    const tab = new Tab(run);
    await play(run, [tab]);
    expect(tab.volunteer.checking.length).toBeGreaterThanOrEqual(4);
    expect(tab.volunteer.checking.length).toBeLessThanOrEqual(8);
    expect(tab.reasons()).toContain('your last results are being checked');
  });
});

/** Everything that may happen, in an order drawn by `seed`; the event checker throws as soon as a promise breaks. */
async function disturbed(seed: number, options: ConstructorParameters<typeof SmallRun>[0]): Promise<SmallRun> {
  const audit = new StagedAudit(0.4, seed);
  const run = new SmallRun({ ...options, audit, maxVolunteers: 64 });
  const tabs = [new Tab(run), new Tab(run), new Tab(run)];
  for (let step = 0; step < 60; step++) {
    const draw = (salt: number, of: number): number => hashAt(seed * 1000 + salt, step) % of;
    await play(run, tabs, { seed: seed + step, until: stopAfter(draw(1, 40)) });
    const tab = tabs[draw(2, tabs.length)]!;
    const here = run.desk.volunteers.includes(tab.volunteer) && tab.volunteer.greeting !== null;
    const replace = (): void => void (tab.closed !== null && tabs.splice(tabs.indexOf(tab), 1, new Tab(run)));
    switch (draw(3, 10)) {
      case 0:
        if (here) run.desk.drain(tab.volunteer, 'drained');
        break;
      case 1:
        if (here) run.desk.quarantine(tab.volunteer, 'quarantined');
        break;
      case 2:
        if (here) run.desk.dismiss(tab.volunteer, 'dismissed');
        break;
      case 3:
      case 4:
        for (const one of run.desk.volunteers) if (one.standing !== 'free') run.desk.release(one);
        break;
      case 5:
        audit.answer(run, LIAR);
        break;
      case 6:
        audit.answer(run, { kind: 'undone', reason: 'the thread died' });
        break;
      case 7:
        run.clock.now += 60_000;
        run.desk.tick();
        break;
      case 8:
        tab.vanish();
        break;
      default:
        audit.answer(run);
    }
    replace();
    // Every chunk that is out is in exactly one lease that somebody holds or that is being checked.
    const out = run.grid.count().leased;
    expect(out).toBe(run.journal.openChunks);
  }
  for (const one of run.desk.volunteers) if (one.standing === 'quarantined') run.desk.release(one);
  tabs.push(new Tab(run));
  for (let step = 0; !run.done && step < 5000; step++) {
    await play(run, tabs);
    await turn();
    if (!audit.answer(run)) run.clock.now += 1000;
    run.desk.tick();
  }
  await finish(run, tabs);
  return run;
}

function stopAfter(frames: number): () => boolean {
  let left = frames;
  return () => left-- <= 0;
}

describe('whatever the operator does', () => {
  it.each(Array.from({ length: 12 }, (_, seed) => seed + 1))(
    'no lease is lost or doubled on the grid (%i)',
    async (seed) => {
      const run = await disturbed(seed, { parts: [4, 4, 2], chunkPairs: 192 });
      expect(run.journal.chunksApplied).toBe(run.chunks);
    },
  );

  it.each([1, 2, 3, 4])('nor under downpour (%i)', async (seed) => {
    const run = await disturbed(seed, { descent: 'saturation', chunkPairs: 192 });
    expect(run.journal.chunksApplied).toBe(run.chunks);
  });
});
