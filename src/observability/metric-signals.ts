/** What the product measures, as data: docs/operations.md has this table, and a test compares them. */

/** One metric. */
export interface MetricRow {
  readonly kind: 'counter' | 'gauge' | 'histogram';
  /** Of gauges and histograms. */
  readonly value?: 'int' | 'float';
  /** Of histograms, to whose names alone the exporter adds it. */
  readonly unit?: 'seconds';
  readonly labels: readonly string[];
  readonly means: string;
  /** When somebody should look; null: it is there to be looked at. */
  readonly alert: string | null;
}

/** Ours, by the names that they are made with: {@link pageName} has what the exporter adds. */
export const METRICS = {
  external_api_requests: {
    kind: 'counter',
    labels: ['status'],
    means: 'ended requests by final state',
    alert: 'the share of `failed` and `timed_out` over 10 min is > 5 %',
  },
  external_api_outcomes_unknown: {
    kind: 'counter',
    labels: [],
    means: 'outcomes that became unknown',
    alert: 'any',
  },
  external_api_fallbacks: {
    kind: 'counter',
    labels: [],
    means: 'requests that failed and were completed by the fallback',
    alert: 'any',
  },
  external_api_calls: {
    kind: 'counter',
    labels: ['operation', 'outcome', 'class'],
    means:
      'calls of operation `token`, `submit`, `status`, `cancel`: `succeeded`, `never-sent`, `refused`, `ambiguous`, ' +
      '`final`; of class `interactive`, `bulk`, `poll`, `token`',
    alert: 'any `ambiguous` of `submit`; `refused` rises',
  },
  external_api_call_duration: {
    kind: 'histogram',
    value: 'float',
    unit: 'seconds',
    labels: ['operation'],
    means: 'from the start of a call to its end, to 60 s',
    alert: 'p95 above half of `EXTERNAL_API_TIMEOUT`',
  },
  external_api_errors: {
    kind: 'counter',
    labels: ['type'],
    means: 'failed calls by error class',
    alert: '`APIRateLimitError` lasts',
  },
  external_api_suspicious_activity: {
    kind: 'counter',
    labels: ['rule'],
    means: 'times that something was more than usual, by the rules of [security.md](security.md#suspicious-activity)',
    alert: 'any',
  },
  external_api_authentication_failures: {
    kind: 'counter',
    labels: [],
    means: 'calls refused as unauthenticated',
    alert: 'more than a few in 5 min',
  },
  external_api_token_refreshes: {
    kind: 'counter',
    labels: [],
    means: 'access tokens obtained',
    alert: 'many more than one per token lifetime and worker',
  },
  external_api_status_words: {
    kind: 'counter',
    labels: ['word'],
    means: 'answers with a status word of the provider; a word that its profile does not have counts as `other`',
    alert: 'more `other` than before: the provider changed',
  },
  external_api_unknown_status_words: {
    kind: 'counter',
    labels: [],
    means: 'polls with an unknown status word',
    alert: 'any: the provider changed',
  },
  external_api_answers_looked_up: {
    kind: 'counter',
    labels: ['outcome'],
    means: 'lookups of earlier answers: `hit`, `miss`, `unavailable`',
    alert: 'any `unavailable`',
  },
  external_api_callback_latency: {
    kind: 'histogram',
    value: 'float',
    unit: 'seconds',
    labels: [],
    means: 'from the arrival of a callback at the gateway to the request being `completed`, by the clocks of both',
    alert: 'p50 above a second: the workers or the budget cannot keep up',
  },
  external_api_detection_lag: {
    kind: 'histogram',
    value: 'float',
    unit: 'seconds',
    labels: [],
    means: "from the provider's `completed_at` to our seeing it",
    alert: 'p99 above what your callers can wait',
  },
  external_api_learned_job_time_seconds: {
    kind: 'gauge',
    value: 'float',
    labels: ['kind'],
    means: 'median of how long the last jobs of a kind took',
    alert: null,
  },
  external_api_connections: {
    kind: 'gauge',
    value: 'int',
    labels: ['state'],
    means: '`open` and `in_use` connections, and calls `waiting` for one',
    alert: '`waiting` stays above 0: raise `…MAX_CONNECTIONS`',
  },
  external_api_deliveries: {
    kind: 'counter',
    labels: ['outcome'],
    means:
      'attempts to [deliver](deliveries.md) an end: `delivered`, `failed`, `dead`, `put_off` (the target is busy, or ' +
      'down), `no_secret`',
    alert: 'any `dead` or `no_secret`',
  },
  external_api_delivery_lag: {
    kind: 'histogram',
    value: 'float',
    unit: 'seconds',
    labels: [],
    means: 'from the end of a request to its delivery',
    alert: 'p99 above what your callers can wait',
  },
  external_api_budget_used: {
    kind: 'gauge',
    value: 'int',
    labels: [],
    means: 'calls in the window of the call budget',
    alert: null,
  },
  external_api_budget_limit: {
    kind: 'gauge',
    value: 'int',
    labels: [],
    means: "calls that the window may have: ours, or the provider's own limit while that is lower",
    alert: null,
  },
  external_api_budget_kept: {
    kind: 'gauge',
    value: 'int',
    labels: [],
    means: 'calls of the limit that are kept for workers that Redis does not hear of',
    alert: 'stays above 0: a worker was killed, or is cut off',
  },
  external_api_budget_waiting: {
    kind: 'gauge',
    value: 'int',
    labels: [],
    means: 'calls of this process that wait for a permit',
    alert: null,
  },
  external_api_budget_next_permit_seconds: {
    kind: 'gauge',
    value: 'float',
    labels: [],
    means: 'until the next call may go out',
    alert: null,
  },
  external_api_budget_closed_seconds: {
    kind: 'gauge',
    value: 'float',
    labels: ['reason'],
    means: 'until calls go out again, by `budget`, `cool_down`, `outage`',
    alert: '`outage` lasts',
  },
  external_api_budget_shared: {
    kind: 'gauge',
    value: 'int',
    labels: [],
    means: '1 while the calls of all workers are counted in Redis, else 0',
    alert: '0 though `REDIS_URL` is set',
  },
  external_api_budget_workers: {
    kind: 'gauge',
    value: 'int',
    labels: [],
    means: 'worker processes that the limit is for',
    alert: null,
  },
} as const satisfies Record<string, MetricRow>;

export type MetricName = keyof typeof METRICS;

/** The name on the page of metrics. A histogram's rows add `_bucket`, `_sum` and `_count`. */
export function pageName(name: MetricName): string {
  const { kind, unit }: MetricRow = METRICS[name];
  if (kind === 'counter') return `${name}_total`;
  return unit === undefined ? name : `${name}_${unit}`;
}
