import type { MetricRow } from './metric-signals.ts';

/** What a gateway measures, by the names on its page: docs/operations.md has this table, and a test compares them. */
export const GATEWAY_METRICS = {
  external_api_gateway_requests_total: {
    kind: 'counter',
    labels: ['route', 'method', 'status'],
    means: 'HTTP requests by the pattern of their route (`none`: there is none), method and status code',
    alert: 'the share of `5xx` over 10 min is > 5 %',
  },
  external_api_gateway_request_duration_seconds: {
    kind: 'histogram',
    labels: ['route', 'method'],
    means: 'from the header fields of a request to the end of its answer, the waits that a caller asked for included',
    alert: 'p95 of `/api/external/requests` above a second: Temporal is slow',
  },
  external_api_gateway_waits_open: {
    kind: 'gauge',
    labels: [],
    means: 'callers that wait for a result or a change, or read events',
    alert: null,
  },
  external_api_gateway_refusals_total: {
    kind: 'counter',
    labels: ['reason'],
    means: 'requests that the gateway did not serve, by the `error` of [the problem](gateway.md#problems)',
    alert: '`TemporalUnavailableError`, `OverloadedError` or `InternalError` rises',
  },
  external_api_gateway_failed_attempts_total: {
    kind: 'counter',
    labels: ['reason'],
    means: 'keys and tokens that were looked at and are not good, by reason, as in `caller_refused`',
    alert: 'it rises',
  },
  external_api_gateway_callbacks_total: {
    kind: 'counter',
    labels: ['outcome'],
    means: 'callbacks of the provider by outcome, as in `gateway_callback`',
    alert: 'any `forged_signature`, or many `forged_link`',
  },
} as const satisfies Record<string, MetricRow>;

export type GatewayMetricName = keyof typeof GATEWAY_METRICS;
