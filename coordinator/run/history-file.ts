// A run's history on disk: history.json, written beside and renamed, so that it outlives the process.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type HistoryTable, pointsOf, tableOf } from '../../protocol/history.ts';
import type { HistoryPoint } from '../../protocol/status.ts';
import { writeBlocks } from './results.ts';

/** Milliseconds between two writings: a killed process loses no more. */
const SAVE_MS = 15_000;
const FORMAT = 1;

interface Kept {
  readonly format: number;
  readonly table: HistoryTable;
}

export class HistoryFile {
  readonly #path: string;
  readonly #failed: (error: unknown) => void;
  #savedAt: number;
  #underWay: Promise<void> | null = null;

  /** @param failed hears of every failure: training goes on without it @param now milliseconds, any clock */
  constructor(folder: string, failed: (error: unknown) => void, now: number) {
    this.#path = join(folder, 'history.json');
    this.#failed = failed;
    this.#savedAt = now;
  }

  /** Points of an earlier process of the run; none where there is no file, or where it is not whole. */
  read(): HistoryPoint[] {
    try {
      const { format, table } = JSON.parse(readFileSync(this.#path, 'utf8')) as Kept;
      return format === FORMAT ? pointsOf(table) : [];
    } catch (error) {
      // Plots alone depend on it: a run without them is better than none.
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') this.#failed(error);
      return [];
    }
  }

  /** Writes when the last time is long ago, and nothing is being written. */
  tick(points: readonly HistoryPoint[], now: number): void {
    if (this.#underWay !== null || now - this.#savedAt < SAVE_MS) return;
    this.#savedAt = now;
    this.#underWay = this.save(points)
      .catch(this.#failed)
      .finally(() => {
        this.#underWay = null;
      });
  }

  async save(points: readonly HistoryPoint[]): Promise<void> {
    const kept: Kept = { format: FORMAT, table: tableOf(points, points.at(-1)?.probe.length ?? 0) };
    await writeBlocks(this.#path, [Buffer.from(`${JSON.stringify(kept)}\n`)]);
  }

  /** Resolves when nothing is being written. */
  async idle(): Promise<void> {
    await this.#underWay;
  }
}
