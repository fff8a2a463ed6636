// How the log tells an operator's action: values by name, flags only when set, texts quoted.
import { expect, it } from 'vitest';
import { valuesText } from '../../../coordinator/server/operator-routes.ts';

it.each([
  [{}, ''],
  [{ all: false }, ''],
  [{ all: true }, ': all'],
  [{ alpha: 0.02 }, ': alpha 0.02'],
  [{ reason: 'too "slow"', all: true }, ': reason "too \\"slow\\"", all'],
])('%o is told as %s', (values, text) => {
  expect(valuesText(values)).toBe(text);
});
