import { ActivityFailure, ApplicationFailure, isCancellation, proxyActivities } from '@temporalio/workflow';
import {
  DELIVERY_FAILED,
  DELIVERY_QUEUE,
  originOf,
  type Delivered,
  type DeliveryActivities,
  type DeliveryArgs,
} from '../contract/delivery.ts';
import { checkVersion } from './check-version.ts';

/** Also for one that nobody may or can make: no worker delivers, or the tenant has no secret. */
const LONGEST_DELIVERY = '30 days';

/**
 * Tells a caller the end of its request, however long that takes: the activity plans its attempts over days. What is given up
 * is a dead letter: this workflow ends as failed then, and may be started again.
 */
export async function deliverResult(args: DeliveryArgs): Promise<Delivered> {
  checkVersion(args);
  const { deliver } = proxyActivities<DeliveryActivities>({
    taskQueue: DELIVERY_QUEUE,
    startToCloseTimeout: '2 minutes',
    // Finds a dead worker.
    heartbeatTimeout: '10 seconds',
    scheduleToCloseTimeout: LONGEST_DELIVERY,
    // Of attempts whose worker died: all others say themselves when the next one is.
    retry: { initialInterval: '1 second', backoffCoefficient: 2, maximumInterval: '1 minute' },
    summary: `Tell ${originOf(args.url)} that the request is ${args.data.status}`,
  });
  try {
    return await deliver(args);
  } catch (error) {
    if (isCancellation(error)) throw error;
    throw givenUp(error);
  }
}

function givenUp(error: unknown): ApplicationFailure {
  const cause = error instanceof ActivityFailure ? error.cause : error;
  const message = cause instanceof Error ? cause.message : String(cause);
  const failure =
    cause instanceof ApplicationFailure && cause.type === DELIVERY_FAILED
      ? ApplicationFailure.nonRetryable(message, DELIVERY_FAILED, ...(cause.details ?? []))
      : ApplicationFailure.nonRetryable(`It was not delivered within ${LONGEST_DELIVERY}: ${message}`, DELIVERY_FAILED);
  // An expected end: a stack trace would only hide the message in the Web UI.
  failure.stack = '';
  return failure;
}
