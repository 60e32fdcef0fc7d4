import {
  ActivityFailure,
  ApplicationFailure,
  CancellationScope,
  isCancellation,
  log,
  patched,
  upsertMemo,
  workflowInfo,
} from '@temporalio/workflow';
import type { Authentication, StoredAnswer, Submission } from '../contract/activities.ts';
import type { RequestMemo } from '../contract/names.ts';
import type { ProcessRequestArgs, ProcessResult, RequestState } from '../contract/request.ts';
import { setAttention } from './attention.ts';
import { cancelHonestly } from './cancellation.ts';
import { ended, failureOf, type RequestFailure } from './failure-of.ts';
import { fallBack } from './fall-back.ts';
import { resolveUnknownOutcome, type NextStep } from './outcome-unknown.ts';
import { pollOrCallback } from './poll-or-callback.ts';
import { RequestFailed } from './request-failed.ts';
import { openRequest, type Request } from './request.ts';

/**
 * One durable request: authenticate, process, and, when the provider only gave an id, poll until it is finished. An
 * earlier answer from the cache may end it at the first step, a fallback instead of a failure at the last.
 *
 * Returns the completed state. Fails with an ApplicationFailure whose type is the error's class and whose details are
 * `[ErrorDetails, RequestState]`; a cancelled one leaves its state in the memo `endState`: a reader needs no worker to
 * know the end.
 */
export async function processRequest(args: ProcessRequestArgs): Promise<RequestState> {
  const request = openRequest(args);
  let authentication: Authentication | null = null;
  try {
    authentication = await authenticated(request);
    const { cached, answerSlot } = authentication;
    if (cached) return answerFromCache(request, cached);
    return complete(request, await settledResult(request, answerSlot));
  } catch (error) {
    if (isCancellation(error)) return await endCancelled(request, authentication?.resends ?? false, error);
    const failure = error instanceof RequestFailed ? error.failure : requestFailureOf(error, args);
    const { status, error: requestError, details } = failure;
    const ending = { error: requestError, providerRequestId: details.providerRequestId };
    const instead = await fallBack(args, failure, authentication);
    if (instead !== null) {
      request.apply({ type: 'fallen_back', result: instead.result, cachedAt: instead.storedAt, ...ending });
      setAttention(args, 'fallback');
      return request.state;
    }
    request.apply({ type: status, ...ending });
    setAttention(args, failure.status);
    log.error('The request failed', {
      event: 'external_api_request_failed',
      request_id: args.requestId,
      tenant: args.tenant,
      status: failure.status,
      error_type: failure.error.type,
      reason: failure.error.message,
    });
    throw applicationFailure(request.state, failure);
  }
}

async function authenticated(request: Request): Promise<Authentication> {
  request.apply({ type: 'authenticating' });
  const { requestId, tenant, idempotency = null, cache } = request.args;
  const authenticate = request.activity('authenticate', 'Have a valid access token');
  if (!cache || cache.use === 'off') return await authenticate({ requestId, idempotency });
  return await authenticate({ requestId, idempotency, cache: { tenant, key: cache.key, use: cache.use } });
}

function answerFromCache(request: Request, { result, storedAt }: StoredAnswer): RequestState {
  request.apply({ type: 'answered_from_cache', result, cachedAt: storedAt });
  return request.state;
}

/** The result, whatever it takes to know the outcome of a submit. */
async function settledResult(request: Request, answerSlot: string | undefined): Promise<ProcessResult> {
  let next: NextStep = wasReset() ? await resolveUnknownOutcome(request, submittedBeforeReset()) : { resubmit: true };
  for (;;) {
    try {
      const submission: Submission = next.resubmit
        ? await submit(request, answerSlot)
        : { providerRequestId: next.providerRequestId, result: null, firstPollAfterMs: null };
      // That an adopted id is the work of this input, a person says, or a callback: not for other requests to rely on.
      return await resultOf(request, submission, next.resubmit ? answerSlot : undefined, !next.resubmit);
    } catch (error) {
      const unknown = unknownOutcomeOf(error, request.args, !next.resubmit);
      // Requests that began before outcomes could be resolved end as they would have then.
      if (unknown === null || !patched('resolve-unknown-outcomes')) throw error;
      next = await resolveUnknownOutcome(request, unknown);
    }
  }
}

