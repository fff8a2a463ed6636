// A small map of words that moves as the vectors do: near each other on it means used alike, roughly.
import type { JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import type { WordMap as Vectors } from '../../../protocol/vectors.ts';
import { align, type Picture, project } from '../../ui/projection.ts';
import { cssColor, onThemeChange } from '../../ui/theme.ts';
import { fetchWordMap, type FetchBytes } from '../../ui/word-map.ts';
import { between, drawMap, frameOf } from './map-drawing.ts';

/** Words fetched; those shown are the longer ones among them. */
const TOP = 400;
const SHOWN = 160;
/** Milliseconds between two fetches, and of the way from one picture to the next. */
const EVERY_MS = 8000;
const WAY_MS = 900;

/** Words of four letters and more: the shortest ones, such as "the", stand with everything and say little. */
export function tellingWords(vectors: Vectors, most: number): Vectors {
  const { words, scales, values, dim } = vectors;
  const kept = words.flatMap((word, at) => (/^\p{L}{4,}$/u.test(word) ? [at] : [])).slice(0, most);
  const rows = new Int8Array(kept.length * dim);
  for (const [to, from] of kept.entries()) rows.set(values.subarray(from * dim, (from + 1) * dim), to * dim);
  return {
    ...vectors,
    words: kept.map((at) => words[at]!),
    scales: Float32Array.from(kept, (at) => scales[at]!),
    values: rows,
  };
}

export interface WordMapProps {
  readonly live: boolean;
  /** The run has vectors to draw: before, nothing is asked. */
  readonly begun: boolean;
  readonly send: FetchBytes;
  readonly marked: ReadonlySet<string>;
  readonly onWords: (words: readonly string[]) => void;
}

interface Pictures {
  readonly last: Picture | null;
  readonly now: Picture;
}

export function WordMap({ live, begun, send, marked, onWords }: WordMapProps): JSX.Element {
  const [pictures, setPictures] = useState<Pictures | null>(null);
  const [problem, setProblem] = useState('');
  const newest = useRef<{ version: number; picture: Picture } | null>(null);
  const canvas = useRef<HTMLCanvasElement>(null);

  useEffect(() => {
    if (!begun) return undefined;
    const stop = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const look = async (): Promise<void> => {
      if (!document.hidden) {
        const result = await fetchWordMap(TOP, stop.signal, send);
        setProblem(result.ok ? '' : result.failure.message);
        if (result.ok && result.body.modelVersion !== newest.current?.version) {
          const flat = project(tellingWords(result.body, SHOWN));
          const last = newest.current?.picture ?? null;
          const picture = last === null ? flat : align(flat, last);
          newest.current = { version: result.body.modelVersion, picture };
          if (last === null) onWords(picture.words);
          setPictures({ last, now: picture });
        }
      }
      if (live || newest.current === null) timer = setTimeout(run, EVERY_MS);
    };
    // Only an abort throws, and then nobody waits for the answer any more.
    const run = (): void => void look().catch(() => undefined);
    run();
    return () => {
      stop.abort();
      clearTimeout(timer);
    };
  }, [live, begun]);

  const travelled = useRef<Pictures | null>(null);
  useEffect(() => {
    const element = canvas.current;
    const context = element?.getContext('2d') ?? null;
    if (element === null || context === null || pictures === null) return undefined;
    const begun = performance.now();
    const still = matchMedia('(prefers-reduced-motion: reduce)').matches || travelled.current === pictures;
    const view = frameOf(pictures.now);
    let frame = 0;
    const paint = (share: number): void => {
      const size = { width: element.clientWidth, height: element.clientHeight };
      const scale = devicePixelRatio;
      element.width = Math.round(size.width * scale);
      element.height = Math.round(size.height * scale);
      context.setTransform(scale, 0, 0, scale, 0, 0);
      const colors = {
        dot: cssColor('--line-strong'),
        text: cssColor('--text-muted'),
        marked: cssColor('--accent'),
        halo: cssColor('--surface'),
      };
      drawMap(context, size, between(pictures.last, pictures.now, share), view, marked, colors);
    };
    const step = (): void => {
      const share = still ? 1 : Math.min(1, (performance.now() - begun) / WAY_MS);
      paint(share * share * (3 - 2 * share));
      if (share < 1) frame = requestAnimationFrame(step);
      else travelled.current = pictures;
    };
    step();
    const watch = new ResizeObserver(() => paint(1));
    watch.observe(element);
    const stop = onThemeChange(() => paint(1));
    return () => {
      cancelAnimationFrame(frame);
      watch.disconnect();
      stop();
    };
  }, [pictures, marked]);

  const words = pictures?.now.words ?? [];
  return (
    <figure class="word-map">
      <canvas
        ref={canvas}
        role="img"
        hidden={words.length === 0}
        aria-label={
          words.length === 0
            ? 'Map of words: nothing to draw yet'
            : `Map of ${words.length} frequent words, such as ${words.slice(0, 5).join(', ')}: words used alike stand near each other. The list of neighbours says the same in words.`
        }
      />
      <figcaption class="muted">
        {!begun
          ? 'The map begins with the first pieces of work.'
          : problem !== '' && words.length === 0
            ? `No map yet: ${problem}`
            : `Frequent words, squeezed onto a plane: near means used alike, roughly.${live ? ' It moves as the run trains.' : ''}`}
      </figcaption>
    </figure>
  );
}
