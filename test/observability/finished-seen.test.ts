import { noopMetricMeter, type MetricMeter, type MetricTags } from '@temporalio/common';
import { expect, test } from 'vitest';
import { createLogger } from '../../src/observability/logger.ts';
import { createMetrics, HISTOGRAM_BUCKETS } from '../../src/observability/metrics.ts';
import { USUAL_SUSPICIONS } from '../../src/contract/suspicions.ts';
import { SuspicionWatch } from '../../src/observability/suspicion-watch.ts';
import { observeProvider } from '../../src/observability/provider-events.ts';

interface Measured {
  name: string;
  unit: string | undefined;
  value: number;
  tags: MetricTags | undefined;
}

const SEEN = { requestId: 'req_1', kind: 'report', polls: 1, lagMs: 250, usualLengthMs: 60_500 };

function observed() {
  const measured: Measured[] = [];
  const meter: MetricMeter = Object.assign(Object.create(noopMetricMeter) as MetricMeter, {
    createHistogram: (...args) => ({
      ...noopMetricMeter.createHistogram(...args),
      record: (value, tags) => void measured.push({ name: args[0], unit: args[2], value, tags }),
    }),
    createGauge: (...args) => ({
      ...noopMetricMeter.createGauge(...args),
      set: (value, tags) => void measured.push({ name: args[0], unit: args[2], value, tags }),
    }),
  } satisfies Partial<MetricMeter>);
  const logger = createLogger({ level: 'silent', name: 'worker' });
  return {
    measured,
    observer: observeProvider(
      logger,
      createMetrics(() => meter),
      new Set(['rendering']),
      new SuspicionWatch(USUAL_SUSPICIONS),
    ),
  };
}

test('[N5][M15] a finished request records its detection lag, and how long its kind usually takes', () => {
  const { measured, observer } = observed();
  observer.finishedSeen(SEEN);
  expect(measured).toEqual([
    { name: 'external_api_detection_lag', unit: 'seconds', value: 0.25, tags: undefined },
    { name: 'external_api_learned_job_time_seconds', unit: undefined, value: 60.5, tags: { kind: 'report' } },
  ]);
});

test('[N5][M15] what is not known is not recorded', () => {
  const { measured, observer } = observed();
  observer.finishedSeen({ ...SEEN, lagMs: null, usualLengthMs: null });
  expect(measured).toEqual([]);
});

test('[M15] callers name the kinds: 20 have a series of their own, all others share one', () => {
  const { measured, observer } = observed();
  for (let n = 0; n < 100; n++) observer.finishedSeen({ ...SEEN, kind: `kind-${n}` });
  observer.finishedSeen({ ...SEEN, kind: 'kind-3' });
  const kinds = measured.flatMap(({ tags }) => (tags ? [tags['kind']] : []));
  expect(new Set(kinds).size).toBe(21);
  expect(kinds.slice(18, 22)).toEqual(['kind-18', 'kind-19', 'other', 'other']);
  expect(kinds.at(-1)).toBe('kind-3');
});

test('[N5] the detection lag has buckets from an answer at once to an hour, in order', () => {
  const bounds = HISTOGRAM_BUCKETS.external_api_detection_lag;
  expect([bounds[0], bounds.at(-1)]).toEqual([0.01, 3600]);
  expect(bounds.toSorted((a, b) => a - b)).toEqual(bounds);
});
