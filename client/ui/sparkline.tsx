// A small line without axes: how a figure went, its newest value at the right end.
import type { JSX } from 'preact';

/** More points than a small picture has room for are left out evenly. */
const MOST = 240;

/** The line as an SVG path in a box of 100 × 30; '' while there are fewer than two values. Gaps are bridged. */
export function sparkPath(values: readonly (number | null)[]): string {
  const known = values.filter((value): value is number => value !== null && Number.isFinite(value));
  const step = Math.max(1, Math.ceil(known.length / MOST));
  const kept = known.filter((_, at) => (known.length - 1 - at) % step === 0);
  if (kept.length < 2) return '';
  const least = Math.min(...kept);
  const span = Math.max(...kept) - least;
  const place = (value: number, at: number): string =>
    `${((at / (kept.length - 1)) * 100).toFixed(2)},${(span === 0 ? 15 : 29 - ((value - least) / span) * 28).toFixed(2)}`;
  return `M${kept.map(place).join('L')}`;
}

export function Sparkline({ label, values }: { label: string; values: readonly (number | null)[] }): JSX.Element {
  const path = sparkPath(values);
  if (path === '') return <p class="sparkline muted">{label}: not measured yet.</p>;
  return (
    <svg class="sparkline" viewBox="0 0 100 30" preserveAspectRatio="none" role="img" aria-label={label}>
      <path d={path} vector-effect="non-scaling-stroke" />
    </svg>
  );
}
