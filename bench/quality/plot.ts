// Draws the kept results as SVG: one file a sweep, one panel a metric, the sequential run as a band where it is known.
import { writeFileSync } from 'node:fs';
import * as Plot from '@observablehq/plot';
import { Command } from 'commander';
import { parseHTML } from 'linkedom';
import { EXIT, TributaryError } from '../../coordinator/errors.ts';
import { entries } from '../record.ts';
import type { Panel, Series } from './panels.ts';
import { panelsOf } from './panels.ts';
import { RESULTS, type SweepEntry } from './sweep.ts';

/** Pixels. */
const WIDTH = 380;
const HEIGHT = 260;
const TITLE = 34;
const COLUMNS = 2;

/** Text and axes follow the reader's theme; the colours of the data are readable on both. */
const STYLE = `svg { color: #24292f } .paper { fill: #ffffff } @media (prefers-color-scheme: dark) { svg { color: #d0d7de } .paper { fill: #0d1117 } }`;

export function plotCommand(): Command {
  return new Command('npm run bench -- plot')
    .description('Draws the results of the sweeps into bench/results/*.svg.')
    .action(() => {
      const kept = entries(RESULTS) as readonly SweepEntry[];
      if (kept.length === 0) {
        throw new TributaryError('BENCH_OPTIONS', 'there is no result of a sweep to draw', {
          hint: 'Run one: npm run -s bench -- sweep volunteers --corpus FILE',
          exit: EXIT.failed,
        });
      }
      for (const [name, text] of drawings(kept)) {
        writeFileSync(new URL(`../results/${name}.svg`, import.meta.url), text);
        process.stderr.write(`bench/results/${name}.svg\n`);
      }
    });
}

/** Name and text of each drawing: a sweep's entries of one corpus with the same further options. */
export function drawings(kept: readonly SweepEntry[]): Map<string, string> {
  const groups = new Map<string, SweepEntry[]>();
  for (const entry of kept) {
    const name = ['quality', entry.sweep, ...entry.given].join(' ').replaceAll(/[^\w.=]+/g, '-');
    groups.set(name, [...(groups.get(name) ?? []), entry]);
  }
  return new Map(Array.from(groups, ([name, group]) => [name, drawing(group)]));
}

function drawing(group: readonly SweepEntry[]): string {
  const panels = panelsOf(group);
  const { document } = parseHTML('<!doctype html><body></body>');
  const { sweep, given, commit, date, processor } = group.at(-1)!;
  const rows = Math.ceil(panels.length / COLUMNS);
  const width = WIDTH * Math.min(COLUMNS, panels.length);
  const height = TITLE + rows * HEIGHT;
  const heading = `${sweep}: ${given.join(' ')} (${date.slice(0, 10)}, ${commit}, ${processor})`;
  const placed = panels.map((panel, index) => {
    const svg = draw(panel, document);
    svg.setAttribute('x', String((index % COLUMNS) * WIDTH));
    svg.setAttribute('y', String(TITLE + Math.floor(index / COLUMNS) * HEIGHT));
    return svg.outerHTML;
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" font-family="system-ui, sans-serif">`,
    `<style>${STYLE}</style>`,
    `<rect class="paper" width="${width}" height="${height}"/>`,
    `<text x="8" y="20" font-size="12" fill="currentColor">${escaped(heading)}</text>`,
    ...placed,
    '</svg>\n',
  ].join('\n');
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

function draw({ title, axis, points, band }: Panel, document: Document): Element {
  const byNumber = axis !== null;
  const means = meansOf(points);
  const series = [...new Set(points.map((point) => point.series))];
  const colour = { domain: series, scheme: 'observable10', legend: false } as const;
  const marks: Plot.Markish[] = [];
  if (band !== null) {
    const { mean, deviation } = band;
    const box = [{ from: mean - deviation, to: mean + deviation }];
    marks.push(
      Plot.rect(box, { y1: 'from', y2: 'to', fill: 'currentColor', fillOpacity: 0.12 }),
      Plot.ruleY([mean], { stroke: 'currentColor', strokeDasharray: '4 3', strokeOpacity: 0.6 }),
    );
  }
  if (byNumber) {
    marks.push(
      Plot.line(means, { x: 'x', y: 'y', stroke: 'series', strokeWidth: 1.5 }),
      Plot.dot(points, { x: 'x', y: 'y', stroke: 'series', r: 3 }),
    );
    const last = Plot.selectLast({ x: 'x', y: 'y', z: 'series', text: 'series', fill: 'series' });
    if (series.length > 1) marks.push(Plot.text(means, { ...last, textAnchor: 'start', dx: 6 }));
  } else {
    marks.push(
      Plot.tickY(means, { x: 'name', y: 'y', stroke: 'series', strokeWidth: 2 }),
      Plot.dot(points, { x: 'name', y: 'y', stroke: 'series', r: 3 }),
    );
  }
  return Plot.plot({
    document,
    width: WIDTH,
    height: HEIGHT,
    marginTop: 26,
    marginLeft: 48,
    marginRight: byNumber && series.length > 1 ? 80 : 14,
    marginBottom: byNumber ? 36 : 84,
    color: colour,
    x: byNumber
      ? { type: axis.scale, label: axis.label, ticks: axis.ticks, tickFormat: (value: number) => `${value}` }
      : { type: 'band', label: null, tickRotate: -40, domain: [...new Set(points.map((point) => point.name))] },
    y: { label: title, grid: true, nice: true },
    marks,
  } as Plot.PlotOptions) as Element;
}

function meansOf(points: readonly Series[]): Series[] {
  const groups = new Map<string, Series[]>();
  for (const point of points) {
    const key = `${point.series} ${point.name} ${point.x}`;
    groups.set(key, [...(groups.get(key) ?? []), point]);
  }
  const means = Array.from(groups.values(), (group) => ({
    ...group[0]!,
    y: group.reduce((sum, { y }) => sum + y, 0) / group.length,
  }));
  // Lines are drawn in this order; results come as they were measured.
  return means.toSorted((a, b) => a.x - b.x);
}
