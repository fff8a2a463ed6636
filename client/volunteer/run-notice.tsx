// What a visitor should know of the run before pressing Start, where it is not simply at work.
import type { JSX } from 'preact';
import type { RunGlance } from './run-glance.ts';

const SAID: Readonly<Record<string, string>> = {
  counting: 'The words of the text are still being counted: you can start now and will wait for the first piece.',
  preparing: 'The first pieces are being made: you can start now and will get one in a moment.',
  paused: 'The operator has paused the run: you can start now, and will wait until it goes on.',
  stopping: 'The operator is ending the run: there is no more work to hand out.',
  done: 'This run is complete: there is no more work to hand out. You can still ask its vectors for words below.',
  failed: 'This run has failed and hands out no work. Its operator has to look after it.',
};

export function RunNotice({ glance }: { glance: RunGlance }): JSX.Element | null {
  if (glance.kind === 'unreachable')
    return <p class="notice">The coordinator does not answer at the moment. Start keeps trying until it does.</p>;
  const said = glance.kind === 'known' ? SAID[glance.state] : undefined;
  return said === undefined ? null : <p class="notice">{said}</p>;
}
