import { callError, type ExternalAPIError } from '../contract/errors.ts';
import type { ErrorDetails } from '../contract/failures.ts';
import type { Call, ReplyMeaning } from './call.ts';
import {
  brokenCallMessage,
  codeOf,
  failureOfBrokenCall,
  failureOfStatus,
  sizesOf,
  statusMessage,
} from './call-failure.ts';
import { NO_ERROR, type ProviderError } from './error-detail.ts';
import { ProxyError } from './proxy.ts';
import { parseRetryAfter } from './retry-after.ts';
import type { BrokenCallError, CallTimeouts, ReplyHead } from './transport.ts';

export function retryAfterMsOf({ retryAfter }: ReplyHead): number | null {
  return retryAfter === null ? null : parseRetryAfter(retryAfter, Date.now());
}

export function errorOfReply(
  call: Call<unknown>,
  head: ReplyHead,
  meaning: Exclude<ReplyMeaning<unknown>, { value: unknown }>,
): ExternalAPIError {
  const { statusCode } = head;
  if ('error' in meaning) {
    return (
      errorOfStatus(call, head, meaning.error) ?? callError('unreadableReply', 'Unreadable reply', detailsOf(call))
    );
  }
  const { failure, message, providerRequestId } = meaning;
  const retryAfterMs = retryAfterMsOf(head);
  const details = detailsOf(call);
  return callError(failure, message, {
    ...details,
    statusCode,
    retryAfter: retryAfterMs === null ? null : retryAfterMs / 1000,
    providerRequestId: providerRequestId ?? details.providerRequestId,
  });
}

/** The error for an answer that is not a 2xx; null for a 2xx. */
function errorOfStatus(call: Call<unknown>, head: ReplyHead, error: ProviderError): ExternalAPIError | null {
  const { statusCode } = head;
  const retryAfterMs = retryAfterMsOf(head);
  const { operation, repeated = false } = call;
  const failure = failureOfStatus({ operation, statusCode, retryAfterMs, repeated, error });
  if (failure === null) return null;
  const message = statusMessage(statusCode, error.detail ?? (statusCode === 431 ? sizesOf(call.headers) : null));
  const retryAfter = retryAfterMs === null ? null : retryAfterMs / 1000;
  return callError(failure, message, { ...detailsOf(call), statusCode, retryAfter });
}

export function errorOfBrokenCall(
  call: Call<unknown>,
  { sent, reason, head, cause }: BrokenCallError,
  origin: string,
  timeouts: CallTimeouts,
): ExternalAPIError {
  // A status that is not a 2xx says it all, even when its body is cut off.
  const refusal = head === null ? null : errorOfStatus(call, head, NO_ERROR);
  if (refusal !== null) return refusal;
  const facts = { sent, reason, replyStarted: head !== null, code: codeOf(cause) };
  const failure = failureOfBrokenCall(facts);
  const details = { ...detailsOf(call), statusCode: head?.statusCode ?? null };
  const message = cause instanceof ProxyError ? cause.message : brokenCallMessage(failure, facts, origin, timeouts);
  return callError(failure, message, details, cause);
}

export function detailsOf(call: Call<unknown>): Pick<ErrorDetails, 'requestId' | 'providerRequestId'> {
  return {
    // One token serves many requests, and its failure reaches them all.
    requestId: call.operation === 'token' ? null : call.context.requestId,
    providerRequestId: call.providerRequestId ?? null,
  };
}
