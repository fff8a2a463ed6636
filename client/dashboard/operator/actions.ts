// What an operator can do to the run: names, what will happen, and when it makes no sense.
import type { RunState } from '../../../protocol/status.ts';

export type OperatorAction = 'pause' | 'resume' | 'checkpoint' | 'stop';

export const ACTIONS: readonly OperatorAction[] = ['pause', 'resume', 'checkpoint', 'stop'];

export interface ActionText {
  /** On the button that opens the dialog. */
  readonly name: string;
  /** Title of the dialog: a question. */
  readonly question: string;
  readonly consequence: string;
  /** On the button that does it. */
  readonly confirm: string;
  readonly accepted: string;
}

export const ACTION_TEXTS: Readonly<Record<OperatorAction, ActionText>> = {
  pause: {
    name: 'Pause',
    question: 'Pause the run?',
    consequence:
      'No new leases are granted. What volunteers have in hand is finished and applied; then they wait, connected.',
    confirm: 'Pause the run',
    accepted: 'The run is paused: no new leases are granted.',
  },
  resume: {
    name: 'Resume',
    question: 'Resume the run?',
    consequence: 'Leases are granted again, to every volunteer that waits.',
    confirm: 'Resume the run',
    accepted: 'The run goes on: leases are granted again.',
  },
  checkpoint: {
    name: 'Checkpoint',
    question: 'Write a checkpoint now?',
    consequence:
      'The model as it is now is written to the folder of the results. Training goes on meanwhile; the disk is busy for some seconds.',
    confirm: 'Write a checkpoint',
    accepted: 'The checkpoint is written.',
  },
  stop: {
    name: 'Stop',
    question: 'Stop the run?',
    consequence:
      'Work in hand is finished, a checkpoint is written, and volunteers are sent home. The run can be continued later with --resume.',
    confirm: 'Stop the run',
    accepted: 'The run ends with a checkpoint.',
  },
};

/** Why an action makes no sense in a state of the run; null when it does. */
export function whyNot(action: OperatorAction, state: RunState): string | null {
  if (state === 'done' || state === 'failed') return 'the run is over';
  if (state === 'stopping') return 'the run is being stopped';
  switch (action) {
    case 'pause':
      return state === 'paused' ? 'the run is paused already' : null;
    case 'resume':
      return state === 'paused' ? null : 'the run is not paused';
    case 'checkpoint':
    case 'stop':
      return state === 'counting' ? 'words are still being counted: there is nothing to keep yet' : null;
  }
}
