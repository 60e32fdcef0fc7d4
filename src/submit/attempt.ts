import type { CallbackLinks } from '../callbacks/callback-links.ts';
import type { Submission, SubmitInput, SubmitProgress } from '../contract/activities.ts';
import { callError, isCallError, type CallError } from '../contract/errors.ts';
import { FAILURES } from '../contract/failures.ts';
import type { Idempotency, Operation, Outcome } from '../contract/values.ts';
import type { ProviderClient } from '../provider/provider-client.ts';
import { afterFailure, endWithoutCall, type PlannedFailure } from './after-failure.ts';
import { effectiveIdempotency } from './idempotency.ts';
import type { IntentLog, Recorded } from './intent-log.ts';
import { counting, isUnsent, type EarlierFailure } from './progress.ts';
import { checkResultSize } from './result-size.ts';
import type { RetryPolicy } from './retry-plan.ts';

/** What an attempt knows of those before it, and of its request. */
export interface AttemptFacts {
  /** Whether the attempt before it left its progress. */
  hasRecord: boolean;
  isFirst: boolean;
  /** How the attempt before ended, as the server knows it. Asked only where there is no record. */
  lastFailure(): Promise<EarlierFailure | null>;
  isCancelled(): boolean;
  /** When the step began. Milliseconds since 1970, by the server's clock. */
  scheduledAt: number;
  now(): number;
  remainingMs(): number;
  /** Milliseconds since this attempt began, by a clock that a frozen process cannot fool. */
  elapsedMs(): number;
}

export interface AttemptDeps {
  provider: Pick<ProviderClient, 'process' | 'isDown'>;
  log: IntentLog;
  /** Absent: its requests get no links. */
  links?: Pick<CallbackLinks, 'urlOf'>;
  policy: RetryPolicy & {
    idempotency: Idempotency;
    /** For how many milliseconds the provider knows a key. Absent: as long as the request lives. */
    keyMs?: number | undefined;
  };
  random: () => number;
}

/**
 * How an attempt ended: with an answer, with a failure, because its request is cancelled (and then what the provider may
 * have done), or because its task is another's now.
 */
export type AttemptEnd =
  | { end: 'submitted'; submission: Submission }
  | { end: 'failed'; failure: PlannedFailure }
  | { end: 'cancelled'; outcome: Outcome }
  | { end: 'not_ours' };

/** An attempt of this age may have lost its task to another worker, and one after its deadline has: it asks before it sends. */
const ASK_AGAIN_MS = 5_000;

/** Nothing was sent, because the record before it was refused. */
class NotSentError extends Error {
  readonly why: Exclude<Recorded, 'recorded'>;

  constructor(why: Exclude<Recorded, 'recorded'>) {
    super(`not sent: ${why}`);
    this.why = why;
  }
}

/**
 * One submit: the intent, the call, the outcome.
 *
 * | mode | before the first byte | an attempt that is not the first |
 * |---|---|---|
 * | `none` | the intent is recorded, durably | with an open intent: never sends. Without a record: sends if the one before died without an intent |
 * | `key`, `resend` | nothing, if it is young, in time, the first and unrecorded: the next one repeats anyway. Else a record: as a fence against a frozen worker, and so that a record that is there tells the truth | sends, as a repeat unless the record says that nothing arrived |
 *
 * @param progress what the attempt before it left, and is changed into what the next one is to find
 */
