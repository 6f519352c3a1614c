/** Plain text tables for the terminal. */

/** Columns as wide as their widest cell; the first left, the others as `align` says. */
export function textTable(header: readonly string[], rows: readonly (readonly string[])[], align: 'left' | 'right' = 'right'): string {
  const all = [header, ...rows].map((row) => row.map(inert));
  const widths = header.map((_, column) => Math.max(...all.map((row) => width(row[column] ?? ''))));
  const line = (row: readonly string[]): string =>
    row
      .map((cell, column) => {
        const gap = ' '.repeat(widths[column]! - width(cell));
        return column === 0 || align === 'left' ? cell + gap : gap + cell;
      })
      .join('  ')
      .trimEnd();
  return [line(all[0]!), widths.map((size) => '─'.repeat(size)).join('  '), ...all.slice(1).map(line)].join('\n');
}

function width(text: string): number {
  return [...text].length;
}

/** As `inert`, for texts of several lines. */
export function inertLines(text: string): string {
  return text.split('\n').map(inert).join('\n');
}

/** Control characters of a model, a file or a title must not steer the terminal. */
export function inert(text: string): string {
  // eslint-disable-next-line no-control-regex
  return text.replaceAll(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g, '\uFFFD').replaceAll(/\s*\n\s*/g, ' ');
}
