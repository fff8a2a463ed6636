// The command `bench -- quality`: progress for people, one object or a table at the end.
import type { QualityOptions } from './options.ts';
import { measureQuality, type QualityProgress } from './quality.ts';
import type { QualityResult, SequentialResult, SimulatedResult } from './result.ts';
import type { Scores } from './scores.ts';

export async function runQuality(options: QualityOptions): Promise<void> {
  const { progress, end } = progressLine();
  const result = await measureQuality(options, progress).finally(end);
  process.stdout.write(options.json ? `${JSON.stringify(result)}\n` : qualityText(result));
}

/** One line on a terminal's stderr, rewritten about once a second. */
function progressLine(): { progress: QualityProgress; end: () => void } {
  let last = 0;
  let begun = performance.now();
  let doing = '';
  const write = (text: string): void => void (process.stderr.isTTY && process.stderr.write(`\r${text}\x1b[K`));
  return {
    progress: (what, share) => {
      const now = performance.now();
      if (what !== doing) begun = now;
      else if (now - last < 1000) return;
      doing = what;
      last = now;
      const left = share > 0 ? `, ${Math.round(((now - begun) / 1000) * (1 / share - 1))} s left` : '';
      write(`${what}: ${(100 * share).toFixed(1)} %${left}`);
    },
    end: () => write(''),
  };
}

function qualityText({ sequential, simulated }: QualityResult): string {
  const lines: string[] = [];
  if (sequential !== undefined) lines.push(scoreLine('sequential', sequential), `  ${speedText(sequential)}`);
  if (simulated !== undefined) lines.push(scoreLine('volunteers', simulated), ...simulatedLines(simulated));
  return `${lines.join('\n')}\n`;
}

function scoreLine(name: string, { heldOutLoss, analogies, similarity }: Scores): string {
  const parts = [`held-out loss ${heldOutLoss?.toFixed(4) ?? '-'}`];
  if (analogies !== null)
    parts.push(`analogies ${((analogies.accuracy ?? 0) * 100).toFixed(2)} % of ${analogies.asked}`);
  for (const { file, rho, found } of similarity)
    parts.push(`${file.replace(/.*\//, '')} ${rho?.toFixed(4) ?? '-'} (${found})`);
  return `${name.padEnd(11)}${parts.join('  ')}`;
}

function speedText({ tokens, seconds, pairsPerSecond }: SequentialResult): string {
  return `${tokens.toLocaleString('en')} words in ${seconds.toFixed(0)} s, ${Math.round(pairsPerSecond / 1000)} k pairs/s`;
}

function simulatedLines(run: SimulatedResult): string[] {
  const { down, up } = run.bytesPerWord;
  const { speed, utilisation, leases } = run;
  const percent = (share: number): string => `${(100 * share).toFixed(0)} %`;
  const ends = Object.entries(leases).map(([what, count]) => `${count} ${what}`);
  return [
    `  ${run.outcome}: ${run.tokens.toLocaleString('en')} words in ${run.seconds.toFixed(1)} s of simulated time`,
    `  training ${percent(utilisation.mean)} of the volunteers' time, ${percent(utilisation.bySpeed)} of their speed, the least busy ${percent(utilisation.least)}`,
    `  bytes per word: down ${down.total.toFixed(2)} (rows ${down.rows.toFixed(2)}, pairs ${down.pairs.toFixed(2)}), up ${up.total.toFixed(2)} (deltas ${up.deltas.toFixed(2)})`,
    `  leases: ${ends.join(', ')}; ${run.deaths} deaths; ${run.episodes.length} episodes of ${[...new Set(run.episodes.map(({ parts }) => parts))].join(', ')} parts`,
    `  computed in ${speed.seconds.toFixed(1)} s: ${Math.round(speed.pairsPerSecond / 1000)} k pairs/s; ${speed.processorSeconds.toFixed(1)} s of processor time, ${percent(speed.engineShare)} of it the engine's, after ${speed.startSeconds.toFixed(1)} s for starting`,
  ];
}
