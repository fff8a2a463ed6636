// What the tab may use, for the volunteer to set: power always in view, the limits below it, and remembering.
import type { JSX } from 'preact';
import type { WorkerStatus } from '../../worker/api.ts';
import type { ControlsView } from './controller.ts';
import { Limits } from './limits.tsx';
import { PowerControl } from './power-control.tsx';
import type { Settings } from './settings.ts';

export interface ControlsActions {
  change(patch: Partial<Settings>): void;
  remember(wanted: boolean): void;
}

export function ControlsPanel(props: {
  view: ControlsView;
  status: WorkerStatus;
  actions: ControlsActions;
}): JSX.Element {
  const { view, status, actions } = props;
  return (
    <section class="panel volunteer-controls" aria-labelledby="controls-title">
      <h2 id="controls-title">What it may use</h2>
      {view.notice === null ? null : (
        <p class="notice" role="status">
          {view.notice}
        </p>
      )}
      <PowerControl
        power={view.settings.power}
        used={status.power}
        state={status.state}
        onChange={(power) => actions.change({ power })}
      />
      <Limits view={view} change={(patch) => actions.change(patch)} />
      <div class="remembering">
        <label class="check">
          <input
            id="remember"
            type="checkbox"
            checked={view.remembered}
            onChange={(event) => actions.remember(event.currentTarget.checked)}
          />
          <span>
            Remember these settings in this browser
            <span class="control-note">
              {view.remembered
                ? 'Stored here: the settings above and how much was transferred today. Nothing is sent anywhere.'
                : 'Nothing is stored: they last until this page is closed.'}
            </span>
          </span>
        </label>
        <button
          id="forget"
          type="button"
          class="button"
          hidden={!view.remembered}
          onClick={() => actions.remember(false)}
        >
          Forget them
        </button>
      </div>
    </section>
  );
}
