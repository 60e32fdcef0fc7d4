import { ApplicationFailure, Context } from '@temporalio/activity';
import { ApplicationFailureCategory } from '@temporalio/common';
import {
  DELIVERY_FAILED,
  type Delivered,
  type DeliveryArgs,
  type DeliveryProgress,
  type DeliveryRecord,
} from '../contract/delivery.ts';
import { attemptDelivery, type DeliveryDeps } from '../deliveries/attempt-delivery.ts';
import { NO_ATTEMPTS } from '../deliveries/delivery-plan.ts';
import { keepAlive } from './keep-alive.ts';

/** One attempt to tell a caller the end of its request. Temporal makes the next one, when this one says so. */
export function createDeliver(deps: DeliveryDeps) {
  return async function deliver(args: DeliveryArgs): Promise<Delivered> {
    const context = Context.current();
    const earlier = { ...NO_ATTEMPTS, ...(context.info.heartbeatDetails as DeliveryProgress | undefined) };
    const stop = keepAlive(context, () => earlier);
    const { record, progress } = await attemptDelivery(args, earlier, deps, context.cancellationSignal).finally(stop);
    deps.observer.attempted(record);
    const { statusCode, attempts } = record;
    if (record.outcome === 'delivered') return { statusCode: statusCode ?? 0, attempts };
    // Details that a failure follows are recorded with it.
    context.heartbeat(progress);
    throw failureOf(record);
  };
}

function failureOf({ outcome, reason, attempts, statusCode, delayMs }: DeliveryRecord): ApplicationFailure {
  const failure = ApplicationFailure.create({
    type: DELIVERY_FAILED,
    message: reason ?? outcome,
    details: [{ attempts, statusCode }],
    nonRetryable: delayMs === null,
    ...(delayMs !== null && { nextRetryDelay: delayMs, category: ApplicationFailureCategory.BENIGN }),
  });
  failure.stack = '';
  return failure;
}
