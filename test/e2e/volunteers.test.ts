// A whole run: corpus in a real HDFS, four Chromium tabs training in WGSL, a tab and a data node killed on the way.
import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { scoreAnalogies } from '../../word2vec/evaluation/analogies.ts';
import { NearestNeighbours } from '../../word2vec/similarity.ts';
import type { WordVectors } from '../../word2vec/vector-file.ts';
import { parseVectors } from '../../word2vec/vector-file.ts';
import { sharedHdfs } from '../hdfs/shared.ts';
import { CoordinatorProcess, until } from './coordinator-process.ts';
import { grammar } from './grammar.ts';
import type { Audit } from './journal-audit.ts';
import { auditJournal, readJournal } from './journal-audit.ts';
import { browserProcesses } from './verb-process.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const TABS = 4;
const EPOCHS = 8;
const FILES = 3;
/** Long enough for a grant, shorter than a silent connection or an expired lease takes. */
const STANDSTILL_MS = 3000;

const hdfs = sharedHdfs();
const planted = grammar({ pairs: 40, sentences: 8000, padding: 4000, seed: 7 });
const folder = mkdtempSync(join(tmpdir(), 'tributary-e2e-'));
const out = join(folder, 'run');

let coordinator: CoordinatorProcess;
let tabs: ChildProcess;
let exit: number | null;
let audit: Audit;
let vectors: WordVectors;
/** Bytes read when the data node was killed, of how many. */
let readAtKill: { done: number; total: number };
let killedSessions: readonly number[];

/** Sessions whose leases went back because they were gone. */
function sessionsReturned(): number[] {
  return readJournal(join(out, 'journal.jsonl')).entries.flatMap((entry) =>
    entry.kind === 'returned' ? [entry.session] : [],
  );
}

/** Kills page processes, one after the other, until one had a lease: two tabs at least stay. */
async function killTrainingTab(): Promise<number[]> {
  const missed = async (present: number): Promise<boolean> =>
    until('a volunteer to be missed', 3000, async () =>
      (await coordinator.status()).volunteers.length < present ? true : undefined,
    ).catch(() => false);
  let present = TABS;
  await until('the tabs to train', 60_000, async () => {
    const { volunteers } = await coordinator.status();
    return volunteers.length === TABS && volunteers.filter((one) => one.state === 'training').length >= 3
      ? true
      : undefined;
  });
  // A browser keeps a spare page process, whose death nobody misses.
  for (const page of await browserProcesses(tabs.pid!, 'renderer')) {
    // A page that stands still keeps its lease, or the one that it is granted next; a running one may be between two.
    process.kill(page, 'SIGSTOP');
    await delay(STANDSTILL_MS);
    process.kill(page, 'SIGKILL');
    if (await missed(present)) present--;
    if (sessionsReturned().length > 0 || present <= 2) break;
  }
  return sessionsReturned();
}

beforeAll(async () => {
  const lines = planted.text.trimEnd().split('\n');
  for (let k = 0; k < FILES; k++) {
    const part = lines.slice((k * lines.length) / FILES, ((k + 1) * lines.length) / FILES);
    await hdfs.put(`/planted/part-${k}.txt`, Buffer.from(`${part.join('\n')}\n`));
  }
  const settings = ['--dim', '32', '--epochs', `${EPOCHS}`, '--sample', '0', '--seed', '3'];
  const access = ['--hdfs-user', hdfs.superuser, '--hdfs-host-map', hdfs.hostMap];
  coordinator = new CoordinatorProcess([`${hdfs.url}/planted`, ...access, ...settings, '--exit', '--out', out]);
  const url = await coordinator.url();
  readAtKill = await until('the corpus to be half read', 30_000, async () => {
    const { progress, state } = await coordinator.status();
    if (progress.unit === 'tokens') throw new Error(`counting was over before the data node could be killed: ${state}`);
    return progress.done > 0 ? progress : undefined;
  });
  await hdfs.killDataNode(2);
  tabs = spawn(process.execPath, ['dist/coordinator/main.js', 'join', url, '--tabs', `${TABS}`, '--engine', 'webgpu'], {
    cwd: ROOT,
    stdio: 'ignore',
  });
  killedSessions = await killTrainingTab();
  const [gpu] = await browserProcesses(tabs.pid!, 'gpu-process');
  process.kill(gpu!, 'SIGKILL');
  exit = await coordinator.exit();
  audit = auditJournal(join(out, 'journal.jsonl'));
  vectors = await parseVectors(readFileSync(join(out, 'vectors.bin')));
}, 300_000);

