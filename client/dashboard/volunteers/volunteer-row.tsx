// One row of the table of volunteers. What strangers named themselves and their devices is text, cut by the style sheet.
import { Component, type JSX } from 'preact';
import type { VolunteerLine } from '../../../protocol/operator.ts';
import { Badge, type Tone } from '../../ui/badge.tsx';
import { count, duration, percent } from '../../ui/format.ts';
import { stateWord } from './table-order.ts';

const TONES: Readonly<Record<string, Tone>> = {
  training: 'good',
  paused: 'warning',
  leaving: 'warning',
  drained: 'warning',
  quarantined: 'bad',
  banned: 'bad',
};

export function StateBadge({ line }: { line: VolunteerLine }): JSX.Element {
  const word = stateWord(line);
  return <Badge tone={TONES[word] ?? 'neutral'} word={word} />;
}

export function checksText({ checks }: VolunteerLine): string {
  if (checks === null) return '–';
  const failed = checks.failed === 0 ? '' : `, ${count(checks.failed)} failed`;
  const pending = checks.pending === 0 ? '' : `, ${count(checks.pending)} under way`;
  return `${count(checks.passed)} passed${failed}${pending}`;
}

export interface RowProps {
  readonly line: VolunteerLine;
  /** Milliseconds since 1970. */
  readonly now: number;
  /** null where nothing can be chosen. */
  readonly chosen: boolean | null;
  readonly linked: boolean;
  onChoose(id: number, chosen: boolean): void;
}

/** Drawn again only when its line, its mark or a shown age changes. */
export class VolunteerTableRow extends Component<RowProps> {
  override shouldComponentUpdate(next: RowProps): boolean {
    const { line, now, chosen, linked } = this.props;
    return (
      next.line !== line || next.chosen !== chosen || next.linked !== linked || (next.now !== now && line.left === null)
    );
  }

  override render({ line, now, chosen, linked, onChoose }: RowProps): JSX.Element {
    const name = line.name === '' ? `Volunteer ${line.id}` : line.name;
    return (
      <tr data-id={line.id} class={chosen === true ? 'chosen' : ''}>
        {chosen === null ? null : (
          <td>
            <input
              type="checkbox"
              aria-label={`Choose ${name}, number ${line.id}`}
              checked={chosen}
              onChange={(event) => onChoose(line.id, event.currentTarget.checked)}
            />
          </td>
        )}
        <td class="number">{line.id}</td>
        <td class="cell-name">
          {linked ? (
            <a href={`#volunteers/${line.id}`}>
              <bdi>{name}</bdi>
            </a>
          ) : (
            <bdi>{name}</bdi>
          )}
          {line.local ? <span class="tag">local</span> : null}
        </td>
        <td class="cell-device">
          <bdi title={line.device}>{line.device === '' ? 'unnamed' : line.device}</bdi>
          <span class="tags">
            <span class="tag">{line.engine === 'webgpu' ? 'GPU' : 'CPU'}</span>
          </span>
        </td>
        <td class="cell-browser">
          <bdi>{line.browser === '' ? '–' : line.browser}</bdi>
        </td>
        <td>{line.local ? '–' : line.hidden ? 'hidden' : 'visible'}</td>
        <td class="cell-state">
          <StateBadge line={line} />
          <span class="cell-reason" title={line.reason}>
            {line.reason}
          </span>
        </td>
        <td class="number">{count(line.wordsPerSecond)}</td>
        <td class="number">{line.roundTripMs === null ? '–' : `${Math.round(line.roundTripMs)}\u00a0ms`}</td>
        <td class="number">{line.leaseSince === null ? '–' : duration((now - line.leaseSince) / 1000)}</td>
        <td class="number">{line.acceptedShare === null ? '–' : percent(line.acceptedShare)}</td>
        <td class="number">{count(line.acceptedWords)}</td>
        <td class={`number${line.rejected > 0 ? ' alarming' : ''}`}>{count(line.rejected)}</td>
        <td class={line.checks !== null && line.checks.failed > 0 ? 'alarming' : ''}>{checksText(line)}</td>
        <td class="number">{duration(((line.left ?? now) - line.joined) / 1000)}</td>
      </tr>
    );
  }
}
