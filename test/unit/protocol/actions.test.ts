// What a request for an action may say: the ranges of its values, and nothing else.
import { describe, expect, it } from 'vitest';
import { type OperatorAction, readActionValues, RUN_ACTIONS } from '../../../protocol/actions.ts';

const label = 'a label';
const ACTION: OperatorAction = {
  name: 'try',
  title: 'Try',
  does: 'Nothing.',
  fields: [
    { kind: 'number', name: 'rate', label, optional: false, least: 0, most: 1, above: true },
    { kind: 'text', name: 'why', label, optional: true, longest: 5 },
    { kind: 'flag', name: 'all', label, optional: true },
  ],
};

describe('the values of an action', () => {
  it.each([[{ rate: 1 }], [{ rate: 0.001, why: 'so', all: false }], [{ rate: 0.5, all: true }]])('takes %j', (body) => {
    expect(readActionValues(ACTION, body)).toEqual(body);
  });

  it.each([
    [null, 'try takes a JSON object'],
    [[1], 'try takes a JSON object'],
    [{}, 'rate must be a number above 0, at most 1, not missing'],
    [{ rate: 0 }, 'rate must be a number above 0, at most 1, not 0'],
    [{ rate: 1.01 }, 'rate must be a number above 0, at most 1, not 1.01'],
    [{ rate: '0.5' }, 'rate must be a number above 0, at most 1, not "0.5"'],
    [{ rate: null }, 'rate must be a number above 0, at most 1, not null'],
    [{ rate: 0.5, why: '' }, 'why must be a text of 1 to 5 characters, not ""'],
    [{ rate: 0.5, why: 'longer' }, 'why must be a text of 1 to 5 characters, not "longer"'],
    [{ rate: 0.5, all: 1 }, 'all must be true or false, not 1'],
    [{ rate: 0.5, rats: 1 }, 'try takes no "rats", only rate, why, all'],
    [JSON.parse('{"rate":0.5,"__proto__":1}'), 'try takes no "__proto__", only rate, why, all'],
  ])('refuses %j', (body, problem) => {
    expect(readActionValues(ACTION, body)).toBe(problem);
  });

  it('says of an action without values that it takes none', () => {
    const pause = RUN_ACTIONS.find(({ name }) => name === 'pause')!;
    expect(readActionValues(pause, {})).toEqual({});
    expect(readActionValues(pause, { now: true })).toBe('pause takes no "now"');
  });
});
