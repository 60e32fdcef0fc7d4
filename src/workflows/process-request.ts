import { ApplicationFailure, CancellationScope, CancelledFailure, upsertMemo } from '@temporalio/workflow';
import type { RequestMemo } from '../contract/names.ts';
import { type ProcessRequestArgs, type ProcessResult, type RequestState } from '../contract/request.ts';
import type { CancellationOutcome } from '../contract/values.ts';
import { setAttention } from './attention.ts';
import { cancelWork } from './cancel-work.ts';
import { checkVersion } from './check-version.ts';
import type { Request } from './create-request.ts';
import { exposeRequest } from './expose-request.ts';
import { RequestEnded } from './request-ended.ts';
import type { RequestFailure } from './request-failure.ts';
import { Steps } from './run-steps.ts';
import { startDelivery } from './start-delivery.ts';
import { fallBack } from './use-fallback.ts';

/**
 * One durable request: authenticate, process, and, when the provider only gave an id, poll until it is finished. An
 * earlier answer from the cache may end it at the first step, a fallback instead of a failure at the last.
 *
 * Returns the completed state. Fails with an ApplicationFailure whose type is the error's class and whose details are
 * `[ErrorDetails, RequestState]`; a cancelled one leaves its state in the memo `endState`: a reader needs no worker to
 * know the end. Whatever it is, its delivery to the caller is started first, if that is wanted.
 */
export async function processRequest(args: ProcessRequestArgs): Promise<RequestState> {
  checkVersion(args);
  const request = exposeRequest(args);
  const failure = await toEnd(request);
  const { callbackUrl } = args.options;
  if (callbackUrl !== null) await startDelivery(request, callbackUrl);
  if (failure !== null) throw failure;
  return request.state;
}

/** Brings the request to its final state. What the workflow is to fail with; null: it is completed. */
async function toEnd(request: Request): Promise<ApplicationFailure | CancelledFailure | null> {
  const steps = new Steps(request);
  try {
    const { result, storedAt } = await steps.run();
    return complete(request, result, storedAt);
  } catch (error) {
    if (!(error instanceof RequestEnded)) throw error;
    const { end } = error;
    if (end.end === 'cancelled') return cancelled(request, end.cancellation);
    if (end.end === 'failed') return await fail(request, end.failure, end.cancellation, steps);
    const work = await cancelWork(request, end.providerRequestId);
    if ('result' in work) return complete(request, work.result, null);
    return cancelled(request, work.cancellation);
  }
}

/** @param cachedAt null when it is the provider's result of this request */
function complete(request: Request, result: ProcessResult, cachedAt: string | null): null {
  const cancellation = CancellationScope.current().consideredCancelled ? 'finished_anyway' : null;
  if (cachedAt === null) request.apply({ type: 'completed', result, cancellation });
  else request.apply({ type: 'answered_from_cache', result, cachedAt, cancellation });
  return null;
}

function cancelled(request: Request, cancellation: CancellationOutcome): CancelledFailure {
  request.apply({ type: 'cancelled', cancellation });
  upsertMemo({ endState: request.state } satisfies Partial<RequestMemo>);
  return new CancelledFailure('Cancelled');
}

async function fail(
  request: Request,
  failure: RequestFailure,
  cancellation: CancellationOutcome | null,
  { authentication }: Steps,
): Promise<ApplicationFailure | null> {
  const { args } = request;
  const { status, error, details } = failure;
  const ended = { error, providerRequestId: details.providerRequestId };
  const instead = await fallBack(request, failure, authentication);
  if (instead !== null) {
    request.apply({ type: 'fallen_back', result: instead.result, cachedAt: instead.storedAt, ...ended });
    setAttention(args, 'fallback');
    return null;
  }
  request.apply({ type: status, cancellation, ...ended });
  setAttention(args, status);
  const fails = ApplicationFailure.nonRetryable(error.message, error.type, details, request.state);
  // An expected end: a stack trace would only hide the message in the Web UI.
  fails.stack = '';
  return fails;
}
