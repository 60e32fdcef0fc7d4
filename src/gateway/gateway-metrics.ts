import type { FastifyInstance } from 'fastify';
import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import { GATEWAY_METRICS, type GatewayMetricName } from '../observability/gateway-metric-signals.ts';
import type { Waits } from './waits.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** The `error` of the problem that it was answered with, unless that tells how a durable request ended. */
    refusal: string | null;
    /** What became of a callback. */
    callbackOutcome: string | null;
  }
}

/** Seconds: from a quick answer to the longest wait for a change. */
const BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];

/** Measures every request. No label is what a caller made up. Returns the page, in Prometheus' text format. */
export function measure(app: FastifyInstance, waits: Waits): Registry {
  const registry = new Registry();
  const of = <Name extends GatewayMetricName>(name: Name) => ({
    name,
    help: GATEWAY_METRICS[name].means,
    labelNames: [...GATEWAY_METRICS[name].labels],
    registers: [registry],
  });
  const requests = new Counter(of('external_api_gateway_requests_total'));
  const durations = new Histogram({ ...of('external_api_gateway_request_duration_seconds'), buckets: BUCKETS });
  const refusals = new Counter(of('external_api_gateway_refusals_total'));
  const failedAttempts = new Counter(of('external_api_gateway_failed_attempts_total'));
  const callbacks = new Counter(of('external_api_gateway_callbacks_total'));
  const open = {
    ...of('external_api_gateway_waits_open'),
    collect(this: Gauge) {
      this.set(waits.size);
    },
  };
  registry.registerMetric(new Gauge({ ...open, registers: [] }));
  app.decorateRequest('refusal', null);
  app.decorateRequest('callbackOutcome', null);
  app.decorateRequest('failedAttempt', null);
  app.addHook('onResponse', async (request, reply) => {
    const { method, routeOptions, refusal, failedAttempt, callbackOutcome } = request;
    const labels = { route: routeOptions.url ?? 'none', method };
    requests.inc({ ...labels, status: reply.statusCode });
    durations.observe(labels, reply.elapsedTime / 1000);
    if (refusal !== null) refusals.inc({ reason: refusal });
    if (failedAttempt !== null) failedAttempts.inc({ reason: failedAttempt });
    if (callbackOutcome !== null) callbacks.inc({ outcome: callbackOutcome });
  });
  return registry;
}
