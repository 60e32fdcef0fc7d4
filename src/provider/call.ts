import { performance } from 'node:perf_hooks';
import { callError, type ExternalAPIError } from '../contract/errors.ts';
import type { FailureName } from '../contract/failures.ts';
import type { Operation, Priority } from '../contract/values.ts';
import type { CallClass, CallEnd, Permit, Room } from '../call-budget/rules.ts';
import { endOfCall } from '../call-budget/call-end.ts';
import { NoPermitError } from '../call-budget/call-budget.ts';
import type { ProviderError } from './error-detail.ts';
import { noPermitFailure, noPermitMessage, noPermitRetryMs } from './call-failure.ts';
import { detailsOf, errorOfBrokenCall, errorOfReply, retryAfterMsOf } from './call-error.ts';
import type { CallGate } from './no-budget.ts';
import type { CallRecord, ProviderObserver } from './observer.ts';
import { readRateHint } from './rate-hint.ts';
import type { Signature } from './signature.ts';
import { NoSocketError, type Sockets } from './sockets.ts';
import {
  BrokenCallError,
  type CallTimeouts,
  type HttpReply,
  type HttpRequest,
  type ReplyHead,
  type Transport,
} from './transport.ts';

export interface CallContext {
  requestId: string | null;
  /** Counts a call of the step, and says how many of its kind the step made before. Absent: each is the first. */
  count?: ((operation: Operation) => number) | undefined;
  /** Its abort ends the call, which rejects with the signal's reason. */
  signal?: AbortSignal | undefined;
}

/**
 * What a reply means: a value; a row of the failure table, and why; or nothing but what its status says, with what stands
 * where errors stand.
 */
export type ReplyMeaning<T> = (
  { value: T } | { failure: FailureName; message: string; providerRequestId?: string | null } | { error: ProviderError }
) & {
  /** The provider's own status word; absent, or null: it said none. */
  word?: string | null;
};

export interface Call<T> extends HttpRequest {
  operation: Operation;
  /** The path as the profile has it, for the log. */
  template: string;
  /** Of a submit. */
  priority?: Priority;
  /** As in ProcessContext. */
  repeated?: boolean;
  providerRequestId?: string;
  context: CallContext;
  beforeSend?: (() => Promise<void>) | undefined;
  /** Made last: it may be good for minutes only. */
  signature?: Signature | undefined;
  read: (reply: HttpReply, retryAfterMs: number | null) => ReplyMeaning<T>;
}

/** Makes one HTTP call. Rejects with an {@link ExternalAPIError}, with the signal's reason, or as `beforeSend` does. */
export type MakeCall = <T>(call: Call<T>) => Promise<T>;

interface CallMakerOptions {
  transport: Transport;
  sockets: Sockets;
  origin: string;
  timeouts: CallTimeouts;
  budget: CallGate;
  observer: ProviderObserver;
  /** Whether what the provider says of its own limit is heeded. */
  rateHeaders: boolean;
}

/** A place is given back at any moment; a permit that lapsed may be had anew. */
const ASK_AGAIN_MS = 1_000;

/** A permit that is younger says that the provider is open. */
const FRESH_PERMIT_MS = 100;

