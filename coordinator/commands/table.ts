// Aligned columns for the terminal.

export interface Column {
  readonly title: string;
  readonly align?: 'left' | 'right'; // left unless told
}

/** The lines of a table: titles, then the rows, columns two blanks apart. */
export function tableLines(columns: readonly Column[], rows: readonly (readonly string[])[]): string[] {
  const cells = [columns.map((column) => column.title), ...rows];
  const widths = columns.map((_, c) => Math.max(...cells.map((row) => [...(row[c] ?? '')].length)));
  return cells.map((row) =>
    columns
      .map(({ align }, c) => {
        const text = row[c] ?? '';
        const padding = ' '.repeat(widths[c]! - [...text].length);
        return align === 'right' ? padding + text : text + padding;
      })
      .join('  ')
      .trimEnd(),
  );
}
