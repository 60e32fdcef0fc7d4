import type { MetricMeter } from '@temporalio/common';
import { instruments } from './instruments.ts';

/**
 * Our metrics, on the Temporal SDK's own meter, so that one page shows both. Counters appear once they were used.
 * The workflow adds its own: requests by final state, unknown outcomes, fallbacks, what callbacks take.
 */
export function createMetrics(meter: () => MetricMeter) {
  const { counter, gauge, histogram } = instruments(meter);
  return {
    calls: counter('external_api_calls'),
    callDuration: histogram('external_api_call_duration'),
    tokenRefreshes: counter('external_api_token_refreshes'),
    authenticationFailures: counter('external_api_authentication_failures'),
    errors: counter('external_api_errors'),
    suspicions: counter('external_api_suspicious_activity'),
    statusWords: counter('external_api_status_words'),
    unknownStatuses: counter('external_api_unknown_status_words'),
    answersLookedUp: counter('external_api_answers_looked_up'),
    detectionLag: histogram('external_api_detection_lag'),
    learnedJobTime: gauge('external_api_learned_job_time_seconds'),
    connections: gauge('external_api_connections'),
    deliveries: counter('external_api_deliveries'),
    deliveryLag: histogram('external_api_delivery_lag'),
  };
}

export type Metrics = ReturnType<typeof createMetrics>;

/** Bucket bounds in seconds: from a quick answer to the call's timeout, and to the longest wait for a Retry-After. */
export const HISTOGRAM_BUCKETS = {
  external_api_call_duration: [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 30, 60],
  external_api_callback_latency: [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60],
  external_api_delivery_lag: [0.05, 0.1, 0.25, 0.5, 1, 5, 10, 60, 600, 3600, 10_800, 36_000, 86_400, 259_200],
  external_api_detection_lag: [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3600],
};
