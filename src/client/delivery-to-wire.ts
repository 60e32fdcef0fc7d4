import type { DeliverySummary } from './deliveries.ts';

/** A delivery as HTTP and the command line show it. */
export function deliveryToWire(delivery: DeliverySummary) {
  return {
    request_id: delivery.requestId,
    tenant: delivery.tenant,
    status: delivery.status,
    request_status: delivery.requestStatus,
    target: delivery.target,
    started_at: delivery.startedAt,
    ended_at: delivery.endedAt,
    attempts: delivery.attempts,
    reason: delivery.reason,
    next_attempt_at: delivery.nextAttemptAt,
  };
}
