// The report of `tributary doctor` for people: a line for each check under the name of what was looked at.
import type { Finding } from '../corpus/doctor/finding.ts';

const GREEN = 32;
const RED = 31;
const YELLOW = 33;
const BOLD = 1;
const FAINT = 2;
/** Columns of a check's name and of its time. */
const STEP_CELLS = 14;
const TIME_CELLS = 8;

export class DoctorReport {
  readonly #colour: boolean;
  #group = '';

  constructor(colour: boolean) {
    this.#colour = colour;
  }

  /** The lines of one finding, with a heading where a new group begins. */
  lines(finding: Finding): string {
    const { group, step, ok, warning, detail, hint, ms } = finding;
    const heading = group === this.#group ? '' : `${this.#group === '' ? '' : '\n'}${this.#paint(BOLD, group)}\n`;
    this.#group = group;
    const mark = ok ? (warning === true ? this.#paint(YELLOW, '!') : this.#paint(GREEN, '✓')) : this.#paint(RED, '✗');
    const time = this.#paint(FAINT, (ms === undefined ? '' : timeText(ms)).padStart(TIME_CELLS));
    const advice = hint === undefined ? '' : `${' '.repeat(TIME_CELLS + 6)}→ ${hint}\n`;
    return `${heading}  ${mark} ${time}  ${step.padEnd(STEP_CELLS)}  ${detail}\n${advice}`;
  }

  /** The end: how many checks passed, and once more what to change. */
  summary(findings: readonly Finding[]): string {
    const failures = findings.filter(({ ok }) => !ok);
    const warnings = findings.filter(({ warning }) => warning === true).length;
    const also = warnings === 0 ? '' : `, with ${warnings} ${warnings === 1 ? 'warning' : 'warnings'}`;
    if (failures.length === 0) return `\nall ${findings.length} checks passed${also}\n`;
    const lines = failures.map(
      ({ group, step, hint }) => `  ${group}, ${step}${hint === undefined ? '' : `: ${hint}`}`,
    );
    return `\n${this.#paint(BOLD, 'What to change')}\n${[...new Set(lines)].join('\n')}\n`;
  }

  #paint(code: number, text: string): string {
    return this.#colour ? `\u001b[${code}m${text}\u001b[0m` : text;
  }
}

function timeText(ms: number): string {
  return ms < 10_000 ? `${ms} ms` : `${(ms / 1000).toFixed(1)} s`;
}
