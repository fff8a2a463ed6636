// Drain, quarantine, ban and release for the chosen volunteers, each confirmed, with what came of it.
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { Confirmation } from '../operator/confirmation.tsx';
import type { Operator } from '../operator/operator.ts';
import { decide, STANDING_ACTIONS, STANDING_TEXTS, type StandingAction, type StandingResult } from './standing.ts';

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
          {done.length === 1 ? 'Volunteer' : 'Volunteers'} {numbers(done)} {STANDING_TEXTS[action].done}.
        </p>
      )}
      {first === undefined ? null : (
        <p class="failure">
          {STANDING_TEXTS[action].name} failed for {numbers(failed.map(({ id }) => id))}: {first.failure.message}{' '}
          <code>{first.failure.code}</code>
        </p>
      )}
    </>
  );
}

export function StandingBar(props: { operator: Operator; ids: readonly number[]; onDone(): void }): JSX.Element {
  const { operator, ids, onDone } = props;
  const [asked, setAsked] = useState<StandingAction | null>(null);
  const [busy, setBusy] = useState(false);
  const [result, setResult] = useState<StandingResult | null>(null);

  async function act(action: StandingAction): Promise<void> {
    setAsked(null);
    setBusy(true);
    const outcome = await decide(operator, action, ids);
    setBusy(false);
    setResult(outcome);
    if (outcome.failed.length === 0) onDone();
  }

  const whom = ids.length === 1 ? `volunteer ${ids[0]}` : `${ids.length} volunteers`;
  return (
    <div class="standing">
      <div class="buttons">
        {STANDING_ACTIONS.map((action) => (
          <button
            key={action}
            type="button"
            class={`button button-small${action === 'ban' ? ' button-danger' : ''}`}
            disabled={ids.length === 0 || busy}
            title={ids.length === 0 ? 'Choose volunteers first.' : ''}
            onClick={() => setAsked(action)}
          >
            {STANDING_TEXTS[action].name}…
          </button>
        ))}
      </div>
      <div role="status">
        {busy ? <p class="muted">Asking the coordinator…</p> : result && <ResultLine result={result} />}
      </div>
      {asked === null ? null : (
        <Confirmation
          question={`${STANDING_TEXTS[asked].name} ${whom}?`}
          confirm={`${STANDING_TEXTS[asked].name} ${whom}`}
          dangerous={asked === 'ban' || asked === 'quarantine'}
          onConfirm={() => void act(asked)}
          onDecline={() => setAsked(null)}
        >
          <p>
            Number {numbers(ids)}. {STANDING_TEXTS[asked].consequence} It is logged.
          </p>
        </Confirmation>
      )}
    </div>
  );
}
