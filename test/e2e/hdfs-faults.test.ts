// Whole runs on a real HDFS that breaks under them: each finishes with every chunk once, or fails with a code and keeps its work.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { examineCorpus } from '../../coordinator/corpus/doctor.ts';
import type { Finding } from '../../coordinator/corpus/doctor/finding.ts';
import { parseHostMap } from '../../coordinator/corpus/host-map.ts';
import { sharedHdfs } from '../hdfs/shared.ts';
import { Valve } from '../hdfs/valve.ts';
import { CoordinatorProcess, type JsonEvent, until } from './coordinator-process.ts';
import { auditJournal } from './journal-audit.ts';
import { makeFolder } from './train-setup.ts';

const hdfs = sharedHdfs();
const folder = makeFolder();
const HOME = '/hdfs-faults-test';
const WORDS = Array.from({ length: 200 }, (_, k) => `w${k}`);
const LINES = 8_000;
const EPOCHS = 2;

/** Few words that count among many that do not: more bytes than sockets hold, and little to train. */
function text(lines: number, marker = ''): Buffer {
  const filler = ` ${'x'.repeat(99)}`.repeat(10);
  const line = (k: number): string =>
    [0, 1, 2, 3].map((n) => WORDS[(k * 7 + n * n + (k >> 5)) % WORDS.length]).join(' ') + filler;
  return Buffer.from(`${marker}\n${Array.from({ length: lines }, (_, k) => line(k)).join('\n')}\n`);
}
const corpus = text(LINES);

let valve: Valve;
const running: CoordinatorProcess[] = [];

/**
 * Patience for tests. Data nodes that fetch a block from a frozen one notice after 2 s (cluster.ts): whoever waits no
 * longer than that leaves the healthy ones as well.
 */
function access(hostMap = valve.hostMap, attempts = 6): string[] {
  const patience = ['--hdfs-idle-timeout', '4', '--hdfs-attempts', `${attempts}`];
  return ['--hdfs-user', hdfs.superuser, '--hdfs-host-map', hostMap, ...patience];
}

function start(args: readonly string[]): CoordinatorProcess {
  const run = new CoordinatorProcess([...args, '--local', '1', '--exit']);
  running.push(run);
  return run;
}

function train(path: string, name: string, more: readonly string[] = access()): CoordinatorProcess {
  const model = ['--dim', '8', '--window', '2', '--negative', '2', '--min-count', '1', '--epochs', `${EPOCHS}`];
  return start([hdfs.url + path, '--vocab', folder.at('words.txt'), ...model, '--out', folder.at(name), ...more]);
}

function resume(name: string, more: readonly string[] = access()): CoordinatorProcess {
  return start(['--resume', folder.at(name), ...more]);
}

interface Work {
  /** Pairs and tokens of every episode, in order. */
  readonly episodes: readonly string[];
  readonly vocabulary: string;
  readonly done: unknown;
}

/** What a finished run has trained: the same for every run of a text, whatever happened on the way. */
async function finished(run: CoordinatorProcess, name: string): Promise<Work> {
  expect(await run.exit(), run.stderr).toBe(0);
  const audit = auditJournal(join(folder.at(name), 'journal.jsonl'));
  expect(audit.faults).toEqual([]);
  expect(audit.applied).toBe(audit.chunks);
  const episodes = new Map<number, string>();
  for (const entry of audit.entries) {
    if (entry.kind !== 'episode') continue;
    episodes.set(entry.episode, `${entry.pairs} pairs of ${entry.fromTokens} to ${entry.toTokens}`);
  }
  return {
    episodes: [...episodes.values()],
    vocabulary: readFileSync(join(folder.at(name), 'vocab.txt'), 'utf8'),
    done: audit.entries.at(-1)?.kind === 'done' ? run.events.at(-1)?.['tokens'] : 'not done',
  };
}

async function failed(run: CoordinatorProcess): Promise<JsonEvent> {
  expect(await run.exit(), run.stderr).toBe(1);
  return run.events.at(-1)!;
}

let undisturbed: Work;