/**
 * Whether an operator reset the workflow to before its submit, which may have been made in the run before. What a replay
 * finds in the history, it finds without this patch.
 */
function wasReset(): boolean {
  const { runId, firstExecutionRunId } = workflowInfo();
  return runId !== firstExecutionRunId && patched('reset-before-submit');
}

function submittedBeforeReset(): RequestFailure {
  const message = 'The workflow was reset to before its submit, which may have been made already';
  return ended('failed', 'OutcomeUnknown', message, { outcome: 'ambiguous' });
}

async function submit(request: Request, answerSlot: string | undefined): Promise<Submission> {
  request.apply({ type: 'submitting' });
  const { requestId, data, options, idempotency = null, priority = 'interactive' } = request.args;
  const process = request.activity('process', `POST /process${options.async ? ', asynchronous' : ''}`);
  return await process({ requestId, data, options, idempotency, priority, ...(answerSlot && { answerSlot }) });
}

async function resultOf(
  request: Request,
  submission: Submission,
  answerSlot: string | undefined,
  adopted: boolean,
): Promise<ProcessResult> {
  const { providerRequestId, firstPollAfterMs } = submission;
  request.apply({ type: 'submitted', providerRequestId });
  if (submission.result) return submission.result;
  // The provider layer takes a reply with neither a result nor an id for an unreadable one.
  if (providerRequestId === null)
    throw ApplicationFailure.nonRetryable('Neither a result nor an id', 'ExternalAPIError');
  const poll = request.activity('pollStatus', `GET /status/${providerRequestId}`);
  const { requestId, kind = null, options } = request.args;
  const input = {
    requestId,
    providerRequestId,
    firstPollAfterMs,
    kind,
    callbackExpected: options.callbackUrl !== null,
    ...(answerSlot && { answerSlot }),
  };
  const finished = await pollOrCallback(
    (immediately) => poll({ ...input, immediately: immediately || adopted }),
    () => request.callbacks,
  );
  return finished.result;
}

/** The failure after which it is not known whether the work was done; null for any other error. */
function unknownOutcomeOf(error: unknown, args: ProcessRequestArgs, adopted: boolean): RequestFailure | null {
  if (!(error instanceof ActivityFailure) || isCancellation(error)) return null;
  const failure = failureOf(error, args.deadlineMs);
  if (failure.error.type === 'OutcomeUnknown') return failure;
  // The provider does not know the id that was adopted: the question is open again.
  return adopted && failure.details.statusCode === 404 ? failure : null;
}

function complete(request: Request, result: ProcessResult): RequestState {
  const { consideredCancelled } = CancellationScope.current();
  request.apply({ type: 'completed', result, cancellation: consideredCancelled ? 'finished_anyway' : null });
  return request.state;
}

async function endCancelled(request: Request, resends: boolean, error: unknown): Promise<RequestState> {
  if (!patched('honest-cancel')) {
    request.apply({ type: 'cancelled', cancellation: null });
    throw error;
  }
  const end = await cancelHonestly(request, resends);
  if ('result' in end) return complete(request, end.result);
  request.apply({ type: 'cancelled', cancellation: end.cancellation });
  upsertMemo({ endState: request.state } satisfies Partial<RequestMemo>);
  throw error;
}

function requestFailureOf(error: unknown, { deadlineMs }: ProcessRequestArgs): RequestFailure {
  if (error instanceof ActivityFailure) return failureOf(error, deadlineMs);
  throw error;
}

function applicationFailure(state: RequestState, { error, details }: RequestFailure): ApplicationFailure {
  const failure = ApplicationFailure.nonRetryable(error.message, error.type, details, state);
  // An expected end: a stack trace would only hide the message in the Web UI.
  failure.stack = '';
  return failure;
}
