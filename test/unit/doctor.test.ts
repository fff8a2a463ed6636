// The versions of Node that doctor accepts.

import { describe, expect, it } from 'vitest';
import { examineNode } from '../../coordinator/commands/doctor.ts';

describe('Node', () => {
  it.each(['20.19.0', '20.20.2', '22.0.0', '100.1.0'])('%s is new enough', (version) => {
    expect(examineNode(version)).toEqual({ group: 'this machine', step: 'Node', ok: true, detail: version });
  });

  it.each(['18.20.8', '20.18.3', '9.99.0'])('%s is too old, and the hint says which is not', (version) => {
    expect(examineNode(version)).toMatchObject({ ok: false, detail: version, hint: expect.stringContaining('20.19') });
  });
});
