import type { Figure, JudgedAim } from './figures.ts';

type Cell = Figure | number | string;

/** What is printed of a section. */
export interface Table {
  title: string;
  /** Heads, by the member of a row that stands under them. */
  columns: Readonly<Record<string, string>>;
  rows: readonly Readonly<Record<string, Cell>>[];
}

/** A section's figures as a text table: the median, and the range of the rounds beside it. */
export function tableOf({ title, columns, rows }: Table): string {
  const names = Object.keys(columns);
  const lines = [Object.values(columns), ...rows.map((row) => names.map((name) => cell(row[name] ?? '')))];
  const widths = names.map((_, column) => Math.max(...lines.map((line) => (line[column] ?? '').length)));
  const text = lines.map((line) => line.map((value, column) => value.padStart(widths[column] ?? 0)).join('  '));
  return [title, ...text].join('\n');
}

export function aimText({ what, relation, bound, unit, figure, met }: JudgedAim): string {
  const range = `${short(figure.min)}–${short(figure.max)}`;
  return `${met ? 'met   ' : 'MISSED'}  ${what}: ${short(figure.median)}${unit} (${range}), aim ${relation} ${bound}${unit}`;
}

function cell(value: Cell): string {
  if (typeof value !== 'object') return typeof value === 'number' ? value.toLocaleString('en') : value;
  const { median, min, max } = value;
  return min === max ? short(median) : `${short(median)} (${short(min)}–${short(max)})`;
}

/** Three significant digits. */
function short(value: number): string {
  if (Number.isNaN(value)) return 'unknown';
  return value.toLocaleString('en', { maximumSignificantDigits: Math.abs(value) >= 1_000 ? 4 : 3 });
}
