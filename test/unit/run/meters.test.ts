// Rates, clocks and bounded histories, with time given.
import { describe, expect, it } from 'vitest';
import { EventLog, LossMeter, RateMeter, Stopwatch } from '../../../coordinator/run/meters.ts';

describe('Stopwatch', () => {
  it('counts only while it runs, from where it stood', () => {
    let ms = 0;
    const clock = new Stopwatch(() => ms, 10);
    ms = 5000;
    expect(clock.seconds).toBe(10);
    clock.start();
    ms = 7000;
    clock.start(); // again: nothing changes
    expect([clock.seconds, clock.running]).toEqual([12, true]);
    clock.stop();
    ms = 60_000;
    clock.stop();
    expect([clock.seconds, clock.running]).toEqual([12, false]);
    clock.start();
    ms = 61_500;
    expect(clock.seconds).toBe(13.5);
  });
});

describe('RateMeter', () => {
  it('is the rate over its window', () => {
    const rate = new RateMeter(10_000);
    expect(rate.wordsPerSecond).toBe(0);
    rate.sample(0, 500);
    expect(rate.wordsPerSecond).toBe(0);
    for (let second = 1; second <= 60; second++) rate.sample(second * 1000, 500 + second * (second <= 30 ? 100 : 200));
    expect(rate.wordsPerSecond).toBeCloseTo(200, 6);
  });
});

describe('LossMeter', () => {
  it('begins with the first value and follows', () => {
    const loss = new LossMeter(1000);
    expect(loss.value).toBeNull();
    loss.add(4, 100);
    expect(loss.value).toBe(4);
    for (let k = 0; k < 100; k++) loss.add(2, 100);
    expect(loss.value).toBeCloseTo(2, 3);
  });
});

describe('EventLog', () => {
  it('keeps the last events and goes on counting', () => {
    const log = new EventLog(3);
    for (const text of ['a', 'b', 'c', 'd']) log.add(0, 'info', text, { category: 'run', who: 'coordinator' });
    expect(log.events.map(({ seq, text }) => `${seq}${text}`)).toEqual(['2b', '3c', '4d']);
  });

  it('holds nothing that a terminal obeys', () => {
    const { text } = new EventLog(3).add(0, 'info', 'a page of \u009b2J\u001b[31m\r\nelsewhere', {
      category: 'server',
      who: 'coordinator',
    });
    expect(text).toBe('a page of  2J [31m elsewhere');
  });
});
