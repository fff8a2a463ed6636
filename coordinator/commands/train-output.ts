// What `tributary train` shows: JSON lines for scripts, or a progress bar and a log for people.
import type { RunEvent, RunStatus } from '../../protocol/status.ts';

export interface TrainOutput {
  /** One JSON event (scripts), or its text (people). */
  event(name: string, fields: object, text?: string): void;
  log(event: RunEvent): void;
  /** Shows progress until `stop`. */
  start(status: () => RunStatus): void;
  stop(): void;
  /** From here on only errors are logged: the run is being taken down, and says so itself. */
  hush(): void;
}

const BAR_CELLS = 24;
const LEAST_CELLS = 8;

/** Log lines and progress go to stderr, so that stdout stays what was asked for. */
export function trainOutput(json: boolean): TrainOutput {
  const terminal = process.stderr.isTTY;
  let ticker: NodeJS.Timeout | null = null;
  let drawn = false;
  let hushed = false;
  const clear = (): void => {
    if (drawn) process.stderr.write('\r\u001b[2K');
    drawn = false;
  };
  return {
    event: (name, fields, text) => {
      clear();
      if (json) process.stdout.write(`${JSON.stringify({ event: name, ...fields })}\n`);
      else if (text !== undefined) process.stdout.write(`${text}\n`);
    },
    log: ({ time, level, text }) => {
      if (hushed && level !== 'error') return;
      clear();
      const clock = new Date(time).toTimeString().slice(0, 8);
      process.stderr.write(`${clock} ${level === 'info' ? '' : `${level}: `}${text}\n`);
    },
    start: (read) => {
      let ticks = 0;
      ticker = setInterval(() => {
        const status = read();
        if (json) {
          const { state, reason, epoch, progress, wordsPerSecond, bytesPerSecond, etaSeconds, loss, heldOut, alpha } =
            status;
          const fields = {
            state,
            reason,
            epoch,
            ...progress,
            wordsPerSecond,
            bytesPerSecond,
            etaSeconds,
            loss,
            heldOut: heldOut?.loss ?? null,
            alpha,
            volunteers: status.volunteers.length,
          };
          process.stdout.write(`${JSON.stringify({ event: 'progress', ...fields })}\n`);
        }
        ticks++;
        if (terminal && !json) {
          // Over the line before, in one write: cleared first, it would flicker. Some terminals report 0 columns.
          process.stderr.write(`\r${progressLine(status, process.stderr.columns || 80)}\u001b[K`);
          drawn = true;
        } else if (!json && ticks % 10 === 0) {
          process.stderr.write(`${progressLine(status, 200)}\n`);
        }
      }, 1000);
    },
    stop: () => {
      if (ticker !== null) clearInterval(ticker);
      ticker = null;
      clear();
    },
    hush: () => {
      hushed = true;
    },
  };
}

/** One line of at most `columns` characters. */
export function progressLine(status: RunStatus, columns: number): string {
  const { progress, state } = status;
  const share = progress.total > 0 ? Math.min(1, progress.done / progress.total) : 0;
  // With room for the ^C that terminals echo: a line that wraps could not be cleared.
  const width = Math.max(20, columns - 3);
  const parts = [`${(100 * share).toFixed(1).padStart(5)} %`];
  if (progress.unit === 'bytes') {
    parts.push(`${state}: ${(progress.done / 1e6).toFixed(0)} of ${(progress.total / 1e6).toFixed(0)} MB`);
    if (status.bytesPerSecond > 0) parts.push(`${(status.bytesPerSecond / 1e6).toFixed(0)} MB/s`);
    if (status.etaSeconds !== null) parts.push(`${duration(status.etaSeconds)} left`);
    if (status.waiting !== null) parts.push(`waiting for HDFS: ${status.waiting}`);
  } else {
    parts.push(`epoch ${status.epoch}/${status.config.epochs}`, `${compact(status.wordsPerSecond)} words/s`);
    if (status.etaSeconds !== null) parts.push(`${duration(status.etaSeconds)} left`);
    parts.push(`${status.volunteers.length} volunteer${status.volunteers.length === 1 ? '' : 's'}`);
    if (status.loss !== null && state === 'training') parts.push(`loss ${status.loss.toFixed(3)}`);
    if (status.heldOut !== null && status.heldOut.loss !== null && state === 'training')
      parts.push(`held out ${status.heldOut.loss.toFixed(3)}`);
    if (status.warning !== null) parts.unshift('DIVERGING');
    if (state !== 'training') parts.push(`${state}: ${status.reason}`);
    else if (status.waiting !== null) parts.push(`waiting for HDFS: ${status.waiting}`);
  }
  // Where it is narrow the bar shrinks first, then the losses go.
  const room = (): number => width - parts.join('  ').length - 1;
  while (room() < LEAST_CELLS && /^(loss|held out) /.test(parts.at(-1) ?? '')) parts.pop();
  const cells = Math.min(BAR_CELLS, Math.max(LEAST_CELLS, room()));
  const filled = Math.round(share * cells);
  return `${'█'.repeat(filled)}${'░'.repeat(cells - filled)} ${parts.join('  ')}`.slice(0, width);
}

export function compact(value: number): string {
  if (value >= 1e6) return `${(value / 1e6).toFixed(2)} M`;
  if (value >= 1e3) return `${(value / 1e3).toFixed(0)} k`;
  return value.toFixed(0);
}

export function duration(seconds: number): string {
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${String(whole % 60).padStart(2, '0')} s`;
  return `${Math.floor(whole / 3600)} h ${String(Math.floor((whole % 3600) / 60)).padStart(2, '0')} min`;
}
