import type { DeliveryOutcome, DeliveryRecord } from '../contract/delivery.ts';
import type { Logger } from './logger.ts';
import type { Metrics } from './metrics.ts';

/** What is everyday of deliveries, and what somebody should see. */
const LEVELS = {
  delivered: 'info',
  failed: 'warn',
  dead: 'error',
  put_off: 'debug',
  no_secret: 'warn',
} as const satisfies Record<DeliveryOutcome, string>;

/** The one place where an attempt to deliver becomes a log line and metrics. */
export function observeDeliveries(logger: Logger, metrics: Metrics) {
  return {
    attempted(record: DeliveryRecord): void {
      const { outcome, durationMs, delayMs, lagMs, reason } = record;
      logger[LEVELS[outcome]]({
        event: 'external_api_delivery',
        request_id: record.requestId,
        tenant: record.tenant,
        target: record.target,
        outcome,
        attempts: record.attempts,
        ...(record.statusCode !== null && { status_code: record.statusCode }),
        ...(durationMs !== null && { response_time: Math.round(durationMs) / 1000 }),
        ...(reason !== null && { reason }),
        ...(delayMs !== null && { next_in: Math.round(delayMs) / 1000 }),
      });
      metrics.deliveries.add(1, { outcome });
      if (outcome === 'delivered') metrics.deliveryLag.record(lagMs / 1000);
    },
  };
}
