// Which name node is asked: the breaker as a state machine over time, turns, and what a failed round says.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Breaker } from '../../../coordinator/corpus/webhdfs/breaker.ts';
import { HdfsError } from '../../../coordinator/corpus/webhdfs/failure.ts';
import { NameNodes } from '../../../coordinator/corpus/webhdfs/name-nodes.ts';
import { DEFAULT_POLICY, Patience } from '../../../coordinator/corpus/webhdfs/patience.ts';

describe('a breaker', () => {
  it('is open for the cool-down after so many failures in a row, and after each further one', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 5 }),
        fc.integer({ min: 1, max: 100 }),
        fc.array(fc.record({ after: fc.nat(60), fails: fc.boolean() }), { maxLength: 40 }),
        (failures, coolDownMs, events) => {
          const breaker = new Breaker({ failures, coolDownMs });
          let now = 0;
          const history: { readonly at: number; readonly fails: boolean }[] = [];
          for (const { after, fails } of events) {
            now += after;
            if (fails) breaker.failed(now);
            else breaker.answered();
            history.push({ at: now, fails });
            // Said of the whole history, without any state of its own.
            const streak = history.length - 1 - history.findLastIndex((event) => !event.fails);
            const last = history.at(-1)?.at ?? 0;
            for (const probe of [0, coolDownMs - 1, coolDownMs]) {
              expect(breaker.isOpen(last + probe)).toBe(streak >= failures && probe < coolDownMs);
            }
          }
        },
      ),
    );
  });
});

const unreachable = (): HdfsError => new HdfsError('HDFS_NAME_NODE_UNREACHABLE', 'closed', { remedy: 'next' });
const unresolved = (): HdfsError =>
  new HdfsError('HDFS_NAME_NODE_UNRESOLVED', 'no name', { remedy: 'next', settled: true });
const expired = (): HdfsError => new HdfsError('HDFS_TLS_UNTRUSTED', 'a strange certificate');
const standby = (): HdfsError => new HdfsError('HDFS_STANDBY', 'a standby', { remedy: 'next', awaited: true });
const starting = (): HdfsError => new HdfsError('HDFS_SAFE_MODE', 'starting', { remedy: 'next', awaited: true });

function named(count: number): NameNodes {
  return new NameNodes(
    Array.from({ length: count }, (_, k) => `http://nn${k + 1}:9870`),
    { failures: 3, coolDownMs: 1_000 },
  );
}

describe('name nodes', () => {
  const hosts = (nodes: NameNodes, now: number): string =>
    nodes
      .inTurn(now)
      .map((peer) => peer.host)
      .join(' ');

  it('are asked from the last one that served', () => {
    const nodes = named(3);
    expect(hosts(nodes, 0)).toBe('nn1 nn2 nn3');
    nodes.served(nodes.peers[1]!);
    expect(hosts(nodes, 0)).toBe('nn2 nn3 nn1');
  });

  it('are asked last after three transport failures, and in turn again after the cool-down', () => {
    const nodes = named(3);
    for (let k = 0; k < 3; k += 1) {
      expect(hosts(nodes, k)).toBe('nn1 nn2 nn3');
      nodes.failed(nodes.peers[0]!, unreachable(), k);
    }
    expect(hosts(nodes, 1_001)).toBe('nn2 nn3 nn1');
    expect(hosts(nodes, 1_002)).toBe('nn1 nn2 nn3');
    // One more failure is enough now, and one answer, even a refusal, ends it.
    nodes.failed(nodes.peers[0]!, unreachable(), 1_002);
    expect(hosts(nodes, 2_001)).toBe('nn2 nn3 nn1');
    nodes.refused(nodes.peers[0]!);
    expect(hosts(nodes, 2_001)).toBe('nn1 nn2 nn3');
  });

  it('are not left alone for being standby', () => {
    const nodes = named(2);
    for (let k = 0; k < 9; k += 1) nodes.failed(nodes.peers[0]!, standby(), 0);
    expect(hosts(nodes, 0)).toBe('nn1 nn2');
  });

  it('give one failure for the round: what is told first is what will pass', () => {
    const nodes = named(2);
    const round = nodes.failure([unreachable(), standby()]);
    expect(round).toMatchObject({ code: 'HDFS_STANDBY', message: 'closed; a standby', remedy: 'next', awaited: true });
    expect(round.hint).toContain('haadmin');
    expect(nodes.failure([standby(), starting()])).toMatchObject({ code: 'HDFS_SAFE_MODE', awaited: true });
    expect(nodes.failure([starting(), unreachable()])).toMatchObject({ code: 'HDFS_SAFE_MODE' });
  });

  it('are waited for when they served before, and hardly when they never did', () => {
    const one = named(1);
    for (const failure of [unreachable(), unresolved(), standby()])
      expect(one.failure([failure])).toMatchObject({ settled: true });
    one.served(one.peers[0]!);
    for (const failure of [unreachable(), unresolved(), standby()])
      expect(one.failure([failure])).toMatchObject({ settled: false, awaited: true });
  });
});

describe('a stranger among the name nodes', () => {
  it('ends a run that never found another one, and is no reason not to wait for one that served', () => {
    const nodes = named(2);
    for (const other of [standby(), unreachable()])
      expect(nodes.failure([expired(), other])).toMatchObject({ code: 'HDFS_TLS_UNTRUSTED', remedy: 'none' });
    nodes.served(nodes.peers[1]!);
    expect(nodes.failure([expired(), standby()])).toMatchObject({ code: 'HDFS_STANDBY', awaited: true });
    expect(nodes.failure([unreachable(), expired()])).toMatchObject({ remedy: 'next', awaited: true });
    expect(nodes.failure([expired(), expired()])).toMatchObject({ code: 'HDFS_TLS_UNTRUSTED', remedy: 'none' });
  });
});

describe('the retry budget', () => {
  const attempts = { usual: 12, settled: 3, awaited: 60 } as const;
  type Kind = keyof typeof attempts;

  async function survives(failures: readonly Kind[]): Promise<boolean> {
    const waits: number[] = [];
    const patience = new Patience(DEFAULT_POLICY, {
      now: () => 0,
      random: () => 0.999,
      sleep: async (ms) => void waits.push(ms),
    });
    try {
      for (const kind of failures) {
        await patience.spend(
          new HdfsError('HDFS_TIMEOUT', kind, {
            remedy: 'again',
            settled: kind === 'settled',
            awaited: kind === 'awaited',
          }),
        );
      }
      return true;
    } catch {
      return false;
    } finally {
      expect(Math.max(0, ...waits)).toBeLessThanOrEqual(DEFAULT_POLICY.capMs);
    }
  }

  it('is one for all kinds of failure, each with its price', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.constantFrom<Kind>('usual', 'settled', 'awaited', 'awaited', 'awaited'), { maxLength: 80 }),
        async (failures) => {
          // In 60ths, so that nothing is rounded.
          const price = failures.reduce((sum, kind) => sum + 60 / attempts[kind], 0);
          expect(await survives(failures)).toBe(price < 60);
        },
      ),
    );
    expect(await survives(Array.from({ length: 11 }, () => 'usual' as const))).toBe(true);
    expect(await survives(Array.from({ length: 12 }, () => 'usual' as const))).toBe(false);
  });
});
