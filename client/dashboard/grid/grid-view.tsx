// The grid on the page: canvas, legend with counts, and the block under the pointer or the arrow keys.
import type { JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import type { EpisodeStatus } from '../../../protocol/status.ts';
import { count, percent, share } from '../../ui/format.ts';
import { cssColor, onThemeChange } from '../../ui/theme.ts';
import {
  BLOCK_STATES,
  type BlockState,
  blockAt,
  countBlocks,
  drawGrid,
  type GridLayout,
  layOut,
  readGrid,
} from './grid-drawing.ts';

const NAMES: Readonly<Record<BlockState, string>> = {
  waiting: 'waiting',
  leased: 'leased',
  partly: 'partly done',
  done: 'done',
  empty: 'empty',
};

/** CSS pixels. */
const LARGEST_SIDE = 440;

function paletteNow(): Record<BlockState, string> {
  return {
    waiting: cssColor('--block-waiting'),
    leased: cssColor('--block-leased'),
    partly: cssColor('--block-partly'),
    done: cssColor('--block-done'),
    empty: cssColor('--block-empty'),
  };
}

function moved(at: number, key: string, parts: number): number | null {
  const row = Math.floor(at / parts);
  const column = at % parts;
  switch (key) {
    case 'ArrowLeft':
      return column > 0 ? at - 1 : at;
    case 'ArrowRight':
      return column < parts - 1 ? at + 1 : at;
    case 'ArrowUp':
      return row > 0 ? at - parts : at;
    case 'ArrowDown':
      return row < parts - 1 ? at + parts : at;
    default:
      return null;
  }
}

interface BlocksProps {
  readonly blocks: readonly BlockState[];
  readonly parts: number;
  /** Who holds a block, to be said after its state; '' where nobody does. */
  readonly holder: (block: number) => string;
}

function Blocks({ blocks, parts, holder }: BlocksProps): JSX.Element {
  const canvas = useRef<HTMLCanvasElement>(null);
  const frame = useRef<HTMLDivElement>(null);
  const layout = useRef<GridLayout>(layOut(parts, 1));
  const [chosen, setChosen] = useState<number | null>(null);
  const key = blocks.join();

  useEffect(() => {
    const draw = (): void => {
      const context = canvas.current?.getContext('2d');
      if (!canvas.current || !frame.current || !context) return;
      const side = Math.min(LARGEST_SIDE, frame.current.clientWidth);
      layout.current = layOut(parts, Math.floor(side * devicePixelRatio));
      const { size } = layout.current;
      canvas.current.width = size;
      canvas.current.height = size;
      canvas.current.style.width = `${size / devicePixelRatio}px`;
      canvas.current.style.height = `${size / devicePixelRatio}px`;
      drawGrid(context, blocks, parts, layout.current, paletteNow());
    };
    draw();
    // On the next frame: a size changed within the observer's call would be reported as a loop.
    let soon = 0;
    const watch = new ResizeObserver(() => {
      cancelAnimationFrame(soon);
      soon = requestAnimationFrame(draw);
    });
    if (frame.current) watch.observe(frame.current);
    const stop = onThemeChange(draw);
    return () => {
      cancelAnimationFrame(soon);
      watch.disconnect();
      stop();
    };
  }, [key, parts]);

  const counts = countBlocks(blocks);
  const said = BLOCK_STATES.map((state) => `${counts[state]} ${NAMES[state]}`).join(', ');
  const state = chosen === null ? undefined : blocks[chosen];
  return (
    <>
      <div class="grid-frame" ref={frame}>
        <canvas
          ref={canvas}
          class="grid-canvas"
          tabIndex={0}
          role="img"
          aria-label={`Grid of ${parts} by ${parts} blocks: ${said}. Arrow keys move from block to block.`}
          onPointerMove={(event) => {
            const scale = devicePixelRatio;
            setChosen(blockAt(parts, layout.current, event.offsetX * scale, event.offsetY * scale));
          }}
          onPointerLeave={() => setChosen(null)}
          onBlur={() => setChosen(null)}
          onKeyDown={(event) => {
            const next = chosen === null && event.key.startsWith('Arrow') ? 0 : moved(chosen ?? 0, event.key, parts);
            if (next === null) return;
            event.preventDefault();
            setChosen(next);
          }}
        />
        {chosen === null || state === undefined ? null : (
          <GridMarker
            at={chosen}
            parts={parts}
            layout={layout.current}
            text={blockText(chosen, parts, state) + holder(chosen)}
          />
        )}
      </div>
      <ul class="legend">
        {BLOCK_STATES.map((each) => (
          <li key={each}>
            <span class={`swatch swatch-${each}`} aria-hidden="true" />
            {NAMES[each]} <span class="muted">{count(counts[each])}</span>
          </li>
        ))}
      </ul>
    </>
  );
}

function blockText(at: number, parts: number, state: BlockState): string {
  return `input part ${Math.floor(at / parts)}, output part ${at % parts}: ${NAMES[state]}`;
}

function GridMarker(props: { at: number; parts: number; layout: GridLayout; text: string }): JSX.Element {
  const { at, parts, layout, text } = props;
  const css = (devicePixels: number): number => devicePixels / devicePixelRatio;
  const left = css((at % parts) * layout.pitch);
  const top = css(Math.floor(at / parts) * layout.pitch);
  const side = css(layout.pitch - layout.gap);
  const below = top < 40;
  const right = left > css(layout.size) / 2;
  return (
    <>
      <div
        class="grid-marker"
        style={{ left: `${left}px`, top: `${top}px`, width: `${side}px`, height: `${side}px` }}
      />
      <div
        class={`tooltip${right ? ' tooltip-left' : ''}${below ? ' tooltip-below' : ''}`}
        role="status"
        style={{ left: `${left + (right ? side : 0)}px`, top: `${below ? top + side : top}px` }}
      >
        {text}
      </div>
    </>
  );
}

export interface GridViewProps {
  readonly episode: EpisodeStatus | null;
  readonly holder: BlocksProps['holder'];
}

export function GridView({ episode, holder }: GridViewProps): JSX.Element {
  if (episode === null) return <p class="muted">No episode is in training.</p>;
  const blocks = readGrid(episode);
  return (
    <>
      <p class="muted">
        Episode {count(episode.number)}: {count(episode.tokens)} words, {count(episode.pairsDone)} of{' '}
        {count(episode.pairs)} pairs done ({percent(share(episode.pairsDone, episode.pairs))}). Rows are input parts,
        columns output parts; blocks in work share neither.
      </p>
      {blocks === null ? (
        <p class="failure">
          The grid cannot be drawn: {episode.grid.length} characters for {episode.parts} × {episode.parts} blocks.
        </p>
      ) : (
        <Blocks blocks={blocks} parts={episode.parts} holder={holder} />
      )}
    </>
  );
}
