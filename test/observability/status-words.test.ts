import { noopMetricMeter, type MetricMeter } from '@temporalio/common';
import { expect, test } from 'vitest';
import { createLogger } from '../../src/observability/logger.ts';
import { createMetrics } from '../../src/observability/metrics.ts';
import { USUAL_SUSPICIONS } from '../../src/contract/suspicions.ts';
import { SuspicionWatch } from '../../src/observability/suspicion-watch.ts';
import { observeProvider } from '../../src/observability/provider-events.ts';
import type { CallRecord } from '../../src/provider/observer.ts';

const CALL: CallRecord = {
  requestId: 'req_1',
  operation: 'status',
  callClass: 'poll',
  method: 'GET',
  template: '/jobs/{id}',
  statusCode: 200,
  durationMs: 12,
  retryCount: 0,
  outcome: 'succeeded',
  failure: null,
  errorType: null,
  word: null,
  reason: null,
};

test("[N13][M15] a provider's words are counted under the words of its profile, and all others as one", () => {
  const counted: unknown[] = [];
  const meter = Object.assign(Object.create(noopMetricMeter) as MetricMeter, {
    createCounter: (...args) => ({
      ...noopMetricMeter.createCounter(...args),
      add: (value, tags) => void (args[0] === 'external_api_status_words' && counted.push([value, tags])),
    }),
  } satisfies Partial<MetricMeter>);
  const observer = observeProvider(
    createLogger({ level: 'silent', name: 'worker' }),
    createMetrics(() => meter),
    new Set(['rendering']),
    new SuspicionWatch(USUAL_SUSPICIONS),
  );
  for (const word of ['Rendering', 'melting', '__proto__', null]) observer.called({ ...CALL, word });
  expect(counted).toEqual(['rendering', 'other', 'other'].map((word) => [1, { word }]));
});
