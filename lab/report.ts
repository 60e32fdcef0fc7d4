import { quantile } from '../bench/figures.ts';
import { groupBy } from './group-by.ts';
import type { Verdict } from './verdict.ts';

type Row = readonly (string | number)[];

/** Rows as text columns: the first to the left, the others to the right. */
export function textTable(rows: readonly Row[]): string {
  const columns = Math.max(...rows.map((row) => row.length));
  const widths = Array.from({ length: columns }, (_, column) =>
    Math.max(...rows.map((row) => String(row[column] ?? '').length)),
  );
  const cell = (value: string | number, column: number): string =>
    column === 0 ? `${value}`.padEnd(widths[0] ?? 0) : `${value}`.padStart(widths[column] ?? 0);
  return rows.map((row) => row.map(cell).join('  ')).join('\n');
}

export function verdictText({ rules, violations, counts }: Verdict): string {
  // Of each rule: hundreds of one would hide the one of another.
  const shown = [...groupBy(violations, ({ rule }) => rule).values()]
    .flatMap((ofRule) => ofRule.slice(0, 20))
    .map(({ rule, requestId, evidence }) => `  ${requestId}: not «${rule}». ${evidence}`);
  const more = violations.length - shown.length;
  return [
    textTable([
      ['rule', 'checked', 'broken'],
      ...rules.filter(({ checked }) => checked > 0).map(({ rule, checked, broken }) => [rule, checked, broken]),
    ]),
    '',
    textTable(
      Object.entries(counts)
        .filter(([, count]) => count > 0)
        .toSorted(([a], [b]) => (a < b ? -1 : 1)),
    ),
    ...(violations.length > 0 ? ['', `${violations.length} violations:`, ...shown] : []),
    ...(more > 0 ? [`  … and ${more} more`] : []),
  ].join('\n');
}

/** `n 120, p50 10.2 s, p99 12.9 s, max 13.0 s`. */
export function timesText(ms: readonly number[]): string {
  if (ms.length === 0) return 'none';
  const at = (q: number): string => `${(quantile(ms, q) / 1000).toFixed(1)} s`;
  return `n ${ms.length}, p50 ${at(0.5)}, p90 ${at(0.9)}, p99 ${at(0.99)}, max ${at(1)}`;
}
