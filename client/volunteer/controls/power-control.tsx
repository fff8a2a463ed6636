// Low, Balanced or Full, and how busy the engine really was.
import type { JSX } from 'preact';
import type { WorkerState, WorkerStatus } from '../../worker/api.ts';
import { hasEnded } from '../session.ts';
import { type Power, POWERS } from './settings.ts';

const CHOICES: readonly { readonly power: Power; readonly name: string; readonly note: string }[] = [
  { power: 'low', name: 'Low', note: 'cool and quiet' },
  { power: 'balanced', name: 'Balanced', note: 'the computer stays responsive' },
  { power: 'full', name: 'Full', note: 'all that it can' },
];

/** Such as "Power 31 % of 30 %": busy time measured, of busy time allowed. */
export function powerText({ target, measured }: WorkerStatus['power'], state: WorkerState): string {
  if (measured === null || hasEnded(state)) return 'What it really uses is measured while it trains';
  const idle = state === 'waiting' ? ', as it waits for work' : '';
  return `Power ${Math.round(measured)} % of ${target} %${idle}`;
}

export function PowerControl(props: {
  power: Power;
  used: WorkerStatus['power'];
  state: WorkerState;
  onChange: (power: Power) => void;
}): JSX.Element {
  const { power, used, state, onChange } = props;
  return (
    <fieldset class="power">
      <legend>Power</legend>
      <div class="power-choices">
        {CHOICES.map((choice) => (
          <label key={choice.power} class="power-choice">
            <input
              id={`power-${choice.power}`}
              type="radio"
              name="power"
              value={choice.power}
              checked={power === choice.power}
              onChange={() => onChange(choice.power)}
            />
            <span class="power-name">{choice.name}</span>
            <span class="control-note">
              {POWERS[choice.power]} % of the time: {choice.note}
            </span>
          </label>
        ))}
      </div>
      <p class="control-note" id="power-measured">
        {powerText(used, state)}
        {used.measured === null || hasEnded(state) ? (
          '.'
        ) : (
          <span class="muted"> – time computed, of the last ten seconds.</span>
        )}
      </p>
    </fieldset>
  );
}