afterAll(async () => {
  await coordinator.kill();
  tabs?.kill('SIGTERM');
  await hdfs.restartDataNode(2);
  await hdfs.remove('/planted');
  rmSync(folder, { recursive: true, force: true });
}, 120_000);

describe('four tabs train a corpus from HDFS', () => {
  it('finishes although a data node died while the corpus was being read', () => {
    expect(readAtKill.done).toBeLessThan(readAtKill.total);
    expect(exit, coordinator.stderr).toBe(0);
    expect(coordinator.events.at(-1)).toMatchObject({ event: 'done', outcome: 'trained', words: vectors.words.length });
  });

  it('returned the lease of the tab that was killed, and trained it again', () => {
    expect(killedSessions.length).toBeGreaterThan(0);
    const returned = audit.entries.filter(
      (entry) => entry.kind === 'returned' && killedSessions.includes(entry.session),
    );
    expect(returned.length).toBeGreaterThan(0);
  });

  it('survived the loss of the GPU: leases went back, the same tabs trained on', () => {
    const lost = audit.entries.findIndex(
      (entry) => entry.kind === 'returned' && entry.reason.startsWith('DEVICE_LOST'),
    );
    expect(lost).toBeGreaterThan(0);
    const after = audit.entries.slice(lost).flatMap((entry) => (entry.kind === 'applied' ? [entry.session] : []));
    const before = new Set(
      audit.entries.slice(0, lost).flatMap((entry) => (entry.kind === 'joined' ? [entry.session] : [])),
    );
    expect(after.filter((session) => before.has(session)).length).toBeGreaterThan(0);
  });

  it('applied every chunk exactly once and never leased a row to two volunteers', () => {
    expect(audit.faults).toEqual([]);
    expect(audit.applied).toBe(audit.chunks);
    expect(audit.chunks).toBeGreaterThan(50);
  });

  it('had all four tabs train, several at the same time', () => {
    const joined = audit.entries.filter((entry) => entry.kind === 'joined');
    expect(joined.map((entry) => entry.engine)).toEqual(Array.from({ length: TABS }, () => 'webgpu'));
    expect(audit.sessions.size).toBe(TABS);
    expect(audit.concurrency).toBeGreaterThanOrEqual(3);
  });

  it('learned the planted relation', () => {
    const questions = planted.pairs.flatMap(([country, capital], k) =>
      [1, 7, 19].map((step) => {
        const other = planted.pairs[(k + step) % planted.pairs.length]!;
        return { a: country, b: capital, c: other[0], expected: other[1] };
      }),
    );
    const { total } = scoreAnalogies(vectors, [{ name: 'planted', questions }]);
    expect(total.asked).toBe(questions.length);
    expect(total.correct / total.asked).toBeGreaterThan(0.9);
  });

  it('learned the planted neighbours', () => {
    const index = new NearestNeighbours(vectors);
    const found = planted.topics.filter((topic, k) => {
      const near = index.nearest([topic[0]!], [], 5).map((one) => one.word);
      const kin = new Set<string>([...topic, ...planted.pairs[k]!]);
      return near.filter((word) => kin.has(word)).length >= 4;
    });
    expect(found.length / planted.topics.length).toBeGreaterThan(0.9);
  });
});
