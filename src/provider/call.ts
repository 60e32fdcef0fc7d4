import { performance } from 'node:perf_hooks';
import type { ExternalAPIError } from '../contract/errors.ts';
import type { ErrorDetails } from '../contract/failures.ts';
import type { CallClass, Permit, Room } from './call-budget/budget.ts';
import { endOfCall } from './call-budget/call-end.ts';
import { NoPermitError, type CallBudget } from './call-budget/call-budget.ts';
import { errorDetailOfBody } from './error-detail.ts';
import {
  brokenCallMessage,
  callError,
  codeOf,
  failureOfBrokenCall,
  failureOfStatus,
  noPermitFailure,
  noPermitMessage,
  noPermitRetryMs,
  statusMessage,
} from './errors.ts';
import type { CallRecord, Endpoint, ProviderObserver } from './observer.ts';
import type { Reading } from './response-schemas.ts';
import { readRateHint } from './rate-limit-headers.ts';
import { parseRetryAfter } from './retry-after.ts';
import { BrokenCallError, type HttpReply, type HttpRequest, type ReplyHead, type Transport } from './transport.ts';

export interface CallContext {
  requestId: string | null;
  /** Calls made before this one for the same step. */
  retryCount: number;
  /** Its abort ends the call, which rejects with the signal's reason. */
  signal?: AbortSignal | undefined;
}

export interface Call<T> extends HttpRequest {
  endpoint: Endpoint;
  callClass: CallClass;
  providerRequestId?: string;
  context: CallContext;
  beforeSend?: (() => Promise<void>) | undefined;
  /** What the body of a 2xx means. */
  read: (body: string, retryAfterMs: number | null) => Reading<T>;
  /** Taken out of whatever the provider's errors say. */
  secrets: readonly string[];
}

/** Makes one HTTP call. Rejects with an {@link ExternalAPIError}, with the signal's reason, or as `beforeSend` does. */
export type MakeCall = <T>(call: Call<T>) => Promise<T>;

interface CallMakerOptions {
  transport: Transport;
  origin: string;
  timeoutMs: number;
  budget: CallBudget;
  observer: ProviderObserver;
}

/** The one way to the provider: every call is permitted, sent, understood and reported here. */
export function createCallMaker({ transport, origin, timeoutMs, budget, observer }: CallMakerOptions): MakeCall {
  return async (call) => {
    const { signal } = call.context;
    signal?.throwIfAborted();
    const permit = await permitFor(call);
    let sent = false;
    try {
      if (call.beforeSend !== undefined) {
        await call.beforeSend();
        signal?.throwIfAborted();
        // It took some milliseconds, in which another call may have been refused.
        if (!permit.probe) throwIfClosed(call, await budget.closure());
      }
      sent = true;
      const value = await exchange(call, permit);
      await budget.ended(permit, { type: 'answered' });
      return value;
    } catch (error) {
      await budget.ended(permit, sent ? endOfCall(error) : { type: 'unsent' });
      throw error;
    }
  };

  async function permitFor(call: Call<unknown>): Promise<Permit> {
    try {
      return await budget.enter(call.callClass, call.context.signal);
    } catch (error) {
      if (error instanceof NoPermitError) throwIfClosed(call, error);
      throw error;
    }
  }

  function throwIfClosed(call: Call<unknown>, { closedBy, waitMs }: Room): void {
    if (closedBy === null) return;
    const details = { ...detailsOf(call), retryAfter: noPermitRetryMs(closedBy, waitMs) / 1000 };
    throw callError(noPermitFailure(closedBy), noPermitMessage(closedBy, waitMs), details);
  }

  /** What the provider says of its limit is not waited for. */
  function heed({ headers }: ReplyHead): void {
    const hint = readRateHint(headers, budget.rules, Date.now());
    if (hint !== null) void budget.heed(hint);
  }

  async function exchange<T>(call: Call<T>, permit: Permit): Promise<T> {
    const { endpoint, method, context } = call;
    const { requestId, retryCount, signal } = context;
    const startedAt = performance.now();
    const report = (result: Pick<CallRecord, 'statusCode' | 'outcome' | 'failure' | 'errorType'>): void =>
      observer.called({
        requestId,
        endpoint,
        callClass: call.callClass,
        method,
        statusCode: result.statusCode,
        durationMs: performance.now() - startedAt,
        retryCount,
        outcome: result.outcome,
        failure: result.failure,
        errorType: result.errorType,
      });
    const failed = (error: ExternalAPIError): ExternalAPIError => {
      report({
        statusCode: error.statusCode,
        outcome: error.outcome ?? 'final',
        failure: error.failure,
        errorType: error.type,
      });
      return error;
    };

    let reply: HttpReply;
    try {
      reply = await transport.send(call, signal, () => void budget.arrived(permit));
    } catch (error) {
      if (!(error instanceof BrokenCallError)) throw error;
      if (error.reason === 'aborted') {
        const outcome = error.sent ? 'ambiguous' : 'never-sent';
        report({ statusCode: error.head?.statusCode ?? null, outcome, failure: null, errorType: null });
        throw error.cause;
      }
      throw failed(errorOfBrokenCall(call, error, origin, timeoutMs));
    }

    const { statusCode } = reply;
    heed(reply);
    const refusal = errorOfStatus(call, reply, reply.body);
    if (refusal !== null) throw failed(refusal);
    const reading = call.read(reply.body, retryAfterMsOf(reply));
    if ('failure' in reading) {
      const { failure, message, providerRequestId } = reading;
      const details = detailsOf(call);
      throw failed(
        callError(failure, message, {
          ...details,
          statusCode,
          providerRequestId: providerRequestId ?? details.providerRequestId,
        }),
      );
    }
    report({ statusCode, outcome: 'succeeded', failure: null, errorType: null });
    return reading.value;
  }
}

function retryAfterMsOf({ retryAfter }: ReplyHead): number | null {
  return retryAfter === null ? null : parseRetryAfter(retryAfter, Date.now());
}

/** The error for an answer that is not a 2xx; null for a 2xx. */
function errorOfStatus(call: Call<unknown>, head: ReplyHead, body: string): ExternalAPIError | null {
  const { statusCode } = head;
  const retryAfterMs = retryAfterMsOf(head);
  const failure = failureOfStatus(call.endpoint, statusCode, retryAfterMs);
  if (failure === null) return null;
  const message = statusMessage(statusCode, errorDetailOfBody(body, call.secrets));
  const retryAfter = retryAfterMs === null ? null : retryAfterMs / 1000;
  return callError(failure, message, { ...detailsOf(call), statusCode, retryAfter });
}

function errorOfBrokenCall(
  call: Call<unknown>,
  { sent, reason, head, cause }: BrokenCallError,
  origin: string,
  timeoutMs: number,
): ExternalAPIError {
  // A status that is not a 2xx says it all, even when its body is cut off.
  const refusal = head === null ? null : errorOfStatus(call, head, '');
  if (refusal !== null) return refusal;
  const facts = { sent, reason, replyStarted: head !== null, code: codeOf(cause) };
  const failure = failureOfBrokenCall(facts);
  const details = { ...detailsOf(call), statusCode: head?.statusCode ?? null };
  return callError(failure, brokenCallMessage(failure, facts, origin, timeoutMs), details, cause);
}

function detailsOf(call: Call<unknown>): Pick<ErrorDetails, 'requestId' | 'providerRequestId'> {
  return {
    // One token serves many requests, and its failure reaches them all.
    requestId: call.endpoint === '/oauth/token' ? null : call.context.requestId,
    providerRequestId: call.providerRequestId ?? null,
  };
}
