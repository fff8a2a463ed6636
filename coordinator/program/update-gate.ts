// The gate between volunteers and a program's model: an update is checked whole before a descent sees any of it.
import type { TensorPart } from '../../protocol/program-tensors.ts';
import { TributaryError } from '../errors.ts';
import type { NamedTensors, Tensor } from './named-tensors.ts';
import { rowError } from './named-tensors.ts';

function checkShape(tensor: Tensor, part: TensorPart): void {
  const { name, shape, columns, data } = tensor;
  if (part.kind === 'dense') {
    if (part.values.length === data.length) return;
    throw new TributaryError(
      'TENSOR_SHAPE',
      `${part.values.length} values for tensor ${name}, whose shape is [${shape.join(', ')}]: ${data.length} values`,
    );
  }
  if (part.columns !== columns || part.values.length !== part.rows.length * columns)
    throw new TributaryError(
      'TENSOR_SHAPE',
      `${part.rows.length} rows of ${part.columns} columns and ${part.values.length} values for tensor ${name}, whose rows have ${columns} columns`,
    );
  let before = -1;
  for (const row of part.rows) {
    if (row <= before)
      throw new TributaryError('TENSOR_ROW', `tensor ${name}: row ${row} after row ${before}: rows ascend, none twice`);
    if (row >= shape[0]!) throw rowError(tensor, row);
    before = row;
  }
}

function checkFinite(part: TensorPart): void {
  for (let at = 0; at < part.values.length; at++) {
    if (Number.isFinite(part.values[at]!)) continue;
    const place = part.kind === 'dense' ? `value ${at}` : `row ${part.rows[Math.floor(at / part.columns)]}`;
    throw new TributaryError('TENSOR_NOT_FINITE', `tensor ${part.name}: ${place} is ${part.values[at]}`, {
      hint: 'Look for a division by zero, the logarithm of zero or an overflow in the gradient.',
    });
  }
}

/**
 * Whether a descent may see these parts.
 * @param limitBytes most bytes of all values together
 * @throws TributaryError UPDATE_TOO_LONG, TENSOR_UNKNOWN, TENSOR_SHAPE, TENSOR_ROW, TENSOR_NOT_FINITE
 */
export function checkUpdate(model: NamedTensors, parts: readonly TensorPart[], limitBytes: number): void {
  const bytes = parts.reduce((sum, part) => sum + part.values.byteLength, 0);
  if (bytes > limitBytes)
    throw new TributaryError('UPDATE_TOO_LONG', `an update of ${bytes} bytes, at most ${limitBytes} are taken`, {
      hint: 'Return only the rows that the partition touched.',
    });
  const seen = new Set<string>();
  for (const part of parts) {
    const tensor = model.get(part.name);
    if (seen.has(part.name)) throw new TributaryError('TENSOR_UNKNOWN', `the update names tensor ${part.name} twice`);
    seen.add(part.name);
    checkShape(tensor, part);
    checkFinite(part);
  }
}
