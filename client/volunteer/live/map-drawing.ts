// A picture of words on a canvas: where each stands between two pictures, and which names find room.
import type { Picture } from '../../ui/projection.ts';

export interface Spot {
  readonly word: string;
  readonly x: number;
  readonly y: number;
}

/** Between two pictures: at 0 the words stand where they stood, at 1 where they stand now. New words do not travel. */
export function between(last: Picture | null, now: Picture, at: number): Spot[] {
  const places = new Map(last?.words.map((word, k) => [word, k]));
  return now.words.map((word, k) => {
    const before = places.get(word);
    const [x, y] = [now.x[k]!, now.y[k]!];
    if (last === null || before === undefined) return { word, x, y };
    return { word, x: last.x[before]! * (1 - at) + x * at, y: last.y[before]! * (1 - at) + y * at };
  });
}

/** The square that is drawn. */
export interface Frame {
  readonly x: number;
  readonly y: number;
  /** Half its width. */
  readonly half: number;
}

/** Around the middle of either axis, so wide that it holds nearly all: a few far out may lie beyond its edge. */
export function frameOf({ x, y }: Picture): Frame {
  const at = (values: Iterable<number>, share: number): number => {
    const sorted = Array.from(values).sort((a, b) => a - b);
    return sorted[Math.floor((sorted.length - 1) * share)] ?? 0;
  };
  const [left, right, low, high] = [at(x, 0.02), at(x, 0.98), at(y, 0.02), at(y, 0.98)];
  const half = (Math.max(right - left, high - low) / 2) * 1.08;
  return { x: (left + right) / 2, y: (low + high) / 2, half: half > 0 ? half : 1 };
}

export interface MapColors {
  readonly dot: string;
  readonly text: string;
  readonly marked: string;
  readonly halo: string;
}

const LINE = 14;

/** Draws dots for all and names where there is room: the marked ones first, then the most frequent. CSS pixels. */
export function drawMap(
  canvas: CanvasRenderingContext2D,
  size: { readonly width: number; readonly height: number },
  spots: readonly Spot[],
  frame: Frame,
  marked: ReadonlySet<string>,
  colors: MapColors,
): void {
  const { width, height } = size;
  canvas.clearRect(0, 0, width, height);
  const at = ({ x, y }: Spot): [number, number] => [
    (0.5 + (0.5 * (x - frame.x)) / frame.half) * width,
    (0.5 - (0.5 * (y - frame.y)) / frame.half) * height,
  ];
  canvas.fillStyle = colors.dot;
  for (const spot of spots) {
    const [x, y] = at(spot);
    canvas.beginPath();
    canvas.arc(x, y, 1.75, 0, 2 * Math.PI);
    canvas.fill();
  }
  const taken: [number, number, number, number][] = [];
  const order = [...spots.filter(({ word }) => marked.has(word)), ...spots.filter(({ word }) => !marked.has(word))];
  canvas.textBaseline = 'middle';
  canvas.lineWidth = 3;
  canvas.lineJoin = 'round';
  canvas.strokeStyle = colors.halo;
  for (const spot of order) {
    const own = marked.has(spot.word);
    canvas.font = `${own ? '600 ' : ''}12px system-ui, sans-serif`;
    const wide = canvas.measureText(spot.word).width;
    const [px, y] = at(spot);
    // A name that would leave the canvas stands to the left of its dot.
    const x = px + 5 + wide > width ? px - 5 - wide : px + 5;
    const box: [number, number, number, number] = [x - 3, y - LINE / 2, x + wide + 3, y + LINE / 2];
    if (box[0] < 0 || box[2] > width || box[1] < 0 || box[3] > height) continue;
    if (taken.some((b) => box[0] < b[2] && b[0] < box[2] && box[1] < b[3] && b[1] < box[3])) continue;
    taken.push(box);
    canvas.strokeText(spot.word, x, y);
    canvas.fillStyle = own ? colors.marked : colors.text;
    canvas.fillText(spot.word, x, y);
  }
}
