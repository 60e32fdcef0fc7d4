import type { MetricMeter } from '@temporalio/common';

/**
 * Our metrics, on the Temporal SDK's own meter, so that one page shows both. Counters appear once they were used.
 * The workflow adds `external_api_requests` by final state.
 */
export function createMetrics(meter: MetricMeter) {
  return {
    calls: meter.createCounter('external_api_calls', undefined, 'Calls to the provider by operation and outcome'),
    callDuration: meter.createHistogram(
      CALL_DURATION,
      'float',
      'seconds',
      'Seconds from the start of a call to its end',
    ),
    tokenRefreshes: meter.createCounter('external_api_token_refreshes', undefined, 'Access tokens obtained'),
    authenticationFailures: meter.createCounter(
      'external_api_authentication_failures',
      undefined,
      'Calls that the provider refused as unauthenticated',
    ),
    errors: meter.createCounter('external_api_errors', undefined, 'Failed calls by error type'),
    unknownStatuses: meter.createCounter(
      'external_api_unknown_status_words',
      undefined,
      'Status words of the provider that we do not know',
    ),
    answersLookedUp: meter.createCounter(
      'external_api_answers_looked_up',
      undefined,
      'Lookups of earlier answers by outcome: hit, miss, unavailable',
    ),
    detectionLag: meter.createHistogram(
      DETECTION_LAG,
      'float',
      'seconds',
      "Seconds from the provider's completed_at to the poll that saw it",
    ),
    learnedJobTime: meter.createGauge(
      'external_api_learned_job_time',
      'float',
      'seconds',
      'Median of how long the last jobs of a kind took',
    ),
    connections: meter.createGauge('external_api_connections', 'int', undefined, 'Connection pool by state'),
  };
}

export type Metrics = ReturnType<typeof createMetrics>;

const CALL_DURATION = 'external_api_call_duration';
const DETECTION_LAG = 'external_api_detection_lag';

/** Bucket bounds in seconds: from a quick answer to the call's timeout, and to the longest wait for a Retry-After. */
export const HISTOGRAM_BUCKETS = {
  [CALL_DURATION]: [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 30, 60],
  [DETECTION_LAG]: [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3600],
};
