// The progress bar of `tributary train`: one line, whatever the width of the terminal.
import { describe, expect, it } from 'vitest';
import { progressLine } from '../../coordinator/commands/train-output.ts';
import { runStatus } from '../browser/pages-fixture.ts';

const training = { ...runStatus, state: 'training', etaSeconds: 3599, loss: 2.5 } as const;

describe('progress line', () => {
  it('fits every width, with room for the echo of Ctrl-C', () => {
    for (let columns = 24; columns <= 200; columns++) {
      expect(progressLine(training, columns).length).toBeLessThanOrEqual(columns - 3);
    }
  });

  it('gives up the losses before anything else, and never a word in half at 80 columns', () => {
    expect(progressLine(training, 200)).toMatch(/^[█░]{24} .*volunteers? {2}loss 2\.500 {2}held out 2\.679$/);
    expect(progressLine(training, 80)).toMatch(/^[█░]{8,} .*\d min \d\d s left {2}\d+ volunteers?( {2}loss 2\.500)?$/);
  });

  it('says before all else that the run diverges', () => {
    expect(progressLine({ ...training, warning: 'this run diverges: …' }, 60)).toMatch(/^[█░]+ DIVERGING {2}/);
  });

  it('says what it waits for, while counting and while training', () => {
    const waiting = 'data node dn2:9864 has been silent for 9 s';
    const counting = { ...runStatus, state: 'counting', progress: { done: 5e6, total: 9e6, unit: 'bytes' } } as const;
    for (const status of [counting, training]) {
      expect(progressLine({ ...status, waiting }, 300)).toMatch(/ {2}waiting for HDFS: data node dn2:9864 .* 9 s$/);
      expect(progressLine(status, 300)).not.toContain('HDFS');
    }
  });
});
