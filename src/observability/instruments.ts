import type { MetricCounter, MetricGauge, MetricHistogram, MetricMeter } from '@temporalio/common';
import { METRICS, type MetricName, type MetricRow } from './metric-signals.ts';

type Of<Kind extends MetricRow['kind']> = {
  [Name in MetricName]: (typeof METRICS)[Name]['kind'] extends Kind ? Name : never;
}[MetricName];

/** Makes the metrics of the table, each as its row says. */
export function instruments(meter: MetricMeter) {
  const row = (name: MetricName): MetricRow => METRICS[name];
  return {
    counter: (name: Of<'counter'>): MetricCounter => meter.createCounter(name, undefined, row(name).means),
    gauge: (name: Of<'gauge'>): MetricGauge => meter.createGauge(name, row(name).value, undefined, row(name).means),
    histogram: (name: Of<'histogram'>): MetricHistogram =>
      meter.createHistogram(name, row(name).value, row(name).unit, row(name).means),
  };
}
