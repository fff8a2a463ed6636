// The map of words as geometry: what part of the plane is seen, where labels fit, which words are near. No canvas here.
import type { Picture } from '../../ui/projection.ts';

/** Which part of the plane is seen: the point in the middle, and pixels per unit. */
export interface MapView {
  readonly x: number;
  readonly y: number;
  readonly scale: number;
}

export interface Size {
  readonly width: number;
  readonly height: number;
}

const MARGIN = 24;

/** The whole picture in the frame. */
export function fit({ x, y }: Picture, { width, height }: Size): MapView {
  const [left, right] = bounds(x);
  const [low, high] = bounds(y);
  const scale = Math.min(
    Math.max(1, width - 2 * MARGIN) / Math.max(1e-6, right - left),
    Math.max(1, height - 2 * MARGIN) / Math.max(1e-6, high - low),
  );
  return { x: (left + right) / 2, y: (low + high) / 2, scale };
}

function bounds(values: Float32Array): [number, number] {
  let [least, most] = [Infinity, -Infinity];
  for (const value of values) {
    least = Math.min(least, value);
    most = Math.max(most, value);
  }
  return values.length === 0 ? [0, 0] : [least, most];
}

/** A point of the plane in pixels of the frame; y points up in the plane and down on the page. */
export function onFrame(view: MapView, { width, height }: Size, x: number, y: number): [number, number] {
  return [width / 2 + (x - view.x) * view.scale, height / 2 - (y - view.y) * view.scale];
}

/** Nearer or farther by `factor`, with the point under (px, py) staying where it is. */
export function zoomed(view: MapView, { width, height }: Size, factor: number, px: number, py: number): MapView {
  const scale = Math.min(1e6, Math.max(1e-3, view.scale * factor));
  const [dx, dy] = [px - width / 2, py - height / 2];
  return { x: view.x + dx / view.scale - dx / scale, y: view.y - dy / view.scale + dy / scale, scale };
}

export function panned(view: MapView, dx: number, dy: number): MapView {
  return { ...view, x: view.x - dx / view.scale, y: view.y + dy / view.scale };
}

export interface Label {
  /** Index of the word. */
  readonly at: number;
  readonly left: number;
  readonly top: number;
  readonly width: number;
}

export const LABEL_HEIGHT = 14;

/**
 * Labels right of their points that overlap no other, in the order of `words`: the first ones get their place first.
 * @param measure width of a word in pixels
 */
export function placeLabels(
  words: readonly number[],
  place: (at: number) => [number, number],
  measure: (at: number) => number,
  size: Size,
  most: number,
): Label[] {
  const placed: Label[] = [];
  for (const at of words) {
    if (placed.length === most) break;
    const [x, y] = place(at);
    if (x < 0 || y < 0 || x > size.width || y > size.height) continue;
    const label = { at, left: x + 4, top: y - LABEL_HEIGHT / 2, width: measure(at) };
    if (label.left + label.width > size.width) continue;
    const free = placed.every(
      (other) =>
        label.left + label.width < other.left ||
        other.left + other.width < label.left ||
        Math.abs(label.top - other.top) >= LABEL_HEIGHT,
    );
    if (free) placed.push(label);
  }
  return placed;
}

/** The word nearest to a point in pixels, within `reach` pixels; null when there is none. */
export function wordAt(
  picture: Picture,
  view: MapView,
  size: Size,
  px: number,
  py: number,
  reach: number,
): number | null {
  let best: number | null = null;
  let nearest = reach;
  for (let at = 0; at < picture.x.length; at++) {
    const [x, y] = onFrame(view, size, picture.x[at]!, picture.y[at]!);
    const distance = Math.hypot(x - px, y - py);
    if (distance > nearest) continue;
    nearest = distance;
    best = at;
  }
  return best;
}

/** The `top` words whose vectors are most similar to that of word `at`. `rows`: unit rows (N, dim). */
export function similarWords(
  rows: Float32Array,
  dim: number,
  at: number,
  top: number,
): { readonly at: number; readonly similarity: number }[] {
  const found: { at: number; similarity: number }[] = [];
  for (let other = 0; other * dim < rows.length; other++) {
    if (other === at) continue;
    let similarity = 0;
    for (let d = 0; d < dim; d++) similarity += rows[at * dim + d]! * rows[other * dim + d]!;
    found.push({ at: other, similarity });
  }
  return found.sort((a, b) => b.similarity - a.similarity || a.at - b.at).slice(0, top);
}
