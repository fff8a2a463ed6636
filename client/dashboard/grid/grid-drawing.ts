// The grid of an episode: P × P blocks read from the wire's characters, counted, and drawn on a canvas.
import type { EpisodeStatus } from '../../../protocol/status.ts';

export type BlockState = 'waiting' | 'leased' | 'partly' | 'done' | 'empty';

/** In the order of the legend. */
export const BLOCK_STATES: readonly BlockState[] = ['waiting', 'leased', 'partly', 'done', 'empty'];

const STATE_OF: Readonly<Record<string, BlockState>> = {
  '.': 'waiting',
  l: 'leased',
  p: 'partly',
  d: 'done',
  ' ': 'empty',
};

/** parts² blocks in row order: input part, then output part; null when the characters do not make such a grid. */
export function readGrid({ grid, parts }: Pick<EpisodeStatus, 'grid' | 'parts'>): readonly BlockState[] | null {
  if (grid.length !== parts * parts) return null;
  const blocks: BlockState[] = [];
  for (const letter of grid) {
    const state = STATE_OF[letter];
    if (state === undefined) return null;
    blocks.push(state);
  }
  return blocks;
}

export function countBlocks(blocks: readonly BlockState[]): Readonly<Record<BlockState, number>> {
  const counts = { waiting: 0, leased: 0, partly: 0, done: 0, empty: 0 };
  for (const block of blocks) counts[block]++;
  return counts;
}

/** Colours of the blocks: CSS colours. */
export type GridPalette = Readonly<Record<BlockState, string>>;

export interface GridLayout {
  /** Device pixels of one block with its gap. */
  readonly pitch: number;
  /** Device pixels between blocks; 0 when they are too small for it. */
  readonly gap: number;
  /** Device pixels of the whole square. */
  readonly size: number;
}

/** The largest whole pitch that fits `width` device pixels: whole, so that all blocks look alike. */
export function layOut(parts: number, width: number): GridLayout {
  const pitch = Math.max(1, Math.floor(width / parts));
  const gap = pitch >= 24 ? 2 : pitch >= 4 ? 1 : 0;
  return { pitch, gap, size: pitch * parts - gap };
}

/** The index of the block under a point in device pixels; null outside. */
export function blockAt(parts: number, layout: GridLayout, x: number, y: number): number | null {
  const output = Math.floor(x / layout.pitch);
  const input = Math.floor(y / layout.pitch);
  return output >= 0 && output < parts && input >= 0 && input < parts ? input * parts + output : null;
}

/** Rows are input parts from the top, columns output parts from the left. */
export function drawGrid(
  context: Pick<CanvasRenderingContext2D, 'clearRect' | 'fillRect' | 'fillStyle'>,
  blocks: readonly BlockState[],
  parts: number,
  layout: GridLayout,
  palette: GridPalette,
): void {
  const { pitch, gap, size } = layout;
  context.clearRect(0, 0, size, size);
  for (const state of BLOCK_STATES) {
    context.fillStyle = palette[state];
    for (let at = 0; at < blocks.length; at++) {
      if (blocks[at] !== state) continue;
      context.fillRect((at % parts) * pitch, Math.floor(at / parts) * pitch, pitch - gap, pitch - gap);
    }
  }
}
