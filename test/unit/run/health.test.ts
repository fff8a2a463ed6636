// One word for how a run does: which it is, and that every reason says what it is about.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type HealthFigures, healthOf } from '../../../coordinator/run/health.ts';

const well: HealthFigures = {
  state: 'training',
  reason: '4 volunteers',
  warning: null,
  waiting: null,
  readFailures: null,
  lagMs: 3,
  ended: { applied: 100, expired: 1, rejected: 0 },
  willing: 4,
  hungry: 0,
  waitingChunks: 20,
  checkpointError: null,
};

describe('health', () => {
  it.each([
    ['all is well', {}, 'healthy', '4 volunteers'],
    ['words are counted', { state: 'counting', reason: 'counting words' }, 'healthy', 'counting words'],
    ['nobody is here', { state: 'starved', reason: 'no volunteer is here' }, 'starved', 'no volunteer is here'],
    ['it is paused', { state: 'paused', reason: 'by the operator' }, 'halted', 'paused by the operator'],
    ['it is stopping', { state: 'stopping', reason: 'leases may end' }, 'halted', 'leases may end'],
    ['it is done', { state: 'done', reason: 'all epochs', warning: 'diverges' }, 'done', 'all epochs'],
    ['it failed', { state: 'failed', reason: 'JOURNAL', waiting: 'dn3' }, 'failed', 'JOURNAL'],
    ['it diverges', { warning: 'this run diverges: lower --alpha', waiting: 'dn3' }, 'diverging', 'lower --alpha'],
    ['it diverged and nobody is here', { state: 'starved', warning: 'this run diverges' }, 'diverging', 'diverges'],
    ['a data node is silent', { waiting: 'dn3 is silent' }, 'degraded', 'dn3 is silent'],
    [
      'a data node fails again and again',
      { readFailures: { count: 7, where: 'data node dn3:9864', code: 'HDFS_TIMEOUT' } },
      'degraded',
      '7 attempts to read the corpus failed in the last minute, most of them at data node dn3:9864 (HDFS_TIMEOUT)',
    ],
    [
      'a data node failed once',
      { readFailures: { count: 1, where: 'data node dn3:9864', code: 'HDFS_TIMEOUT' } },
      'healthy',
      '',
    ],
    ['the event loop lags', { lagMs: 340 }, 'degraded', '340 ms'],
    ['the event loop lags a little', { lagMs: 240 }, 'healthy', ''],
    ['checkpoints fail', { checkpointError: 'no space' }, 'degraded', 'no space'],
    ['leases expire', { ended: { applied: 80, expired: 15, rejected: 5 } }, 'degraded', '15 of 100 leases expired'],
    ['too few leases ended to tell', { ended: { applied: 1, expired: 8, rejected: 0 } }, 'healthy', ''],
    ['volunteers wait while chunks do', { hungry: 3 }, 'degraded', '3 of 4 volunteers wait while 20 chunks do'],
    ['volunteers wait, and nothing else does', { hungry: 3, waitingChunks: 0 }, 'healthy', ''],
  ] as const)('when %s', (_, given, word, reason) => {
    const health = healthOf({ ...well, ...given });
    expect(health.word).toBe(word);
    expect(health.reason).toContain(reason);
  });

  it('never gets better by a fault more, and always has a reason', () => {
    const rank = ['healthy', 'degraded', 'starved', 'diverging', 'halted', 'done', 'failed'];
    const faults: fc.Arbitrary<Partial<HealthFigures>> = fc.constantFrom(
      { lagMs: 500 },
      { waiting: 'dn3' },
      { checkpointError: 'no space' },
      { warning: 'diverges' },
      { hungry: 4 },
      { ended: { applied: 0, expired: 50, rejected: 0 } },
    );
    const state = fc.constantFrom('training', 'preparing', 'counting', 'starved', 'paused', 'done', 'failed');
    fc.assert(
      fc.property(state, fc.array(faults, { maxLength: 4 }), faults, (given, before, fault) => {
        const base = Object.assign({}, well, { state: given }, ...before) as HealthFigures;
        const [less, more] = [healthOf(base), healthOf({ ...base, ...fault })];
        expect(rank.indexOf(more.word)).toBeGreaterThanOrEqual(rank.indexOf(less.word));
        expect(more.reason).not.toBe('');
      }),
    );
  });
});
