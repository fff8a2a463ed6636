// Counts what had to be repaired in a corpus, so that the operator is told once and not line by line.
import type { LineBlock } from './lines.ts';

/** One kind of repair. Structured-cloneable, and as it stands in `run.json`. */
export interface TextFault {
  readonly count: number;
  /** Path of the first file that has it, by name; '' when none has. */
  readonly file: string;
}

export interface TextFaults {
  /** Sequences that are no UTF-8 and became U+FFFD. */
  readonly replaced: TextFault;
  /** Lines above the limit, cut into several. */
  readonly cut: TextFault;
}

const NONE: TextFault = { count: 0, file: '' };
export const NO_TEXT_FAULTS: TextFaults = { replaced: NONE, cut: NONE };

function plus(a: TextFault, b: TextFault): TextFault {
  if (a.count === 0 || b.count === 0) return a.count === 0 ? b : a;
  return { count: a.count + b.count, file: a.file < b.file ? a.file : b.file };
}

/** The faults of two parts of a corpus, in any order. */
export function addTextFaults(a: TextFaults, b: TextFaults): TextFaults {
  return { replaced: plus(a.replaced, b.replaced), cut: plus(a.cut, b.cut) };
}

/** The faults of a block that was read from `file`. */
export function textFaultsOf(block: LineBlock, file: string): TextFaults {
  const fault = (count: number): TextFault => (count === 0 ? NONE : { count, file });
  return { replaced: fault(block.replaced), cut: fault(block.cut) };
}

function counted({ count }: TextFault, one: string, more: string): string {
  return `${count.toLocaleString('en')} ${count === 1 ? one : more}`;
}

/** Lines for the operator; none when nothing had to be repaired. */
export function describeTextFaults({ replaced, cut }: TextFaults): readonly string[] {
  const lines: string[] = [];
  if (replaced.count > 0) {
    lines.push(
      `${counted(replaced, 'byte sequence is', 'byte sequences are')} no UTF-8 and read as U+FFFD, the first in ${replaced.file}; ` +
        'convert the corpus with iconv if they matter',
    );
  }
  if (cut.count > 0) {
    lines.push(`${counted(cut, 'line is', 'lines are')} longer than 1 MiB and cut at blanks, the first in ${cut.file}`);
  }
  return lines;
}
