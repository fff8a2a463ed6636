// Lengths of the rows of both matrices as histograms, and the rows that nobody has touched.
import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import type { MatrixStatus, ModelStatus } from '../../../protocol/operator.ts';
import type { CallFailure } from '../../ui/coordinator-call.ts';
import { count, percent, share, timeOfDay } from '../../ui/format.ts';
import type { Operator } from '../operator/operator.ts';

function Histogram({ name, matrix, rows }: { name: string; matrix: MatrixStatus; rows: number }): JSX.Element {
  const { counts, step } = matrix.histogram;
  const most = Math.max(1, ...counts);
  const said = `${name}: mean length ${matrix.mean.toFixed(2)}, longest ${matrix.longest.toFixed(2)}.`;
  return (
    <figure class="histogram">
      <figcaption>{name}</figcaption>
      <div class="histogram-bars" role="img" aria-label={`Histogram of lengths. ${said}`}>
        {counts.map((times, at) => (
          <span
            key={at}
            style={{ height: `${(times / most) * 100}%` }}
            title={`${(at * step).toFixed(2)} to ${((at + 1) * step).toFixed(2)}: ${times} rows`}
          />
        ))}
      </div>
      <p class="histogram-axis muted">
        <span>0</span>
        <span>{(counts.length * step).toFixed(1)}</span>
      </p>
      <p class="muted">
        Mean length {matrix.mean.toFixed(2)}, longest {matrix.longest.toFixed(2)}. Never touched:{' '}
        {count(matrix.untouched)} of {count(rows)} rows ({percent(share(matrix.untouched, rows))}).
      </p>
    </figure>
  );
}

export function RowLengths({ operator }: { operator: Operator }): JSX.Element {
  const [model, setModel] = useState<ModelStatus | null>(null);
  const [failure, setFailure] = useState<CallFailure | null>(null);
  const { signedIn } = operator;

  async function look(signal?: AbortSignal): Promise<void> {
    try {
      const request = signal === undefined ? {} : { signal };
      const result = await operator.call<ModelStatus>('api/model', { method: 'GET', ...request });
      if (signal?.aborted === true) return;
      if (result.ok) setModel(result.body);
      setFailure(result.ok ? null : result.failure);
    } catch (error) {
      // The section was left meanwhile.
      if (signal?.aborted !== true) throw error;
    }
  }
  useEffect(() => {
    if (!signedIn) return undefined;
    const stop = new AbortController();
    void look(stop.signal);
    return () => stop.abort();
  }, [signedIn]);

  if (!signedIn) return <p class="muted">Lengths of rows are shown to the operator: sign in on the overview.</p>;
  return (
    <>
      {failure === null ? null : (
        <p class="failure" role="alert">
          {failure.message} <code>{failure.code}</code>
        </p>
      )}
      {model === null ? null : (
        <div class="histograms">
          <Histogram name="Input rows: the vectors" matrix={model.input} rows={model.rows} />
          <Histogram name="Output rows" matrix={model.output} rows={model.rows} />
        </div>
      )}
      <div class="table-foot">
        <p class="muted">
          {model === null ? '' : `Measured at ${timeOfDay(model.time)}, version ${count(model.modelVersion)}.`}
        </p>
        <button type="button" class="button button-small" onClick={() => void look()}>
          Measure again
        </button>
      </div>
    </>
  );
}
