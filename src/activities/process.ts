import { Context } from '@temporalio/activity';
import { ActivityCancelledError } from '@temporalio/client';
import type { SubmitInput, Submission } from '../contract/activities.ts';
import { createExternalAPIError, type ExternalAPIError } from '../contract/errors.ts';
import { FAILURES } from '../contract/failures.ts';
import { progressFrom } from './call-progress.ts';
import type { ActivityDeps } from './deps.ts';
import { DurableHeartbeat } from './durable-heartbeat.ts';
import { failureAfter } from './failed-call.ts';
import { effectiveIdempotency } from './idempotency.ts';
import { checkResultSize, recordable } from './result-size.ts';

/**
 * Submits the work: one POST /process. Before the first byte leaves it records so durably, and the answer as soon as it
 * is read: an attempt that finds the one without the other knows that the one before it is ambiguous. A cancelled
 * request's POST is not cut: its answer says what became of it.
 */
export function createProcess(deps: ActivityDeps) {
  return async function process({ requestId, data, options, idempotency, priority }: SubmitInput): Promise<Submission> {
    const context = Context.current();
    const progress = progressFrom(context.info.heartbeatDetails);
    if (progress.submission) return progress.submission;
    const heartbeat = new DurableHeartbeat(context, () => progress);
    const mode = effectiveIdempotency(idempotency, deps.policy.idempotency);

    async function beforeSend(): Promise<void> {
      progress.sending = true;
      try {
        await heartbeat.recordFresh();
      } catch (error) {
        progress.sending = false;
        if (!(error instanceof ActivityCancelledError)) throw error;
        // The SDK learns of the cancellation by its own heartbeat. Nothing was sent.
        context.heartbeat(progress);
        await context.cancelled;
      }
    }

    try {
      if (mode === 'not_allowed') throw notAllowed(requestId, idempotency, deps.policy.idempotency);
      if (progress.sending) throw lostInFlight(requestId);
      const reply = await deps.provider.process(
        { data, options, idempotencyKey: requestId },
        { requestId, retryCount: progress.calls, beforeSend, priority },
      );
      const { providerRequestId, result, retryAfterMs } = reply;
      const submission: Submission = { providerRequestId, result, firstPollAfterMs: retryAfterMs };
      const recorded = recordable(submission);
      Object.assign(progress, { sending: recorded === null, submission: recorded });
      // Too late a cancellation, and a task that is no longer ours, do not undo the answer.
      await heartbeat.record().catch(() => {});
      checkResultSize(result, requestId, providerRequestId);
      return submission;
    } catch (error) {
      const failure = failureAfter(error, progress, deps, mode !== 'none');
      // An attempt after a final failure means that Temporal never got it: to that one the question is as open as ever.
      progress.sending &&= failure.nonRetryable === true;
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

function notAllowed(requestId: string, asked: unknown, configured: string): ExternalAPIError {
  const { type, outcome } = FAILURES.notAllowed;
  return createExternalAPIError(
    type,
    `The request asks for idempotency "${String(asked)}", but the worker has EXTERNAL_API_IDEMPOTENCY=${configured}: ` +
      `ask for "none", or for what the worker has. Nothing was sent.`,
    { failure: 'notAllowed', outcome, requestId },
  );
}