beforeAll(async () => {
  writeFileSync(folder.at('words.txt'), WORDS.join('\n'));
  await hdfs.put(`${HOME}/corpus/text.txt`, corpus);
  valve = await Valve.before(hdfs.url);
  undisturbed = await finished(train(`${HOME}/corpus`, 'undisturbed'), 'undisturbed');
});

afterEach(async () => {
  valve.release();
  for (const run of running.splice(0)) await run.kill();
});

afterAll(() => {
  valve.close();
  folder.remove();
});

// Of the second reading: the first counts the words.
const IN_TRAINING = Math.round(corpus.length * 1.4);
const IN_COUNTING = Math.round(corpus.length * 0.4);

it('trains every word of the text in every epoch', () => {
  expect(undisturbed.done).toBe(LINES * 4 * EPOCHS);
  expect(undisturbed.episodes.length).toBeGreaterThan(5);
});

describe('the serving data node', () => {
  let harmed = 0;
  afterEach(async () => {
    if (harmed > 0) await hdfs.restartDataNode(harmed);
    harmed = 0;
  });

  it('hangs while it sends, in training: the run goes on elsewhere, and says what it waited for', async () => {
    const shut = valve.shutAfter(IN_TRAINING);
    const run = train(`${HOME}/corpus`, 'frozen');
    harmed = await shut;
    await run.event('vocabulary');
    await hdfs.freezeDataNode(harmed);
    valve.release({ dataNode: harmed, how: 'silent' });
    expect(await finished(run, 'frozen')).toEqual(undisturbed);
    expect(run.stderr).toMatch(
      new RegExp(
        `warning: waiting for HDFS: data node .*dn${harmed}\\.hdfs\\.invalid.* sent nothing more within 4000 ms`,
      ),
    );
    expect(run.stderr).toMatch(/HDFS serves again/);
  });

  it('is killed while it sends, in counting, and then is down before another run begins', async () => {
    const shut = valve.shutAfter(IN_COUNTING);
    const run = train(`${HOME}/corpus`, 'killed');
    harmed = await shut;
    expect(run.events.map(({ event }) => event)).not.toContain('vocabulary');
    await hdfs.killDataNode(harmed);
    valve.release({ dataNode: harmed, how: 'cut' });
    expect(await finished(run, 'killed')).toEqual(undisturbed);
    expect(run.stderr).toMatch(/waiting for HDFS: .*broke off after \d+ of \d+ bytes/);
    const second = train(`${HOME}/corpus`, 'down', access(hdfs.hostMap));
    expect(await finished(second, 'down')).toEqual(undisturbed);
  });
});