/** The one way to the provider: every call gets a socket and a permit, is sent, understood and reported here. */
export function createCallMaker({
  transport,
  sockets,
  origin,
  timeouts,
  budget,
  observer,
  rateHeaders,
}: CallMakerOptions): MakeCall {
  return async (call) => {
    const release = await placeFor(call);
    try {
      return await permitted(call);
    } finally {
      release();
    }
  };

  async function placeFor(call: Call<unknown>): Promise<() => void> {
    try {
      return await sockets.take(call.context.signal);
    } catch (error) {
      if (!(error instanceof NoSocketError)) throw error;
      throw askAgain(call, 'noSocket', `All connections to ${origin} are in use`);
    }
  }

  async function permitted<T>(call: Call<T>): Promise<T> {
    const permit = await permitFor(call);
    let sent = false;
    try {
      const ready = await readied(call, permit);
      // Its record took so long, or this process was frozen.
      if (!budget.isUsable(permit)) throw askAgain(call, 'overBudget', 'Its permit lapsed before it could be sent');
      sent = true;
      const value = await exchange(ready, permit);
      // It never rejects. Nobody waits for it: the answer is to be recorded first.
      void budget.ended(permit, { type: 'answered' });
      return value;
    } catch (error) {
      // Whoever plans the next try asks whether there is an outage now.
      await budget.ended(permit, sent ? endOf(error) : { type: 'unsent' });
      throw error instanceof BrokenCallError ? error.cause : error;
    }
  }

  /** The call with its signature, when what precedes its first byte is done. */
  async function readied<T>(call: Call<T>, permit: Permit): Promise<Call<T>> {
    const { beforeSend, signature, context, headers } = call;
    if (beforeSend === undefined && signature === undefined) return call;
    const permittedAt = performance.now();
    await beforeSend?.();
    context.signal?.throwIfAborted();
    const added = await signature?.headersFor(call, context.signal, detailsOf(call));
    // Meanwhile another call may have been refused; of other processes only one that took long need ask.
    const isFresh = performance.now() - permittedAt < FRESH_PERMIT_MS;
    if (!permit.probe) throwIfClosed(call, isFresh ? budget.knownClosure : await budget.closure());
    return added === undefined ? call : { ...call, headers: [...headers, ...added] };
  }

  async function permitFor(call: Call<unknown>): Promise<Permit> {
    try {
      return await budget.enter(classOf(call), call.operation, call.context.signal);
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
  function heed(call: Call<unknown>, { headers }: ReplyHead): void {
    const hint = rateHeaders ? readRateHint(headers, Date.now()) : null;
    if (hint !== null) void budget.heed(call.operation, hint);
  }

  /** Throws {@link BrokenCallError} only when the caller gave up on it. */
  async function exchange<T>(call: Call<T>, permit: Permit): Promise<T> {
    const { operation, method, context } = call;
    const { requestId, signal } = context;
    const retryCount = context.count?.(operation) ?? 0;
    const startedAt = performance.now();
    const report = (
      result: Pick<CallRecord, 'statusCode' | 'outcome' | 'failure' | 'errorType'>,
      { word = null, reason = null }: { word?: string | null | undefined; reason?: string | null } = {},
    ): void =>
      observer.called({
        requestId,
        operation,
        callClass: classOf(call),
        method,
        template: call.template,
        statusCode: result.statusCode,
        durationMs: performance.now() - startedAt,
        retryCount,
        outcome: result.outcome,
        failure: result.failure,
        errorType: result.errorType,
        word,
        reason,
      });
    const failed = (error: ExternalAPIError, word?: string | null): ExternalAPIError => {
      const { statusCode, outcome, failure, type: errorType, message } = error;
      report({ statusCode, outcome: outcome ?? 'final', failure, errorType }, { word, reason: shortened(message) });
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
        throw error;
      }
      throw failed(errorOfBrokenCall(call, error, origin, timeouts));
    }

    const { statusCode } = reply;
    heed(call, reply);
    const meaning = call.read(reply, retryAfterMsOf(reply));
    const { word } = meaning;
    if (!('value' in meaning)) throw failed(errorOfReply(call, reply, meaning), word);
    report({ statusCode, outcome: 'succeeded', failure: null, errorType: null }, { word });
    return meaning.value;
  }
}

/** Of a call that failed, for one line of a log; the end of the request tells all of it. */
const LONGEST_REASON = 200;

function shortened(message: string): string {
  return message.length <= LONGEST_REASON ? message : `${message.slice(0, LONGEST_REASON)}…`;
}

function askAgain(call: Call<unknown>, failure: FailureName, why: string): ExternalAPIError {
  return callError(failure, `${why}; nothing was sent`, { ...detailsOf(call), retryAfter: ASK_AGAIN_MS / 1000 });
}

/** Calls about work that the provider has, and tokens, go before submits. */
function classOf({ operation, priority = 'interactive' }: Pick<Call<unknown>, 'operation' | 'priority'>): CallClass {
  if (operation === 'token') return 'token';
  return operation === 'submit' ? priority : 'poll';
}

function endOf(error: unknown): CallEnd {
  if (error instanceof BrokenCallError && !error.sent) return { type: 'unsent' };
  return endOfCall(error);
}
