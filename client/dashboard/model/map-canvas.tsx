// The map on a canvas: points, labels that do not overlap, the chosen word and those like it; drag, wheel and keys move it.
import type { JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import type { Picture } from '../../ui/projection.ts';
import { cssColor, onThemeChange } from '../../ui/theme.ts';
import { fit, type MapView, onFrame, panned, placeLabels, type Size, wordAt, zoomed } from './map-geometry.ts';

const MOST_LABELS = 150;
const STEP = 40;
const FACTOR = 1.4;

export interface MapCanvasProps {
  readonly picture: Picture;
  readonly chosen: number | null;
  readonly near: readonly number[];
  onChoose(at: number): void;
}

function paint(canvas: HTMLCanvasElement, props: MapCanvasProps, view: MapView, size: Size): void {
  const context = canvas.getContext('2d');
  if (context === null) return;
  const { picture, chosen, near } = props;
  canvas.width = Math.max(1, Math.floor(size.width * devicePixelRatio));
  canvas.height = Math.max(1, Math.floor(size.height * devicePixelRatio));
  context.scale(devicePixelRatio, devicePixelRatio);
  const place = (at: number): [number, number] => onFrame(view, size, picture.x[at]!, picture.y[at]!);
  const marked = new Set(chosen === null ? [] : [chosen, ...near]);
  context.fillStyle = cssColor('--block-partly');
  for (let at = 0; at < picture.x.length; at++) {
    if (marked.has(at)) continue;
    const [x, y] = place(at);
    context.fillRect(x - 1, y - 1, 2, 2);
  }
  for (const at of marked) {
    const [x, y] = place(at);
    context.fillStyle = cssColor(at === chosen ? '--bad' : '--accent');
    context.beginPath();
    context.arc(x, y, at === chosen ? 5 : 3.5, 0, 7);
    context.fill();
  }
  context.textBaseline = 'middle';
  const font = (at: number): string => `${marked.has(at) ? '600 ' : ''}11px system-ui, sans-serif`;
  const measure = (at: number): number => {
    context.font = font(at);
    return context.measureText(picture.words[at]!).width;
  };
  const order = [...marked, ...[...picture.words.keys()].filter((at) => !marked.has(at))];
  for (const { at, left, top } of placeLabels(order, place, measure, size, MOST_LABELS)) {
    context.font = font(at);
    context.fillStyle = cssColor(marked.has(at) ? '--text' : '--text-muted');
    context.fillText(picture.words[at]!, left, top + 7);
  }
}

export function MapCanvas(props: MapCanvasProps): JSX.Element {
  const { picture, onChoose } = props;
  const canvas = useRef<HTMLCanvasElement>(null);
  const drag = useRef<{ x: number; y: number; moved: boolean } | null>(null);
  const [size, setSize] = useState<Size>({ width: 0, height: 0 });
  /** null: the whole picture. */
  const [looked, setLooked] = useState<MapView | null>(null);
  const view = looked ?? fit(picture, size);
  const zoom = (factor: number, x = size.width / 2, y = size.height / 2): void =>
    setLooked(zoomed(view, size, factor, x, y));

  useEffect(() => {
    const shown = canvas.current;
    if (shown === null) return undefined;
    const watch = new ResizeObserver(() => setSize({ width: shown.clientWidth, height: shown.clientHeight }));
    watch.observe(shown);
    return () => watch.disconnect();
  }, []);
  useEffect(() => {
    const draw = (): void => {
      if (canvas.current && size.width > 0) paint(canvas.current, props, view, size);
    };
    draw();
    return onThemeChange(draw);
  }, [picture, props.chosen, props.near, size, looked]);

  function key(event: KeyboardEvent): void {
    const moves: Readonly<Record<string, () => void>> = {
      ArrowLeft: () => setLooked(panned(view, STEP, 0)),
      ArrowRight: () => setLooked(panned(view, -STEP, 0)),
      ArrowUp: () => setLooked(panned(view, 0, STEP)),
      ArrowDown: () => setLooked(panned(view, 0, -STEP)),
      '+': () => zoom(FACTOR),
      '-': () => zoom(1 / FACTOR),
      '0': () => setLooked(null),
    };
    const move = moves[event.key];
    if (move === undefined) return;
    event.preventDefault();
    move();
  }

  return (
    <div class="word-map">
      <canvas
        ref={canvas}
        tabIndex={0}
        role="img"
        aria-label={`Map of ${picture.words.length} words. Arrow keys move it, plus and minus zoom, 0 shows all. The list beside it has the same words.`}
        onKeyDown={key}
        onWheel={(event) => {
          event.preventDefault();
          zoom(event.deltaY < 0 ? FACTOR : 1 / FACTOR, event.offsetX, event.offsetY);
        }}
        onPointerDown={(event) => {
          drag.current = { x: event.clientX, y: event.clientY, moved: false };
          event.currentTarget.setPointerCapture(event.pointerId);
        }}
        onPointerMove={(event) => {
          const from = drag.current;
          if (from === null) return;
          const [dx, dy] = [event.clientX - from.x, event.clientY - from.y];
          if (!from.moved && Math.hypot(dx, dy) < 4) return;
          drag.current = { x: event.clientX, y: event.clientY, moved: true };
          setLooked(panned(view, dx, dy));
        }}
        onPointerUp={(event) => {
          const pressed = drag.current;
          drag.current = null;
          if (pressed === null || pressed.moved) return;
          const at = wordAt(picture, view, size, event.offsetX, event.offsetY, 14);
          if (at !== null) onChoose(at);
        }}
      />
      <div class="buttons">
        <button type="button" class="button button-small" aria-label="Zoom in" onClick={() => zoom(FACTOR)}>
          +
        </button>
        <button type="button" class="button button-small" aria-label="Zoom out" onClick={() => zoom(1 / FACTOR)}>
          −
        </button>
        <button type="button" class="button button-small" onClick={() => setLooked(null)}>
          Show all
        </button>
      </div>
    </div>
  );
}
