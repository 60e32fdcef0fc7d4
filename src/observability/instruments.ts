import type { MetricCounter, MetricGauge, MetricHistogram, MetricMeter } from '@temporalio/common';
import { METRICS, type MetricName, type MetricRow } from './metric-signals.ts';

type Of<Kind extends MetricRow['kind']> = {
  [Name in MetricName]: (typeof METRICS)[Name]['kind'] extends Kind ? Name : never;
}[MetricName];

/**
 * Makes the metrics of the table, each as its row says.
 * @param meter the meter as it is now: the SDK's Runtime ends with a failed attempt to connect, and the next has another
 */
export function instruments(meter: () => MetricMeter) {
  const row = (name: MetricName): MetricRow => METRICS[name];
  return {
    counter(name: Of<'counter'>): Pick<MetricCounter, 'add'> {
      const current = latest(meter, (made) => made.createCounter(name, undefined, row(name).means));
      return { add: (value, tags) => current().add(value, tags) };
    },
    gauge(name: Of<'gauge'>): Pick<MetricGauge, 'set'> {
      const current = latest(meter, (made) => made.createGauge(name, row(name).value, undefined, row(name).means));
      return { set: (value, tags) => current().set(value, tags) };
    },
    histogram(name: Of<'histogram'>): Pick<MetricHistogram, 'record'> {
      const { value: valueType, unit, means } = row(name);
      const current = latest(meter, (made) => made.createHistogram(name, valueType, unit, means));
      return { record: (value, tags) => current().record(value, tags) };
    },
  };
}

/** What `make` makes of the meter, anew for each meter. */
function latest<T>(meter: () => MetricMeter, make: (meter: MetricMeter) => T): () => T {
  let from = meter();
  let made = make(from);
  return () => {
    const now = meter();
    if (now !== from) [from, made] = [now, make(now)];
    return made;
  };
}