describe('replicas', () => {
  it('of which one is damaged are read around; of which all are, the run ends and names the file', async () => {
    for (const [marker, copies] of [
      ['FAULTSONE', 1],
      ['FAULTSBOTH', 2],
    ] as const) {
      await hdfs.put(`${HOME}/${marker}/part-00000`, text(500, marker));
      await until('two replicas', 20_000, async () => {
        const web = hdfs.url.replace('webhdfs:', 'http:');
        const question = `op=GETFILEBLOCKLOCATIONS&user.name=${hdfs.superuser}`;
        const answer = await (await fetch(`${web}/webhdfs/v1${HOME}/${marker}/part-00000?${question}`)).text();
        return /"hosts":\["dn\d\.hdfs\.invalid","dn\d/.test(answer) ? true : undefined;
      });
      await hdfs.damageReplicas(marker, copies);
    }
    const [one, both] = [train(`${HOME}/FAULTSONE`, 'one'), train(`${HOME}/FAULTSBOTH`, 'both')];
    expect((await finished(one, 'one')).done).toBe(500 * 4 * EPOCHS);
    expect(await failed(both)).toMatchObject({
      event: 'error',
      code: expect.stringMatching(/^HDFS_(SHORT_BODY|NO_REPLICA)$/),
      message: expect.stringContaining('FAULTSBOTH/part-00000'),
    });
  });
});

describe('all data nodes', () => {
  const ALL = [1, 2, 3];
  let down = false;
  afterEach(async () => {
    if (down) await Promise.all(ALL.map((k) => hdfs.restartDataNode(k)));
  });

  it('are gone: the run starves and says so, ends with a checkpoint, and resumes when they are back', async () => {
    const shut = valve.shutAfter(IN_TRAINING);
    const run = train(`${HOME}/corpus`, 'gone', access(valve.hostMap, 7));
    const serving = await shut;
    down = true;
    await Promise.all(ALL.map((k) => hdfs.killDataNode(k)));
    valve.release({ dataNode: serving, how: 'cut' });
    const starved = await until('a run that starves', 60_000, async () => {
      if (run.child.exitCode !== null) throw new Error(run.stderr);
      const status = await run.status();
      return status.state === 'starved' && status.waiting !== null ? status : undefined;
    });
    expect(starved.reason).toMatch(/^no text to train on; waiting for HDFS: .*\(attempt \d+ of 7 follows\)$/);
    expect(await failed(run)).toMatchObject({
      code: 'HDFS_NO_REPLICA',
      message: expect.stringMatching(/text\.txt.*\(gave up after 7 attempts without progress/),
      hint: expect.stringMatching(/data nodes.*--resume/),
    });
    // The name node gives up its data nodes one after the other; until the last one is dead, some blocks seem alive.
    const ALL_LOST = /^8 blocks of 8 without a live replica; the first: .*text\.txt at byte 0$/;
    const seen = await until('a report of three dead data nodes and eight lost blocks', 120_000, async () => {
      const findings: Finding[] = [];
      const options = { hdfsUser: hdfs.superuser, hdfsHostMap: parseHostMap(hdfs.hostMap) };
      for await (const finding of examineCorpus([`${hdfs.url}${HOME}/corpus`], options)) findings.push(finding);
      const detail = (wanted: string) => findings.find(({ step }) => step === wanted)?.detail ?? '';
      return detail('state').includes('3 dead') && ALL_LOST.test(detail('blocks')) ? findings : undefined;
    });
    expect(seen.filter(({ ok }) => !ok)).toMatchObject([
      { step: 'state', detail: expect.stringContaining('0 live data nodes, 3 dead') },
      { step: 'blocks', detail: expect.stringMatching(ALL_LOST) },
    ]);
    await Promise.all(ALL.map((k) => hdfs.restartDataNode(k)));
    down = false;
    expect(await finished(resume('gone', access(hdfs.hostMap)), 'gone')).toEqual(undisturbed);
  });
});

describe('the corpus', () => {
  afterEach(() => hdfs.change(`${HOME}/corpus`, 'SETPERMISSION', { permission: '755' }));

  it('loses its permissions: the run ends with a checkpoint, and resumes when it may read again', async () => {
    const shut = valve.shutAfter(IN_TRAINING);
    const asStranger = access().with(1, 'stranger');
    const run = train(`${HOME}/corpus`, 'denied', asStranger);
    await shut;
    await hdfs.change(`${HOME}/corpus`, 'SETPERMISSION', { permission: '700' });
    valve.release();
    expect(await failed(run)).toMatchObject({
      code: 'HDFS_DENIED',
      message: expect.stringMatching(/user "stranger" read .*\/corpus\/text\.txt/),
      hint: expect.stringMatching(/--hdfs-user.*--resume/),
    });
    expect(existsSync(join(folder.at('denied'), 'checkpoint', 'latest'))).toBe(true);
    await hdfs.change(`${HOME}/corpus`, 'SETPERMISSION', { permission: '755' });
    expect(await finished(resume('denied', asStranger), 'denied')).toEqual(undisturbed);
  });

  it('is replaced by as many bytes: the run ends, names the file, keeps its work, and will not mix the two', async () => {
    const shut = valve.shutAfter(IN_TRAINING);
    const run = train(`${HOME}/corpus`, 'replaced');
    await shut;
    await hdfs.put(`${HOME}/corpus/text.txt`, corpus);
    valve.release();
    const changed = { code: 'SOURCE_CHANGED', message: expect.stringContaining('/corpus/text.txt') };
    expect(await failed(run)).toMatchObject(changed);
    expect(existsSync(join(folder.at('replaced'), 'checkpoint', 'latest'))).toBe(true);
  });
});
