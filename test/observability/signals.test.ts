import { readdirSync, readFileSync } from 'node:fs';
import { noopMetricMeter, type MetricMeter } from '@temporalio/common';
import { expect, test } from 'vitest';
import { createBudgetMetrics } from '../../src/observability/budget-metrics.ts';
import { GATEWAY_METRICS } from '../../src/observability/gateway-metric-signals.ts';
import { EVENTS } from '../../src/observability/event-signals.ts';
import { METRICS, pageName, type MetricName, type MetricRow } from '../../src/observability/metric-signals.ts';
import { createMetrics } from '../../src/observability/metrics.ts';

const ROOT = new URL('../../', import.meta.url);
const read = (path: string): string => readFileSync(new URL(path, ROOT), 'utf8');
const filesOf = (folder: string, ending: string): string[] =>
  readdirSync(new URL(folder, ROOT), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith(ending))
    .map((name) => `${folder}/${name}`);

/** The product's code without the tables. */
const code = filesOf('src', '.ts')
  .filter((path) => !path.endsWith('-signals.ts'))
  .map(read)
  .join('\n');

function found(text: string, pattern: RegExp): string[] {
  return [...new Set(Array.from(text.matchAll(pattern), ([, group]) => group ?? ''))].toSorted();
}

/** The cells of the rows whose first one is code, under the heading of a page. */
function rowsUnder(heading: string): string[][] {
  const section = read('docs/operations.md').split(`\n## ${heading}\n`)[1]?.split('\n## ')[0] ?? '';
  const rows = section.split('\n').filter((line) => line.startsWith('| `'));
  return rows.map((line) =>
    line
      .split(' |')
      .map((cell) => cell.replace(/^\|?\s*/, '').trimEnd())
      .slice(0, -1),
  );
}

const asCode = (names: readonly string[]): string => names.map((name) => `\`${name}\``).join(', ');

test('[M22][M14] the events in the docs are those of the table: name, levels, meaning, members', () => {
  const rows = Object.entries(EVENTS).map(([name, { levels, means, fields }]) => [
    asCode([name]),
    levels.join(', '),
    means,
    asCode(fields),
  ]);
  expect(rowsUnder('Logs')).toEqual(rows);
});

test('[M14] the code logs the events of the table, and no others', () => {
  expect(found(code, /\bevent(?::|\()\s*'([a-z_]+)'/g)).toEqual(Object.keys(EVENTS).toSorted());
});

test('[M22][M15] the metrics in the docs are those of the table: name, labels, meaning, alert', () => {
  const cells = (name: string, { kind, labels, means, alert }: MetricRow): string[] => [
    asCode([name]),
    asCode(labels),
    kind === 'histogram' ? `histogram: ${means}` : means,
    alert ?? '',
  ];
  const rows = Object.entries(METRICS).map(([name, row]) => cells(pageName(name as MetricName), row));
  expect(rowsUnder('Metrics').filter(([name]) => name?.startsWith('`external_api_'))).toEqual(rows);
  expect(rowsUnder('Metrics of a gateway')).toEqual(
    Object.entries(GATEWAY_METRICS).map(([name, row]) => cells(name, row)),
  );
});

test('[M15] the product makes the metrics of the table, and no others', () => {
  const made: string[] = [];
  const note =
    <Args extends [string, ...unknown[]], T>(make: (...args: Args) => T) =>
    (...args: Args): T => {
      made.push(args[0]);
      return make(...args);
    };
  const meter: MetricMeter = Object.assign(Object.create(noopMetricMeter) as MetricMeter, {
    createCounter: note(noopMetricMeter.createCounter.bind(noopMetricMeter)),
    createGauge: note(noopMetricMeter.createGauge.bind(noopMetricMeter)),
    createHistogram: note(noopMetricMeter.createHistogram.bind(noopMetricMeter)),
  });
  createMetrics(() => meter);
  createBudgetMetrics(() => meter);
  // A workflow makes its own, in the sandbox.
  const ofWorkflows = found(code, /\b(?:count|measure)\(\s*'(external_api_\w+)'/g);
  expect([...made, ...ofWorkflows].toSorted()).toEqual(Object.keys(METRICS).toSorted());
});

test('[M22] the docs name no event and no metric that there is not', () => {
  const docs = [...filesOf('docs', '.md'), 'README.md'].map(read).join('\n');
  const known = new Set([
    ...Object.keys(EVENTS),
    ...Object.keys(METRICS).map((name) => pageName(name as MetricName)),
    ...Object.keys(GATEWAY_METRICS),
  ]);
  expect(found(docs, /`(external_api_\w+)`/g).filter((name) => !known.has(name))).toEqual([]);
});
