import type { Client } from '@temporalio/client';
import { workflowIdOf, type RequestMemo } from '../contract/names.ts';
import type { ProcessRequestArgs, RequestSnapshot } from '../contract/request.ts';
import { isFailed } from '../contract/values.ts';
import { adviceAfter, decisionAdvice, retryAfter } from './advice.ts';
import { NotRetryableError } from './client-errors.ts';
import { readStart } from './server-view.ts';
import { decidedBy, decisionReason } from './resolution-input.ts';
import { check, strict } from './strict-input.ts';
import { cancellationWords } from './cancellation-words.ts';

/** Who sends a request again, and why: kept with the new one, in the details that the Temporal Web UI shows. */
export interface RetryOptions {
  /** At most 200 characters. Default: the identity of the Temporal client. */
  by?: string;
  /** At most 2000 characters. */
  reason?: string;
}

/** What a retry does: `adopt` is the provider's id of work that it has, and that is only asked for; null: it is submitted. */
export interface RetryPlan {
  adopt: string | null;
}

/**
 * What a retry of the request would do. Only what is known not to have been done is sent again.
 * @throws NotRetryableError saying what to do instead
 */
export function retryPlan(request: RequestSnapshot): RetryPlan {
  const { requestId, status, providerRequestId } = request;
  const after = isFailed(status) ? retryAfter(request) : null;
  if (after === null) throw new NotRetryableError(requestId, refusal(request));
  return { adopt: after === 'adopt' ? providerRequestId : null };
}

function refusal(request: RequestSnapshot): string {
  const { requestId, status, cancellation, waitingFor } = request;
  switch (status) {
    case 'failed':
    case 'timed_out':
      return adviceAfter(request);
    case 'outcome_unknown':
      return `its outcome is unknown, and it is held: ${decisionAdvice(request, waitingFor?.until ?? null)}`;
    case 'completed':
      return 'it is completed';
    case 'cancelled':
      return `it was cancelled${cancellation ? `: ${cancellationWords(request)}` : ''}`;
    default:
      return `it still runs: \`external-api why ${requestId}\` says what it waits for`;
  }
}

/** What the retry of a request starts with, from what that one did. Adopted work keeps the key that it was submitted with. */
export function retryStart(
  first: { args: ProcessRequestArgs; memo: RequestMemo },
  requestId: string,
  adopt: string | null,
): { args: ProcessRequestArgs; memo: RequestMemo } {
  const { submittedAs = requestId, ...args } = first.args;
  const { submittedAs: _earlier, ...memo } = first.memo;
  const key = adopt === null ? {} : { submittedAs };
  return { args: { ...args, adopt, ...key }, memo: { ...memo, retryOf: requestId, ...key } };
}

/** All that the retry is started with, but for its id. */
export async function readRetry(
  client: Client,
  requestId: string,
  { adopt, by = client.options.identity, reason }: RetryPlan & RetryOptions,
): Promise<{ args: ProcessRequestArgs; memo: RequestMemo; details: string }> {
  const first = await readStart(client, workflowIdOf(requestId));
  const details = `A retry of ${requestId}, by ${by}${reason === undefined ? '' : `: ${reason}`}`;
  return { ...retryStart(first, requestId, adopt), details };
}

const optionsSchema = strict({ by: decidedBy.optional(), reason: decisionReason.optional() });

/** @throws InvalidRequestError naming every problem */
export function checkRetry(options: RetryOptions): void {
  check(optionsSchema, options);
}
