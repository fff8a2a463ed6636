// The volunteer's state with its reason, what it trains with, and the buttons.
import type { JSX } from 'preact';
import { useLayoutEffect, useRef } from 'preact/hooks';
import { Badge, type Tone } from '../ui/badge.tsx';
import { duration } from '../ui/format.ts';
import type { WorkerState, WorkerStatus } from '../worker/api.ts';
import type { Capability } from './capability.ts';
import { Announcement } from './announcement.tsx';
import { EngineLine } from './engine-line.tsx';
import { hasEnded } from './session.ts';

export interface VolunteerActions {
  start(): void;
  pause(): void;
  resume(): void;
  finish(): void;
  leave(): void;
}

const STATES: Readonly<Record<WorkerState, { readonly word: string; readonly tone: Tone }>> = {
  idle: { word: 'Ready', tone: 'neutral' },
  connecting: { word: 'Connecting', tone: 'busy' },
  waiting: { word: 'Waiting', tone: 'busy' },
  training: { word: 'Training', tone: 'good' },
  paused: { word: 'Paused', tone: 'warning' },
  leaving: { word: 'Finishing', tone: 'warning' },
  left: { word: 'Left', tone: 'neutral' },
  done: { word: 'Run complete', tone: 'good' },
  banned: { word: 'Sent away', tone: 'bad' },
  error: { word: 'Stopped', tone: 'bad' },
};

/** For the eyes alone: a screen reader would say it each second. */
function Countdown({ status: { state, reconnectInMs } }: { status: WorkerStatus }): JSX.Element | null {
  if (reconnectInMs === null) return null;
  const left = duration(Math.max(1, Math.ceil(reconnectInMs / 1000)));
  return (
    <span class="countdown" aria-hidden="true">
      {state === 'connecting' ? `reconnecting in ${left}: ` : `next attempt in ${left}; `}
    </span>
  );
}

export function StatePanel(props: {
  status: WorkerStatus;
  capability: Capability;
  actions: VolunteerActions;
}): JSX.Element {
  const { status, capability, actions } = props;
  const { word, tone } = STATES[status.state];
  const ended = hasEnded(status.state);
  const paused = status.state === 'paused';
  const leaving = status.state === 'leaving';
  const panel = useRef<HTMLElement>(null);

  // A button that hides itself takes the focus with it: who uses the keyboard would begin at the top again.
  const hadFocus = panel.current?.contains(document.activeElement) ?? false;
  useLayoutEffect(() => {
    if (hadFocus && document.activeElement === document.body)
      panel.current?.querySelector<HTMLButtonElement>('button:not([hidden])')?.focus();
  }, [ended, leaving]);

  return (
    <section ref={panel} class="panel state-panel" aria-label="This tab">
      <div class="state">
        <Badge tone={tone} word={word} live={status.state === 'training'} />
        <p class="state-reason">
          <Countdown status={status} />
          {status.reason}
        </p>
      </div>
      <Announcement state={status.state} word={word} reason={status.reason} />
      <EngineLine status={status} capability={capability} />
      <div class="buttons" hidden={status.state === 'banned'}>
        <button
          id="start"
          type="button"
          class="button button-primary button-large"
          hidden={!ended || status.state === 'banned'}
          onClick={actions.start}
        >
          {status.state === 'idle' ? 'Start' : 'Start again'}
        </button>
        <button
          id="pause"
          type="button"
          class="button"
          hidden={ended || leaving}
          onClick={paused ? actions.resume : actions.pause}
        >
          {paused ? 'Resume' : 'Pause'}
        </button>
        <button id="finish" type="button" class="button" hidden={ended || leaving} onClick={actions.finish}>
          Finish this piece, then leave
        </button>
        <button id="leave" type="button" class="button" hidden={ended} onClick={actions.leave}>
          Leave now
        </button>
      </div>
    </section>
  );
}
