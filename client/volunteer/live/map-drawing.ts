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

/** Half the width of a square around the origin that holds nearly all: a few words far out may lie beyond its edge. */
export function extentOf({ x, y }: Picture): number {
  const far = Array.from(x, (value, k) => Math.max(Math.abs(value), Math.abs(y[k]!))).sort((a, b) => a - b);
  return (far[Math.floor(far.length * 0.97)] ?? 1) * 1.08 || 1;
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
  extent: number,
  marked: ReadonlySet<string>,
  colors: MapColors,
): void {
  const { width, height } = size;
  canvas.clearRect(0, 0, width, height);
  const at = ({ x, y }: Spot): [number, number] => [
    (0.5 + (0.5 * x) / extent) * width,
    (0.5 - (0.5 * y) / extent) * height,
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
