// What is set for all plots at once: axis, stretch, smoothing, log axes, marks, and the files to take away.
import type { JSX } from 'preact';
import { ALL, type Range } from './plot-data.ts';
import type { PlotSettings } from './plot-settings.ts';

const SPANS = [
  { name: 'All', seconds: null },
  { name: 'Last 5 min', seconds: 300 },
  { name: 'Last 15 min', seconds: 900 },
  { name: 'Last hour', seconds: 3600 },
  { name: 'Last 6 hours', seconds: 21_600 },
  { name: 'Last day', seconds: 86_400 },
] as const;

export interface PlotControlsProps {
  readonly settings: PlotSettings;
  readonly range: Range;
  readonly onSettings: (settings: PlotSettings) => void;
  readonly onRange: (range: Range) => void;
  readonly onCsv: () => void;
  readonly onPng: () => void;
}

function Check(props: { name: string; on: boolean; disabled?: boolean; onChange(on: boolean): void }): JSX.Element {
  return (
    <label class="check">
      <input
        type="checkbox"
        checked={props.on}
        disabled={props.disabled === true}
        onChange={(event) => props.onChange(event.currentTarget.checked)}
      />
      {props.name}
    </label>
  );
}

export function PlotControls(props: PlotControlsProps): JSX.Element {
  const { settings, range, onSettings, onRange } = props;
  const set = (change: Partial<PlotSettings>): void => onSettings({ ...settings, ...change });
  return (
    <div class="plot-controls" role="group" aria-label="Settings of all plots">
      <label class="check">
        Over
        <select
          value={settings.over}
          onChange={(event) => set({ over: event.currentTarget.value === 'words' ? 'words' : 'time' })}
        >
          <option value="time">time</option>
          <option value="words">words trained</option>
        </select>
      </label>
      <label class="check">
        Show
        <select
          value={range.kind === 'last' ? String(range.seconds) : range.kind}
          onChange={({ currentTarget: { value } }) =>
            onRange(value === 'all' ? ALL : { kind: 'last', seconds: Number(value) })
          }
        >
          {range.kind === 'between' ? <option value="between">Chosen stretch</option> : null}
          {SPANS.map(({ name, seconds }) => (
            <option key={name} value={seconds === null ? 'all' : String(seconds)}>
              {name}
            </option>
          ))}
        </select>
      </label>
      <button type="button" class="button button-small" disabled={range.kind === 'all'} onClick={() => onRange(ALL)}>
        Reset zoom
      </button>
      <label class="check">
        Smoothing
        <input
          type="range"
          min="0"
          max="0.99"
          step="0.01"
          value={settings.smoothing}
          onInput={(event) => set({ smoothing: Number(event.currentTarget.value) })}
        />
        <output class="smoothing">{settings.smoothing.toFixed(2)}</output>
      </label>
      <Check name="Log y" on={settings.logY} onChange={(logY) => set({ logY })} />
      <Check
        name="Log x"
        on={settings.logX && settings.over === 'words'}
        disabled={settings.over === 'time'}
        onChange={(logX) => set({ logX })}
      />
      <Check name="Events" on={settings.marks} onChange={(marks) => set({ marks })} />
      <span class="plot-files">
        <button type="button" class="button button-small" onClick={props.onCsv}>
          CSV
        </button>
        <button type="button" class="button button-small" onClick={props.onPng}>
          PNG
        </button>
      </span>
    </div>
  );
}
