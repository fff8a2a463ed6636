// Drain, quarantine, ban and release for the chosen volunteers, each confirmed, with what came of it.
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { type ActionValues, type OperatorAction, VOLUNTEER_ACTIONS } from '../../../protocol/actions.ts';
import { ActionDialog } from '../operator/action-dialog.tsx';
import type { Operator } from '../operator/operator.ts';
import { decide, doneWord, type StandingResult } from './standing.ts';

/** What takes work away from a volunteer at once. */
const DANGEROUS: ReadonlySet<string> = new Set(['ban', 'quarantine']);

function numbers(ids: readonly number[]): string {
  const shown = ids.slice(0, 10).join(', ');
  return ids.length > 10 ? `${shown} and ${ids.length - 10} more` : shown;
}

function ResultLine({ result }: { result: StandingResult }): JSX.Element {
  const { done, failed, action } = result;
  const first = failed[0];
  return (
    <>
      {done.length === 0 ? null : (
        <p>
          {done.length === 1 ? 'Volunteer' : 'Volunteers'} {numbers(done)} {doneWord(action)}.
        </p>
      )}
      {first === undefined ? null : (
        <p class="failure">
          {action.title} failed for {numbers(failed.map(({ id }) => id))}: {first.failure.message}{' '}
          <code>{first.failure.code}</code>
        </p>
      )}
    </>
  );
}

export function StandingBar(props: { operator: Operator; ids: readonly number[]; onDone(): void }): JSX.Element {
  const { operator, ids, onDone } = props;
  const [asked, setAsked] = useState<OperatorAction | null>(null);
  const [busy, setBusy] = useState(false);
  const [result, setResult] = useState<StandingResult | null>(null);

  async function act(action: OperatorAction, values: ActionValues): Promise<void> {
    setAsked(null);
    setBusy(true);
    const outcome = await decide(operator, action, { ids, values });
    setBusy(false);
    setResult(outcome);
    if (outcome.failed.length === 0) onDone();
  }

  const whom = ids.length === 1 ? `volunteer ${ids[0]}` : `${ids.length} volunteers`;
  return (
    <div class="standing">
      <div class="buttons">
        {VOLUNTEER_ACTIONS.map((action) => (
          <button
            key={action.name}
            type="button"
            class={`button button-small${action.name === 'ban' ? ' button-danger' : ''}`}
            disabled={ids.length === 0 || busy}
            title={ids.length === 0 ? 'Choose volunteers first.' : ''}
            onClick={() => setAsked(action)}
          >
            {action.title}…
          </button>
        ))}
      </div>
      <div role="status">
        {busy ? <p class="muted">Asking the coordinator…</p> : result && <ResultLine result={result} />}
      </div>
      {asked === null ? null : (
        <ActionDialog
          action={asked}
          whom={whom}
          dangerous={DANGEROUS.has(asked.name)}
          onConfirm={(values) => void act(asked, values)}
          onDecline={() => setAsked(null)}
        />
      )}
    </div>
  );
}
