// Settings from code are checked by the rules of the command line, and completed with its defaults.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { completed, type TrainSettings } from '../../../coordinator/library/train.ts';
import { trainOptions } from '../../../coordinator/settings/train-options.ts';

describe('settings', () => {
  it("are the command line's defaults where nothing is given, but for the port and the end", () => {
    const settings = completed({}) as unknown as Record<string, unknown>;
    for (const option of trainOptions()) {
      const name = option.attributeName();
      const expected = name === 'port' ? 0 : name === 'exit' ? true : name === 'json' ? false : option.defaultValue;
      expect(settings[name], name).toEqual(expected);
    }
  });

  it('take every legal number as it is, and refuse the others by name', () => {
    fc.assert(
      fc.property(fc.integer({ min: -10, max: 5000 }), (dim) => {
        if (dim >= 1 && dim <= 1024) expect(completed({ dim }).dim).toBe(dim);
        else
          expect(() => completed({ dim })).toThrow(
            expect.objectContaining({
              code: 'SETTING_INVALID',
              message: expect.stringContaining(`dim cannot be ${dim}`) as string,
            }),
          );
      }),
    );
  });

  it.each([
    [{ dimensions: 100 }, 'SETTING_UNKNOWN', 'dimensions'],
    [{ json: true }, 'SETTING_UNKNOWN', 'json'],
    [{ hs: 'yes' }, 'SETTING_INVALID', 'hs cannot be "yes"'],
    [{ model: 'glove' }, 'SETTING_INVALID', 'model cannot be "glove"'],
    [{ similarity: 'pairs.tsv' }, 'SETTING_INVALID', 'similarity cannot be'],
    [{ sample: Number.NaN }, 'SETTING_INVALID', 'sample cannot be'],
    [{ out: null }, 'SETTING_INVALID', 'out cannot be null'],
  ])('%j is refused with %s', (settings, code, text) => {
    expect(() => completed(settings as unknown as TrainSettings)).toThrow(
      expect.objectContaining({ code, message: expect.stringContaining(text) as string }),
    );
  });

  it('leave out what is undefined', () => {
    expect(completed({ dim: undefined as unknown as number }).dim).toBe(100);
  });
});
