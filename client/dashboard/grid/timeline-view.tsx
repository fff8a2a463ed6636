// The timeline of the last leases on a canvas; the lease under the pointer or the arrow keys is told in words below.
import type { JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import type { LeaseEntry, LeaseOutcome, VolunteerLine } from '../../../protocol/operator.ts';
import { count, duration } from '../../ui/format.ts';
import { cssColor, onThemeChange } from '../../ui/theme.ts';
import { barOf, type Lane, lanesOf, leaseAt, OUTCOMES, spanOf, TIMELINE_MS } from './timeline-lanes.ts';

const COLORS: Readonly<Record<LeaseOutcome, `--${string}`>> = {
  held: '--block-leased',
  applied: '--block-done',
  expired: '--warning',
  returned: '--line-strong',
  rejected: '--bad',
};
/** CSS pixels. */
const LANE = 16;
const LABEL = 56;

/** What failed differs in height as well: colours alone do not tell. */
const HEIGHTS: Readonly<Record<LeaseOutcome, number>> = { held: 6, applied: 12, expired: 4, returned: 4, rejected: 12 };

function draw(canvas: HTMLCanvasElement, width: number, lanes: readonly Lane[], to: number, span: number): void {
  const context = canvas.getContext('2d');
  if (context === null) return;
  const scale = devicePixelRatio;
  const height = Math.max(1, lanes.length) * LANE;
  canvas.width = Math.max(1, Math.floor(width * scale));
  canvas.height = Math.floor(height * scale);
  canvas.style.height = `${height}px`;
  context.scale(scale, scale);
  context.font = `11px ${cssColor('--font')}`;
  context.textBaseline = 'middle';
  for (const [at, lane] of lanes.entries()) {
    const middle = at * LANE + LANE / 2;
    context.fillStyle = cssColor('--text-muted');
    context.fillText(lane.session === null ? 'others' : `${lane.session}`, 0, middle, LABEL - 6);
    for (const lease of lane.leases) {
      const bar = barOf(lease, to, width - LABEL, span);
      const tall = HEIGHTS[lease.outcome];
      context.fillStyle = cssColor(COLORS[lease.outcome]);
      context.fillRect(LABEL + bar.x, middle - tall / 2, Math.max(1, bar.width - 1), tall);
      if (lease.outcome !== 'rejected') continue;
      context.fillStyle = cssColor('--surface');
      context.fillRect(LABEL + bar.x, middle - 1, bar.width, 2);
    }
  }
}

/** A lease in a sentence. */
export function leaseText(lease: LeaseEntry, now: number): string {
  const took = duration(((lease.ended ?? now) - lease.granted) / 1000);
  const how = lease.outcome === 'held' ? `held for ${took}` : `${lease.outcome} after ${took}`;
  const why = lease.reason === '' ? '' : ` (${lease.reason})`;
  return `Volunteer ${lease.session}, lease ${lease.lease}: block ${lease.i}, ${lease.j} of episode ${lease.episode}, ${count(lease.words)} words, ${how}${why}.`;
}

function step(lanes: readonly Lane[], chosen: LeaseEntry | null, key: string): LeaseEntry | null | undefined {
  const lane = Math.max(
    0,
    lanes.findIndex(({ leases }) => leases.some(({ lease }) => lease === chosen?.lease)),
  );
  const own = lanes[lane]?.leases ?? [];
  const at = own.findIndex(({ lease }) => lease === chosen?.lease);
  switch (key) {
    case 'ArrowLeft':
      return at < 0 ? own.at(-1) : (own[at - 1] ?? chosen);
    case 'ArrowRight':
      return at < 0 ? own.at(-1) : (own[at + 1] ?? chosen);
    case 'ArrowUp':
      return lanes[lane - 1]?.leases.at(-1) ?? chosen;
    case 'ArrowDown':
      return chosen === null ? own.at(-1) : (lanes[lane + 1]?.leases.at(-1) ?? chosen);
    default:
      return undefined;
  }
}

export interface TimelineProps {
  readonly leases: readonly LeaseEntry[];
  readonly volunteers: ReadonlyMap<number, VolunteerLine> | null;
  /** Milliseconds since 1970. */
  readonly now: number;
}

export function TimelineView({ leases, volunteers, now }: TimelineProps): JSX.Element {
  const canvas = useRef<HTMLCanvasElement>(null);
  const [chosen, setChosen] = useState<number | null>(null);
  const lanes = lanesOf(leases, now);
  const span = spanOf(leases, now);

  useEffect(() => {
    const paint = (): void => {
      if (canvas.current) draw(canvas.current, canvas.current.clientWidth, lanes, now, span);
    };
    paint();
    // On the next frame: a height changed within the observer's call would be reported as a loop.
    let soon = 0;
    const watch = new ResizeObserver(() => {
      cancelAnimationFrame(soon);
      soon = requestAnimationFrame(paint);
    });
    if (canvas.current) watch.observe(canvas.current);
    const stop = onThemeChange(paint);
    return () => {
      cancelAnimationFrame(soon);
      watch.disconnect();
      stop();
    };
  }, [leases, now]);

  if (lanes.length === 0) return <p class="muted">No lease was out in the last {duration(TIMELINE_MS / 1000)}.</p>;
  const all = lanes.flatMap((lane) => lane.leases);
  const told = all.find(({ lease }) => lease === chosen) ?? null;
  const name = told === null ? '' : (volunteers?.get(told.session)?.name ?? '');
  const counts = OUTCOMES.map((outcome) => ({ outcome, times: all.filter((each) => each.outcome === outcome).length }));
  const said = counts.map(({ outcome, times }) => `${times} ${outcome}`).join(', ');
  return (
    <>
      <canvas
        ref={canvas}
        class="timeline"
        tabIndex={0}
        role="img"
        aria-label={`Leases of the last ${duration(span / 1000)}, one lane a volunteer: ${said}. Arrow keys move from lease to lease.`}
        onPointerMove={(event) => {
          const width = event.currentTarget.clientWidth - LABEL;
          const lane = lanes[Math.floor(event.offsetY / LANE)];
          setChosen(leaseAt(lane, event.offsetX - LABEL, now, width, span)?.lease ?? null);
        }}
        onPointerLeave={() => setChosen(null)}
        onKeyDown={(event) => {
          const next = step(lanes, told, event.key);
          if (next === undefined) return;
          event.preventDefault();
          setChosen(next?.lease ?? null);
        }}
      />
      <p class="timeline-axis muted" aria-hidden="true">
        <span>{duration(span / 1000)} ago</span>
        <span>now</span>
      </p>
      <p class="timeline-told" role="status">
        {told === null ? (
          <span class="muted">Point at a bar, or use the arrow keys, to read about a lease.</span>
        ) : (
          <>
            {leaseText(told, now)} {name === '' ? null : <bdi>{name}</bdi>}
          </>
        )}
      </p>
      <ul class="legend">
        {counts.map(({ outcome, times }) => (
          <li key={outcome}>
            <span class={`swatch lease-${outcome}`} aria-hidden="true" />
            {outcome} <span class="muted">{count(times)}</span>
          </li>
        ))}
      </ul>
    </>
  );
}
