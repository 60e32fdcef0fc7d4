const GAP = '  ';

/** A column of a table. One with a `least` may be cut to that many columns where the table would be too wide. */
export interface Column<Row> {
  title: string;
  cell: (row: Row) => string;
  least?: number;
}

/** A table with a heading, in `width` columns where cutting makes it so. The last column that may be cut is cut first. */
export function tableText<Row>(columns: readonly Column<Row>[], rows: readonly Row[], width = Infinity): string {
  const cells = columns.map(({ title, cell }) => [title, ...rows.map(cell)]);
  const widths = cells.map((column) => Math.max(...column.map((cell) => cell.length)));
  for (let n = columns.length - 1; n >= 0; n--) {
    const tooWide = total(widths) - width;
    const { least = Infinity } = columns[n] ?? {};
    const own = widths[n] ?? 0;
    if (tooWide > 0 && own > least) widths[n] = Math.max(least, own - tooWide);
  }
  return Array.from({ length: rows.length + 1 }, (_, row) =>
    cells
      .map((column, n) => cut(column[row] ?? '', widths[n] ?? 0).padEnd(widths[n] ?? 0))
      .join(GAP)
      .trimEnd(),
  ).join('\n');
}

function total(widths: readonly number[]): number {
  return widths.reduce((sum, one) => sum + one, 0) + GAP.length * (widths.length - 1);
}

function cut(text: string, width: number): string {
  return text.length <= width ? text : `${text.slice(0, width - 1)}…`;
}
