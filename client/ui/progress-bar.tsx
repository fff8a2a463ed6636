// A bar for a share between 0 and 1.
import type { JSX } from 'preact';
import { percent } from './format.ts';

export function ProgressBar({ label, value }: { label: string; value: number }): JSX.Element {
  return (
    <div
      class="progress"
      role="progressbar"
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={Math.round(value * 1000) / 10}
      aria-valuetext={percent(value)}
    >
      <div class="progress-fill" style={{ width: `${value * 100}%` }} />
    </div>
  );
}
