import { Context } from '@temporalio/activity';
import type { SubmitInput, Submission } from '../contract/activities.ts';
import { createExternalAPIError, type ExternalAPIError } from '../contract/errors.ts';
import { FAILURES } from '../contract/failures.ts';
import { progressFrom } from './call-progress.ts';
import { DurableHeartbeat } from './durable-heartbeat.ts';
import { failureAfter } from './failed-call.ts';
import type { ActivityDeps } from './deps.ts';

/**
 * Submits the work: one POST /process. Before the first byte leaves it records so durably; an attempt that finds that
 * record without an outcome knows that the one before it is ambiguous. A cancelled request's POST is not cut: its
 * answer is worth more than the time.
 */
export function createProcess(deps: ActivityDeps) {
  return async function process({ requestId, data, options }: SubmitInput): Promise<Submission> {
    const context = Context.current();
    const progress = progressFrom(context.info.heartbeatDetails);
    const heartbeat = new DurableHeartbeat(context, () => progress);

    async function beforeSend(): Promise<void> {
      progress.sending = true;
      await heartbeat.record();
    }

    try {
      if (progress.sending) throw lostInFlight(requestId);
      const reply = await deps.provider.process(
        { data, options, idempotencyKey: requestId },
        { requestId, retryCount: progress.calls, beforeSend },
      );
      const { providerRequestId, result, retryAfterMs } = reply;
      return { providerRequestId, result, firstPollAfterMs: retryAfterMs };
    } catch (error) {
      const failure = failureAfter(error, progress, deps, deps.policy.idempotency !== 'none');
      progress.sending = false;
      await heartbeat.stop();
      // Details that a failure follows travel with it.
      context.heartbeat(progress);
      throw failure;
    } finally {
      await heartbeat.stop();
    }
  };
}

function lostInFlight(requestId: string): ExternalAPIError {
  const { type, outcome } = FAILURES.workerLost;
  return createExternalAPIError(
    type,
    'The worker was lost while the request was on its way. The provider may have done the work.',
    { failure: 'workerLost', outcome, requestId, retryable: true },
  );
}