export async function attempt(
  input: SubmitInput,
  progress: SubmitProgress,
  facts: AttemptFacts,
  deps: AttemptDeps,
): Promise<AttemptEnd> {
  const { provider, log, policy, random } = deps;
  const { requestId, data, options, idempotency, priority, submittedAs = requestId } = input;
  const { resubmitted = false, confirms = false } = input;
  // Of the request whose key it is: one key, one body.
  const callbackUrl = (input.callback && deps.links?.urlOf(input.callback, submittedAs)) ?? null;
  const mode = effectiveIdempotency(idempotency, policy.idempotency);

  let { calls: made } = progress;
  const counted = counting(progress);
  const count = (operation: Operation): number => (operation === 'submit' ? made++ : counted(operation));

  const ended = endWithoutCall(progress, facts.remainingMs());
  if (ended !== null) return { end: 'failed', failure: ended };
  const isOpen = await openBefore();
  /** Whether a submit of this step may have been executed before this attempt. */
  const wasSentHere = progress.firstSentAt !== null;
  if (mode === 'not_allowed') return failed(notAllowed(requestId, idempotency, policy.idempotency));
  if (isOpen && mode === 'none') return failed(callError('workerLost', LOST_IN_FLIGHT, { requestId }));
  if (confirms && mode !== 'key') return failed(callError('keyLapsed', NO_KEYS, { requestId }));
  if (mode === 'key' && hasLapsed()) return failed(callError('keyLapsed', KEY_LAPSED, { requestId }));
  if (input.callback !== undefined && callbackUrl === null)
    return failed(noCallbackKey(requestId, input.callback.keyId));

  try {
    const { providerRequestId, result, retryAfterMs } = await provider.process(
      { data, options: { async: options.async, callbackUrl }, idempotencyKey: submittedAs },
      {
        requestId,
        count,
        repeated: mode !== 'resend' && progress.mayHaveRun,
        beforeSend,
        priority,
      },
    );
    checkResultSize(result, requestId, providerRequestId);
    return { end: 'submitted', submission: { providerRequestId, result, firstPollAfterMs: retryAfterMs, calls: made } };
  } catch (error) {
    if (error instanceof NotSentError) return notSent(error.why);
    if (!isCallError(error)) throw error;
    return failed(error);
  }

  /** Whether a submit before this attempt may have been executed and nobody knows; notes it in `progress`. */
  async function openBefore(): Promise<boolean> {
    const intentIsRecorded = mode === 'none';
    const { hasRecord, isFirst } = facts;
    // In the other modes the answer to the next submit tells.
    const lastFailure = !hasRecord && !isFirst && intentIsRecorded ? await facts.lastFailure() : null;
    const isLost = hasRecord ? progress.sending : !isUnsent({ record: null, isFirst, lastFailure }, intentIsRecorded);
    if (!hasRecord && isLost) made = progress.calls = 1;
    progress.sending = false;
    // It was not before the step began.
    if (isLost || (progress.mayHaveRun && !resubmitted)) progress.firstSentAt ??= facts.scheduledAt;
    progress.mayHaveRun ||= isLost || resubmitted;
    return isLost;
  }

  /**
   * Whether the provider may have forgotten the key of a submit that it may have executed, the first of the request. What a
   * person decided goes out once all the same; a repeat of that does not.
   */
  function hasLapsed(): boolean {
    if (!wasSentHere && !confirms) return false;
    const since = Math.min(progress.firstSentAt ?? Infinity, input.firstSentAt ?? Infinity);
    return progress.mayHaveRun && facts.now() - since >= (policy.keyMs ?? Infinity);
  }

  async function beforeSend(): Promise<void> {
    if (facts.isCancelled()) throw new NotSentError('cancelled');
    progress.sending = true;
    progress.firstSentAt ??= facts.now();
    // Who finds the record counts the call that it announces.
    progress.calls = made + 1;
    // A beat that went out before says that nothing is sent: the record must not stay so.
    const isYoung = facts.elapsedMs() < ASK_AGAIN_MS && facts.remainingMs() > 0;
    if (mode !== 'none' && facts.isFirst && !log.hasRecorded && isYoung) return;
    const recorded = await log.record();
    if (recorded === 'recorded') return;
    progress.sending = false;
    progress.calls = made;
    throw new NotSentError(recorded);
  }

  function notSent(why: Exclude<Recorded, 'recorded'>): AttemptEnd {
    if (!wasSentHere) progress.firstSentAt = null;
    if (why === 'not_ours') return { end: 'not_ours' };
    if (why === 'unknown') return failed(callError('notRecorded', NOT_RECORDED, { requestId }));
    return { end: 'cancelled', outcome: progress.mayHaveRun ? 'ambiguous' : 'never-sent' };
  }

  function failed(error: CallError): AttemptEnd {
    const { outcome, verdict } = FAILURES[error.failure];
    progress.sending = false;
    progress.calls = made;
    progress.mayHaveRun = verdict === null && (progress.mayHaveRun || outcome === 'ambiguous');
    if (!progress.mayHaveRun || (!wasSentHere && outcome !== 'ambiguous')) progress.firstSentAt = null;
    const failure = afterFailure(error, progress, {
      policy,
      repeatable: mode !== 'none',
      outage: provider.isDown,
      random: random(),
      outcome: progress.mayHaveRun ? 'ambiguous' : outcome,
      remainingMs: facts.remainingMs(),
      isLook: false,
    });
    const { delayMs, details } = failure;
    if (delayMs !== null || details.outcome !== 'ambiguous' || mode === 'resend') return { end: 'failed', failure };
    const unknown = { ...failure, type: 'OutcomeUnknown' } as const;
    progress.last = { type: unknown.type, message: unknown.message, details };
    // A worker of another version may not know that it ended: to that one the question is open.
    progress.sending = true;
    return { end: 'failed', failure: unknown };
  }
}

const LOST_IN_FLIGHT = 'The worker was lost while the request was on its way. The provider may have done the work.';
const KEY_LAPSED =
  'An earlier submit may have been executed, and the provider may have forgotten its key by now: nothing was sent again';
const NO_KEYS =
  'A callback asked for a repeat with our key, and this worker does not repeat by keys: nothing was sent again';
const NOT_RECORDED =
  'Temporal did not confirm the record that must be there before the request is sent; nothing was sent';

/** The worker is to be corrected, or another one takes it: while keys are rotated some have them earlier. */
function noCallbackKey(requestId: string, keyId: string): CallError {
  const message =
    `The callback URL of this request was made with the key "${keyId}", which is not among the keys here (EXTERNAL_API_CALLBACK_KEYS). ` +
    `Put it back, behind the others, until no request needs it. Nothing was sent.`;
  return callError('noCallbackKey', message, { requestId });
}

function notAllowed(requestId: string, asked: unknown, configured: string): CallError {
  const message =
    `The request asks for idempotency "${String(asked)}", but the worker allows "${configured}" (EXTERNAL_API_IDEMPOTENCY): ` +
    `ask for "none", or for what the worker has. Nothing was sent.`;
  return callError('notAllowed', message, { requestId });
}
