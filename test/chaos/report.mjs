import { quantile } from '../performance/bench/figures.mjs';

/** Rows as text columns: the first to the left, the others to the right. */
export function textTable(rows) {
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => String(row[column]).length)));
  return rows
    .map((row) =>
      row
        .map((cell, column) => (column === 0 ? `${cell}`.padEnd(widths[0]) : `${cell}`.padStart(widths[column])))
        .join('  '),
    )
    .join('\n');
}

/** @param {import('./checker.mjs').Verdict} verdict */
export function verdictText({ rules, violations, counts }) {
  const shown = violations
    .slice(0, 20)
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
export function timesText(ms) {
  if (ms.length === 0) return 'none';
  const seconds = (value) => `${(value / 1000).toFixed(1)} s`;
  const at = (q) => seconds(quantile(ms, q));
  return `n ${ms.length}, p50 ${at(0.5)}, p90 ${at(0.9)}, p99 ${at(0.99)}, max ${at(1)}`;
}
