import {
  ApplicationFailure,
  CancelledFailure,
  RetryState,
  TimeoutFailure,
  type ActivityFailure,
} from '@temporalio/common';
import type { SubmitProgress } from '../contract/activities.ts';
import { FAILURES, STILL_PROCESSING, type ErrorDetails, type FailureName } from '../contract/failures.ts';
import type { ErrorType, Idempotency, Outcome } from '../contract/values.ts';
import type { StepOver } from './ending.ts';

/**
 * Who named the id of the work: the provider's answer to the submit, a person, or a list of work with our own reference. A
 * callback names none: no status answer says by which key a job was submitted.
 */
export type NamedBy = 'submit' | 'person' | 'lookup';

/** What a request knows beside the failure that ended its step. */
export interface StepFacts {
  step: StepOver['step'];
  mode: Idempotency;
  /** The work that is polled. */
  providerRequestId: string | null;
  namedBy: NamedBy;
  /** A submit of this request may have been executed before the step. */
  sentBefore: boolean;
  cancelRequested: boolean;
  /** The server was asked before the cancel, and knew of nothing that was sent. */
  confirmedUnsent: boolean;
}

/** A step that is over, with what a person is told of it. */
export interface ToldStepOver extends StepOver {
  namedBy: NamedBy;
  /** The failure of the last call, if that is known. */
  type: ErrorType | null;
  message: string | null;
  details: Partial<ErrorDetails>;
  /** The work was looked at shortly before the deadline, and ran. */
  lookedLast: boolean;
}

/** Reads the failure with which an activity of a request ended for good. */
export function readStepOver(
  { cause, retryState }: Pick<ActivityFailure, 'cause' | 'retryState'>,
  facts: StepFacts,
): ToldStepOver {
  const { step, mode, providerRequestId, namedBy, sentBefore, cancelRequested } = facts;
  const none = nothingSaid(facts);

  /** An attempt ended it. */
  function ended(type: ErrorType, message: string, details: ErrorDetails | null, how: StepOver['over']): ToldStepOver {
    const outcome = outcomeOf(step, details?.outcome ?? 'ambiguous', details?.failure ?? null, sentBefore);
    return {
      ...none,
      type,
      message,
      details: details ?? {},
      // The worker that had it does not send twice, whatever the one that authenticated would do.
      mode: type === 'OutcomeUnknown' && mode === 'resend' ? 'key' : mode,
      over: how,
      failure: details?.failure ?? null,
      outcome,
      providerRequestId: providerRequestId ?? details?.providerRequestId ?? null,
      idInDoubt: namedBy === 'person' && details?.outcome === 'final' && outcome !== 'final',
    };
  }

  if (cause instanceof ApplicationFailure) {
    const lookedLast = cause.type === STILL_PROCESSING;
    const details = (cause.details?.[0] as ErrorDetails | undefined) ?? null;
    const over = overOf(retryState);
    // "Not yet" is no failure.
    if (lookedLast) return { ...none, over, outcome: 'ambiguous', lookedLast };
    return ended((cause.type ?? 'ExternalAPIError') as ErrorType, cause.message, details, over);
  }
  if (cause instanceof TimeoutFailure) {
    const over = retryState === RetryState.CANCEL_REQUESTED ? 'cancelled' : 'deadline';
    const record = recordOf(cause.lastHeartbeatDetails);
    // The last attempt ended it, and died before Temporal knew.
    if (record?.ended && record.last) return ended(record.last.type, record.last.message, record.last.details, over);
    const outcome = outcomeOf(step, unansweredOutcome(cause, record, mode), null, sentBefore);
    const { last } = record ?? {};
    if (!last) return { ...none, over, outcome };
    return { ...none, ...last, over, failure: last.details.failure, outcome };
  }
  // Cancelled: by the attempt, which says what it did, or by the server, because none was running.
  const said =
    cause instanceof CancelledFailure ? (cause.details?.[0] as { outcome?: Outcome } | undefined) : undefined;
  const outcome = said?.outcome ?? 'never-sent';
  const confirmed = step !== 'process' || typeof said?.outcome === 'string' || facts.confirmedUnsent;
  // Nobody asked for it: the workflow itself did, when the time was up.
  const over = cancelRequested ? 'cancelled' : 'deadline';
  return { ...none, over, outcome: outcomeOf(step, outcome, null, sentBefore), confirmed };
}

/** Cancellation was asked for while no step ran. */
export function cancelledBetweenSteps(facts: StepFacts): ToldStepOver {
  const outcome = facts.sentBefore ? 'ambiguous' : 'never-sent';
  return { ...nothingSaid(facts), over: 'cancelled', outcome, cancelRequested: true };
}

/** The deadline had passed before the step began. */
export function tooLateToBegin(facts: StepFacts): ToldStepOver {
  const outcome = outcomeOf(facts.step, 'never-sent', null, facts.sentBefore);
  return { ...nothingSaid(facts), over: 'deadline', outcome };
}

/** A step of which nothing came back that says more. */
function nothingSaid({ step, mode, providerRequestId, namedBy, cancelRequested }: StepFacts) {
  return {
    step,
    mode,
    providerRequestId,
    namedBy,
    cancelRequested,
    idInDoubt: false,
    failure: null,
    confirmed: true,
    type: null,
    message: null,
    details: {},
    lookedLast: false,
  };
}

function overOf(retryState: ActivityFailure['retryState']): StepOver['over'] {
  if (retryState === RetryState.TIMEOUT) return 'deadline';
  return retryState === RetryState.CANCEL_REQUESTED ? 'cancelled' : 'gave_up';
}

/**
 * What became of the whole request so far. Of accepted work only a verdict on it is final; and what an earlier submit left
 * open, no later failure settles but a verdict. A token call submits nothing.
 */
function outcomeOf(step: StepOver['step'], said: Outcome, failure: FailureName | null, sentBefore: boolean): Outcome {
  const verdict = failure === null ? null : FAILURES[failure].verdict;
  if (step === 'pollStatus') return verdict === 'work' ? 'final' : 'ambiguous';
  if (sentBefore && verdict === null) return 'ambiguous';
  return step === 'authenticate' && said !== 'final' ? 'never-sent' : said;
}

/**
 * What the provider may have done when a submit ended without a word of its last attempt. The server says apart what no
 * worker ever had; a record tells the truth; without one only mode `none` is certain that nothing was sent.
 */
function unansweredOutcome({ timeoutType }: TimeoutFailure, record: SubmitProgress | null, mode: Idempotency): Outcome {
  if (timeoutType === 'SCHEDULE_TO_START') return 'never-sent';
  if (record === null) return mode === 'none' ? 'never-sent' : 'ambiguous';
  if (record.sending || record.mayHaveRun) return 'ambiguous';
  return record.last?.details.outcome === 'refused' ? 'refused' : 'never-sent';
}

function recordOf(heartbeat: unknown): SubmitProgress | null {
  return typeof heartbeat === 'object' && heartbeat !== null ? (heartbeat as SubmitProgress) : null;
}
