// What this page is for, in the operator's words where there are any, and that nothing runs before Start.
import type { JSX } from 'preact';
import type { About } from '../../protocol/status.ts';
import { ForWhom } from '../ui/for-whom.tsx';

export const DEFAULT_TITLE = 'Help train word vectors';

/** @param about null while it is not known */
export function Intro({ about, started }: { about: About | null; started: boolean }): JSX.Element {
  const titled = about !== null && about.title !== '';
  return (
    <div class={`intro${started ? ' intro-small' : ''}`}>
      <h1>
        <bdi>{titled ? about.title : DEFAULT_TITLE}</bdi>
      </h1>
      {about === null ? null : <ForWhom about={about} />}
      {about === null || about.purpose === '' ? null : (
        <p class="purpose">
          <bdi>{about.purpose}</bdi>
        </p>
      )}
      {started ? null : (
        <p class="lead">
          {titled ? 'This tab can help' : 'This tab can help a shared job'}: a computer learns from text which words are
          used alike, and your GPU or CPU does a part of the sums. <strong>Nothing runs until you press Start</strong>,
          and you can leave whenever you like.
        </p>
      )}
    </div>
  );
}
