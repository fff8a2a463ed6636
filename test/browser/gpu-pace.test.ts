// The pace of submits: starts small, settles near its target, and is not fooled by late reports.
import { describe, expect, it } from 'vitest';
import { Pace } from '../../client/worker/gpu-pace.ts';

describe('Pace', () => {
  it('starts with the least and settles near 15 ms without overshooting', () => {
    const pace = new Pace();
    expect(pace.quota).toBe(0);
    const perMs = 40;
    pace.observe(10, 10 / perMs);
    let quota = 0;
    for (let submit = 0; submit < 20; submit++) {
      expect(pace.quota).toBeLessThanOrEqual(Math.max(20, 2 * quota));
      quota = pace.quota;
      pace.observe(quota, quota / perMs);
      expect(quota / perMs).toBeLessThan(15.1);
    }
    expect(quota / perMs).toBeGreaterThan(14.9);
  });

  it('takes two ends reported together as one', () => {
    const pace = new Pace();
    const perMs = 40;
    for (let submit = 0; submit < 200; submit++) {
      const quota = Math.max(1, pace.quota);
      pace.observe(quota, (2 * quota) / perMs);
      pace.observe(quota, 0);
      expect(pace.quota / perMs).toBeLessThan(40);
    }
  });

  it('slows down when the device does', () => {
    const pace = new Pace();
    for (let submit = 0; submit < 20; submit++) pace.observe(600, 15);
    const before = pace.quota;
    for (let submit = 0; submit < 10; submit++) pace.observe(pace.quota, pace.quota / 4);
    expect(pace.quota).toBeLessThan(before / 5);
  });
});
